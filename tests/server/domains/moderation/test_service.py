"""The queue on a real database: what comes into it, who decides, who wins, and what is taken back."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from realtime.topics import Topic
from server.domains.care.schemas import Ask as AskForCare
from server.domains.hosting.schemas import ReportBody
from server.domains.moderation.errors import Claimed, Decided, NoSuchCase, NothingToUndo
from server.domains.moderation.schemas import CaseShown, Decide
from server.domains.prayer.errors import Changed
from server.domains.prayer.models import OnWalls
from server.domains.prayer.schemas import Ask, Decision, Flag, NewReply, Rewording
from server.domains.rooms.models import Room
from server.domains.subjects.errors import SubjectChanged, WrongVerdict
from server.kit.errors import Forbidden, Invalid
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.server.domains.care.test_service import volunteer
from tests.server.domains.queueing import deliver
from tests.server.domains.voices import bodies, guest, log, person, send


def pastor(system: Scope) -> Scope:
    return person(system, "Pia", "pastor", "member")


def team(system: Scope, name: str = "Ruth") -> Scope:
    return person(system, name, "prayer_team", "member")


async def ask(wiring: Wiring, system: Scope, asker: Scope | None = None, **more: Any) -> UUID:
    """Ask for prayer, and let the queue hear of it."""
    more = {"body": "Please pray", "visibility": "wall", "wall_consent": True} | more
    asked = await wiring.asking.ask(asker or guest(system), Ask(**more))
    await deliver(wiring, system)
    return asked.id


async def waiting(wiring: Wiring, scope: Scope, **wanted: Any) -> list[CaseShown]:
    return await wiring.moderation.queue(scope, **wanted)


async def on_wall(wiring: Wiring, system: Scope) -> list[UUID]:
    found, _, _ = await wiring.wall.page(Scope(system.tenant), OnWalls(visibilities=("wall",)))
    return [request.id for request in found]


async def test_a_request_comes_into_the_queue_and_onto_the_wall(wiring: Wiring, system: Scope) -> None:
    """It is there with its words for who decides; decided, it is gone from the queue and its words from the log."""
    id = await ask(wiring, system)
    [case] = await waiting(wiring, team(system))
    assert (case.kind, case.team, case.subject, case.subject_version) == ("prayer", "prayer", id, 1)
    assert case.request is not None
    assert case.request.body == "Please pray"
    done = await wiring.moderation.decide(team(system), case.id, Decide("approve", 1))
    assert (done.state, done.verdict, done.request) == ("decided", "approve", None)
    await deliver(wiring, system)
    assert await on_wall(wiring, system) == [id]
    assert await waiting(wiring, team(system)) == []
    told = await log(wiring, Topic(system.tenant.id, "queue", "prayer"))
    assert [event for event, _ in told] == ["case.opened", "case.decided"]
    assert told[0][1] is None
    assert "Please pray" not in str(told)


async def test_telling_twice_changes_nothing(wiring: Wiring, system: Scope) -> None:
    """Signals come at least once: a second time nothing is opened, told or closed again."""
    await wiring.asking.ask(guest(system), Ask("Hello", visibility="team"))
    await deliver(wiring, system, twice=True)
    [case] = await waiting(wiring, team(system))
    await wiring.moderation.decide(team(system), case.id, Decide("approve", 1))
    await deliver(wiring, system, twice=True)
    told = await log(wiring, Topic(system.tenant.id, "queue", "prayer"))
    assert [event for event, _ in told] == ["case.opened", "case.decided"]


async def test_decided_elsewhere_closes_the_case(wiring: Wiring, system: Scope) -> None:
    """Whoever decides on the prayer's own page, or takes it back as its asker, leaves nothing to decide."""
    maria = guest(system)
    first = await ask(wiring, system)
    asked = await wiring.asking.ask(maria, Ask("Another one altogether", visibility="team"))
    await deliver(wiring, system)
    cases = await waiting(wiring, team(system))
    assert len(cases) == 2
    await wiring.tending.decide(team(system), first, Decision("decline", 1))
    await wiring.asking.withdraw(maria, asked.id, None)
    await deliver(wiring, system)
    assert await waiting(wiring, team(system)) == []
    for case in cases:
        assert (await wiring.moderation.one(team(system), case.id)).state == "closed"
        with pytest.raises(Decided):
            await wiring.moderation.decide(team(system), case.id, Decide("approve", 1))


async def test_the_words_changed_meanwhile(wiring: Wiring, system: Scope) -> None:
    """A decision over words that are not there any more is refused, with the new ones, and the case shows them."""
    maria = guest(system)
    asked = await wiring.asking.ask(maria, Ask("First words", visibility="wall", wall_consent=True))
    await deliver(wiring, system)
    [case] = await waiting(wiring, team(system))
    ruth = team(system)
    await wiring.moderation.claim(ruth, case.id)
    await wiring.asking.change(maria, asked.id, Rewording(body="Second words"), None)
    await deliver(wiring, system)
    [again] = await waiting(wiring, team(system))
    assert again.request is not None
    assert (again.id, again.subject_version, again.request.body) == (case.id, 2, "Second words")
    assert again.claimed_by is None
    with pytest.raises(Changed) as caught:
        await wiring.moderation.decide(team(system), case.id, Decide("approve", 1))
    assert caught.value.extra["request"].body == "Second words"  # type: ignore[attr-defined]
    await wiring.moderation.decide(team(system), case.id, Decide("approve", 2))


async def test_exactly_one_of_two_moderators_wins(wiring: Wiring, system: Scope) -> None:
    """A hundred cases, two who decide at the same moment: each case is decided once, the other is told by whom."""
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute(
            "insert into prayer_settings (settings) values ('{\"asks_a_day\": 100}') on conflict (single) do "
            "update set settings = excluded.settings"
        )
    for number in range(100):
        await wiring.asking.ask(guest(system), Ask(f"Number {number} of many {uuid4()}", visibility="team"))
    await deliver(wiring, system)
    cases = await waiting(wiring, team(system), most=200)
    assert len(cases) == 100
    ruth, paul = team(system), team(system, "Paul")

    async def race(case: CaseShown) -> list[CaseShown | BaseException]:
        return await asyncio.gather(
            wiring.moderation.decide(ruth, case.id, Decide("approve", 1)),
            wiring.moderation.decide(paul, case.id, Decide("decline", 1)),
            return_exceptions=True,
        )

    for outcome in await asyncio.gather(*map(race, cases)):
        assert sum(isinstance(one, CaseShown) for one in outcome) == 1
        assert sum(isinstance(one, Decided) for one in outcome) == 1


async def test_a_claim_is_seen_by_others(wiring: Wiring, system: Scope) -> None:
    """Who looks at it first keeps it; somebody else is refused by name until it is let go."""
    await ask(wiring, system)
    ruth, paul = team(system), team(system, "Paul")
    [case] = await waiting(wiring, ruth)
    assert (await wiring.moderation.claim(ruth, case.id)).claimed_by_name == "Ruth"
    for act in (
        wiring.moderation.claim(paul, case.id),
        wiring.moderation.decide(paul, case.id, Decide("approve", 1)),
    ):
        with pytest.raises(Claimed) as caught:
            await act
        assert caught.value.extra == {"by": "Ruth"}
    await wiring.moderation.release(paul, case.id)
    assert (await wiring.moderation.one(paul, case.id)).claimed_by_name == "Ruth"
    await wiring.moderation.release(ruth, case.id)
    assert (await wiring.moderation.claim(paul, case.id)).claimed_by_name == "Paul"


async def test_undo_makes_good(wiring: Wiring, system: Scope) -> None:
    """What was put up by mistake is off every wall and waits again; only who decided can take it back, and once."""
    id = await ask(wiring, system)
    ruth = team(system)
    [case] = await waiting(wiring, ruth)
    await wiring.moderation.decide(ruth, case.id, Decide("approve", 1))
    await deliver(wiring, system)
    with pytest.raises(NothingToUndo):
        await wiring.moderation.undo(team(system, "Paul"), case.id)
    again = await wiring.moderation.undo(ruth, case.id)
    assert (again.state, again.subject) == ("open", id)
    assert await on_wall(wiring, system) == []
    await deliver(wiring, system)
    assert [one.id for one in await waiting(wiring, ruth)] == [again.id]
    with pytest.raises(NothingToUndo):
        await wiring.moderation.undo(ruth, case.id)


async def test_a_pastor_is_handed_what_is_for_pastors(wiring: Wiring, system: Scope) -> None:
    """It waits on the pastors' queue; those who handed it on do not see its words any more."""
    await ask(wiring, system)
    ruth = team(system)
    [case] = await waiting(wiring, ruth)
    done = await wiring.moderation.decide(ruth, case.id, Decide("pastor", 1))
    assert (done.team, done.state, done.request) == ("prayer", "decided", None)
    await deliver(wiring, system)
    assert await waiting(wiring, ruth) == []
    [theirs] = await waiting(wiring, pastor(system), team="pastors")
    with pytest.raises(NoSuchCase):
        await wiring.moderation.one(ruth, theirs.id)
    await wiring.moderation.decide(pastor(system), theirs.id, Decide("approve", theirs.subject_version))
    told = await log(wiring, Topic(system.tenant.id, "queue", "prayer"))
    assert [event for event, _ in told] == ["case.opened", "case.decided"]
    assert told[0][1] is None


async def test_handing_on_to_the_pastors_is_taken_back(wiring: Wiring, system: Scope) -> None:
    """A slip of a key: it waits for the team again, and no longer for the pastors."""
    await ask(wiring, system)
    ruth = team(system)
    [case] = await waiting(wiring, ruth)
    await wiring.moderation.decide(ruth, case.id, Decide("pastor", 1))
    await deliver(wiring, system)
    again = await wiring.moderation.undo(ruth, case.id)
    await deliver(wiring, system)
    assert (again.team, again.state, again.request is not None) == ("prayer", "open", True)
    assert [one.id for one in await waiting(wiring, ruth)] == [again.id]
    assert await waiting(wiring, pastor(system), team="pastors") == []


async def test_flags_come_as_a_case_of_their_own(wiring: Wiring, system: Scope) -> None:
    """One flag is enough to be looked at; kept, it stands on; removed, it is gone."""
    ids = []
    for number in range(2):
        id = await ask(wiring, system, body=f"Number {number} is another one {uuid4()}")
        [case] = await waiting(wiring, team(system))
        await wiring.moderation.decide(team(system), case.id, Decide("approve", 1))
        await deliver(wiring, system)
        await wiring.wall.flag(guest(system), id, Flag("private", "Names my neighbour"))
        await deliver(wiring, system)
        [flagged] = await waiting(wiring, team(system))
        assert (flagged.kind, flagged.flags[0].note) == ("flag", "Names my neighbour")
        verdict = ("keep", "remove")[number]
        await wiring.moderation.decide(team(system), flagged.id, Decide(verdict, flagged.subject_version))  # type: ignore[arg-type]
        await deliver(wiring, system)
        assert await waiting(wiring, team(system)) == []
        ids.append(id)
    assert await on_wall(wiring, system) == [ids[0]]


async def test_words_below_a_request_wait_too(wiring: Wiring, system: Scope) -> None:
    """An encouragement stands once somebody let it, and comes off again when that is taken back."""
    id = await ask(wiring, system)
    [case] = await waiting(wiring, team(system))
    await wiring.moderation.decide(team(system), case.id, Decide("approve", 1))
    await wiring.wall.encourage(guest(system), id, NewReply("We stand with you."))
    await deliver(wiring, system)
    ruth = team(system)
    [case] = await waiting(wiring, ruth)
    assert case.reply is not None
    assert (case.kind, case.reply.body, case.reply.below) == ("reply", "We stand with you.", "Please pray")
    await wiring.moderation.decide(ruth, case.id, Decide("approve", case.subject_version))
    _, shown, _ = await wiring.wall.page(Scope(system.tenant), OnWalls(visibilities=("wall",)))
    assert [reply.body for reply in shown[0].replies] == ["We stand with you."]
    await wiring.moderation.undo(ruth, case.id)
    _, shown, _ = await wiring.wall.page(Scope(system.tenant), OnWalls(visibilities=("wall",)))
    assert shown[0].replies == ()


async def test_held_messages_are_in_the_same_queue(wiring: Wiring, system: Scope, room: Room) -> None:
    """For the chat's moderators: approved it is posted, declined not, and either can be taken back."""
    host = person(system, "Hanna", "moderator", "member")
    for body in ("see https://one.example", "see https://two.example"):
        await send(wiring, guest(system), room, body)
    await deliver(wiring, system)
    first, second = await waiting(wiring, host)
    assert first.message is not None
    assert (first.kind, first.team, first.reason, first.room) == ("message", "chat", "link", "Sunday")
    assert await waiting(wiring, team(system)) == []
    with pytest.raises(NoSuchCase):
        await wiring.moderation.decide(team(system), first.id, Decide("approve", 1))
    await wiring.moderation.decide(host, first.id, Decide("approve", 1))
    await wiring.moderation.decide(host, second.id, Decide("decline", 1))
    await deliver(wiring, system)
    assert await bodies(wiring, host, room) == ["see https://one.example"]
    for case in (first, second):
        again = await wiring.moderation.undo(host, case.id)
        assert (again.id, again.state) == (case.id, "open")
    await deliver(wiring, system)
    assert len(await waiting(wiring, host)) == 2
    assert "see https://one.example" not in await bodies(wiring, host, room)


async def test_a_held_message_changed_by_its_author(wiring: Wiring, system: Scope, room: Room) -> None:
    """Only the words that were read are decided about; the log of the queue loses the earlier ones at once."""
    host, one = person(system, "Hanna", "moderator", "member"), guest(system)
    held = await send(wiring, one, room, "see https://first.example")
    await deliver(wiring, system)
    await wiring.chat.edit(one, room.id, held.id, "see https://second.example")
    [case] = await waiting(wiring, host)
    assert case.message is not None
    assert case.message.body == "see https://second.example"
    with pytest.raises(SubjectChanged):
        await wiring.moderation.decide(host, case.id, Decide("approve", 1))
    await deliver(wiring, system)
    told = str(await log(wiring, Topic(system.tenant.id, "queue", "chat")))
    assert ("second.example" in told, "first.example" in told) == (True, False)
    [again] = await waiting(wiring, host)
    assert again.subject_version == case.subject_version > 1
    await wiring.moderation.decide(host, case.id, Decide("approve", case.subject_version))
    assert await bodies(wiring, host, room) == ["see https://second.example"]


async def test_reports_are_gathered(wiring: Wiring, system: Scope, room: Room) -> None:
    """Two who report one message make one case; removed, it is gone; kept, it stands until it is reported again."""
    host = person(system, "Hanna", "moderator", "member")
    sent = await send(wiring, guest(system, "Max"), room, "Unkind words")
    for _ in range(2):
        await wiring.hosting.report(guest(system, f"R{uuid4()}"[:20]), room.id, sent.id, ReportBody("unkind"))
        await deliver(wiring, system)
    [case] = await waiting(wiring, host)
    assert (case.kind, len(case.reports)) == ("report", 2)
    await wiring.moderation.decide(host, case.id, Decide("keep", 1))
    await deliver(wiring, system)
    assert await waiting(wiring, host) == []
    await wiring.hosting.report(guest(system, "Rosa"), room.id, sent.id, ReportBody("unsafe"))
    await deliver(wiring, system)
    [case] = await waiting(wiring, host)
    await wiring.moderation.decide(host, case.id, Decide("remove", 1))
    await deliver(wiring, system)
    assert await bodies(wiring, host, room) == ["removed"]
    assert await waiting(wiring, host) == []


async def test_who_asks_for_a_person_waits_here(wiring: Wiring, system: Scope) -> None:
    """Before everything else; it is not decided but gone to, and then it is gone."""
    await ask(wiring, system)
    ruth = await volunteer(wiring, system, "Ruth")
    asked = await wiring.care.ask(guest(system), AskForCare())
    await deliver(wiring, system)
    first, _ = await waiting(wiring, ruth)
    assert (first.kind, first.team, first.weight) == ("care", "care", 1)
    with pytest.raises(WrongVerdict):
        await wiring.moderation.decide(ruth, first.id, Decide("approve", 1))
    await wiring.care.accept(ruth, asked.id)
    await deliver(wiring, system)
    assert [case.kind for case in await waiting(wiring, ruth)] == ["prayer"]


async def test_the_heaviest_come_first(wiring: Wiring, system: Scope) -> None:
    """A need before an urgent one before the rest, whenever they came; pages go on where the last ended."""
    plain = await ask(wiring, system, body="Just a plain one")
    urgent = await ask(wiring, system, body="This one is urgent", urgent=True)
    crisis = await ask(wiring, system, body="I want to die")
    cases = await waiting(wiring, team(system))
    assert [case.subject for case in cases] == [crisis, urgent, plain]
    after = (-cases[0].weight, cases[0].opened_at, cases[0].id)
    assert [case.subject for case in await waiting(wiring, team(system), after=after)] == [urgent, plain]


async def test_wrong_verdicts(wiring: Wiring, system: Scope, room: Room) -> None:
    """What makes no sense for a kind is refused, and nothing happened."""
    await ask(wiring, system)
    await send(wiring, guest(system), room, "see https://one.example")
    await deliver(wiring, system)
    [prayer] = await waiting(wiring, team(system))
    [message] = await waiting(wiring, person(system, "Hanna", "moderator"))
    for scope, case, verdict in (
        (team(system), prayer, "keep"),
        (team(system), prayer, "remove"),
        (person(system, "Hanna", "moderator"), message, "pastor"),
    ):
        with pytest.raises(WrongVerdict):
            await wiring.moderation.decide(scope, case.id, Decide(verdict, 1))  # type: ignore[arg-type]
    assert len(await waiting(wiring, team(system))) == 1


async def test_notes_and_assignment(wiring: Wiring, system: Scope) -> None:
    """The team remarks below a case and says whose it is; nobody else is asked."""
    await ask(wiring, system)
    ruth = await volunteer(wiring, system, "Ruth")
    [case] = await waiting(wiring, ruth)
    await wiring.moderation.note(ruth, case.id, "  I know them. ")
    assert [note.body for note in await wiring.moderation.notes(ruth, case.id)] == ["I know them."]
    assert (await wiring.moderation.one(ruth, case.id)).notes == 1
    assert ruth.actor.id is not None
    assigned = await wiring.moderation.assign(ruth, case.id, ruth.actor.id)
    assert assigned.assigned_to_name == "Ruth"
    assert [one.id for one in await waiting(wiring, ruth, mine=True)] == [case.id]
    with pytest.raises(Invalid):
        await wiring.moderation.assign(ruth, case.id, uuid4())
    with pytest.raises(Forbidden):
        await wiring.moderation.notes(person(system), case.id)
    assert (await wiring.moderation.assign(ruth, case.id, None)).assigned_to is None


async def test_nobody_looks(wiring: Wiring, system: Scope) -> None:
    """A queue older than the church wants rings once, and again after hours; an empty one never."""
    pia = await volunteer(wiring, system, "Pia", "pastor", here=False)
    await wiring.moderation.ring_unattended(system)
    assert await wiring.alarms.ringing(pia) == []
    await ask(wiring, system)
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute("update moderation_cases set opened_at = opened_at - interval '3 hours'")
    for _ in range(3):
        await wiring.moderation.ring_unattended(system)
    [alarm] = await wiring.alarms.ringing(pia)
    assert (alarm.kind, alarm.about) == ("unattended", "queue")
    await wiring.alarms.see_to(pia, alarm.id)
    await wiring.moderation.ring_unattended(system)
    assert await wiring.alarms.ringing(pia) == []


async def test_the_week_in_figures(wiring: Wiring, system: Scope) -> None:
    """How many of each kind were decided, how long they waited, and what waits."""
    await ask(wiring, system)
    await ask(wiring, system, body="Another one altogether")
    case, _ = await waiting(wiring, team(system))
    await wiring.moderation.decide(team(system), case.id, Decide("approve", 1))
    week = await wiring.moderation.week(pastor(system))
    assert (week.decided, week.open) == ({"prayer": 1}, 1)
    assert week.waiting_seconds["prayer"] >= 0


async def test_a_lonely_volunteer_stands_in_the_queue(wiring: Wiring, system: Scope) -> None:
    """A conversation that needs a second adult waits on the care queue until one is there, and again when they go."""
    ruth, paul = await volunteer(wiring, system, "Ruth"), await volunteer(wiring, system, "Paul")
    session = await wiring.care.ask(guest(system), AskForCare(minor=True))
    await deliver(wiring, system)
    [asked] = await waiting(wiring, ruth, team="care")
    await wiring.care.accept(ruth, session.id)
    await deliver(wiring, system)
    [case] = await waiting(wiring, paul, team="care")
    assert (case.id, case.reason, asked.reason) == (asked.id, "second", "")
    await wiring.care.join(paul, session.id)
    await deliver(wiring, system)
    assert await waiting(wiring, ruth, team="care") == []
    await wiring.care.hand_over(paul, session.id, None)
    await deliver(wiring, system)
    assert [one.id for one in await waiting(wiring, paul, team="care")] == [case.id]
    await wiring.care.end(ruth, session.id)
    await deliver(wiring, system)
    assert await waiting(wiring, paul, team="care") == []


async def test_who_works_on_my_queues(wiring: Wiring, system: Scope) -> None:
    """By name and with the queues that are mine too: whoever works on none of them is not told."""
    ruth = await volunteer(wiring, system, "Ruth")
    await volunteer(wiring, system, "Hans", "moderator", "member", here=False)
    pia = await volunteer(wiring, system, "Pia", "pastor", "member", here=False)
    told = {one.name: one.teams for one in await wiring.moderation.workers(ruth)}
    assert told == {"Pia": ["prayer", "care"], "Ruth": ["prayer", "care"]}
    told = {one.name: one.teams for one in await wiring.moderation.workers(pia)}
    assert told == {
        "Hans": ["chat"],
        "Pia": ["chat", "prayer", "pastors", "care"],
        "Ruth": ["prayer", "care"],
    }
