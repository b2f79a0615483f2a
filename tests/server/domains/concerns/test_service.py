"""Who tells what about one-to-one prayer, and who reads it, on a real database."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from realtime.topics import Topic
from server.domains.alarms.errors import NoSuchAlarm
from server.domains.care.errors import NoSuchSession
from server.domains.care.schemas import Ask
from server.domains.concerns.errors import AboutYou, NobodyCame, NoSuchConcern, ToldAgain, TooLateToTell
from server.domains.concerns.policy import KEPT, STILL_TOLD
from server.domains.concerns.schemas import NewConcern
from server.domains.moderation.errors import NothingToUndo
from server.domains.moderation.schemas import CaseShown, Decide
from server.domains.subjects.errors import WrongVerdict
from server.kit.clock import SystemClock
from server.kit.errors import Forbidden, Invalid
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.server.domains.alarms.test_service import lead
from tests.server.domains.care.test_service import conversation, volunteer, words_in_database
from tests.server.domains.queueing import deliver
from tests.server.domains.voices import guest, id_of, log, person

ASK = Ask()


def pastor(system: Scope, name: str = "Pia") -> Scope:
    return person(system, name, "pastor", "member")


async def told(
    wiring: Wiring, system: Scope, teller: Scope, session: UUID, note: str = "a quietzephyr note"
) -> None:
    await wiring.concerns.tell(teller, NewConcern(session, "unsafe", note))
    await deliver(wiring, system)


async def waits(wiring: Wiring, reader: Scope) -> CaseShown:
    [case] = await wiring.moderation.queue(reader, team="pastors", kind="concern")
    return case


async def test_it_outlives_the_conversation_and_its_words(wiring: Wiring, system: Scope) -> None:
    """Told before the end or after it, it waits for the pastors, whatever the volunteer does."""
    maria, ruth, session = await conversation(wiring, system)
    await told(wiring, system, maria, session.id)
    await wiring.care.end(ruth, session.id)
    await deliver(wiring, system)
    case = await waits(wiring, pastor(system))
    assert (case.team, case.reason, case.weight) == ("pastors", "", 2)
    shown = await wiring.concerns.read(pastor(system), case.subject)
    assert (shown.note, shown.about, shown.session) == ("a quietzephyr note", ("Ruth",), session.id)
    again = guest(system, "Ada")
    late = await wiring.care.accept(ruth, (await wiring.care.ask(again, ASK)).id)
    await wiring.care.leave(again, late.id)
    await deliver(wiring, system)
    await told(wiring, system, again, late.id)
    assert len(await wiring.moderation.queue(pastor(system), kind="concern")) == 2


async def test_no_queue_and_no_log_says_what_was_told(wiring: Wiring, system: Scope) -> None:
    """The queue tells that there is a concern; what it says is read by itself, and who read it is in the history."""
    maria, _, session = await conversation(wiring, system)
    await told(wiring, system, maria, session.id)
    assert await words_in_database(wiring, system, "quietzephyr") == ["concerns_concerns"]
    queue = await log(wiring, Topic(system.tenant.id, "queue", "pastors"))
    assert [("unsafe" in str(data), "Ruth" in str(data)) for _, data in queue] == [(False, False)]
    reader = pastor(system)
    await wiring.concerns.read(reader, (await waits(wiring, reader)).subject)
    entry = (await wiring.audit.page(system))[0]
    assert (entry.action, entry.details) == ("concern.read", "{}")  # nobody joins it to the conversation


async def test_what_must_not_wait_rings_for_pastors_whom_it_is_not_about(
    wiring: Wiring, system: Scope
) -> None:
    """That somebody felt unsafe, or a need in what they tell; not for who was there, and no lay leader learns of it."""
    pia = await volunteer(wiring, system, "Pia", "pastor", "prayer_team", "member")
    otto = await volunteer(wiring, system, "Otto", "pastor", here=False)
    ruth = await volunteer(wiring, system, "Ruth", here=False)
    for leader in (pia, ruth):
        await lead(wiring, pia, leader)
    for reason, note, kind in (
        ("unsafe", "", "unsafe"),
        ("other", "I want to kill myself", "self_harm"),
        ("unkind", "He laughed", ""),
    ):
        maria = guest(system)
        session = await wiring.care.accept(pia, (await wiring.care.ask(maria, ASK)).id)
        await wiring.concerns.tell(maria, NewConcern(session.id, reason, note))  # type: ignore[arg-type]
        await deliver(wiring, system, twice=True)
        rung = [alarm for alarm in await wiring.alarms.ringing(otto) if alarm.kind == kind]
        assert [(alarm.about, alarm.told) for alarm in rung] == [("concern", (id_of(otto),))] * bool(kind)
        await wiring.care.end(pia, session.id)
    assert await wiring.alarms.ringing(pia) == await wiring.alarms.ringing(ruth) == []
    first = (await wiring.alarms.ringing(otto))[0]
    for other in (pia, ruth):
        with pytest.raises(NoSuchAlarm):
            await wiring.alarms.see_to(other, first.id)
    await wiring.alarms.see_to(otto, first.id)
    [second] = await wiring.alarms.ringing(otto)
    cases = await wiring.moderation.queue(otto, team="pastors", kind="concern")
    [case] = [case for case in cases if case.subject == second.subject]
    await wiring.moderation.claim(otto, case.id)
    await wiring.moderation.decide(otto, case.id, Decide("keep", case.subject_version))
    await deliver(wiring, system)
    assert await wiring.alarms.ringing(otto) == []


async def test_what_rings_is_kept_from_whom_it_turns_out_to_be_about(wiring: Wiring, system: Scope) -> None:
    """A pastor who was called and goes on with the conversation hears no more of it; with nobody else nothing rings."""
    pia = await volunteer(wiring, system, "Pia", "pastor", "prayer_team", "member")
    otto = await volunteer(wiring, system, "Otto", "pastor", "prayer_team", "member")
    maria = guest(system)
    session = await wiring.care.accept(pia, (await wiring.care.ask(maria, ASK)).id)
    await told(wiring, system, maria, session.id)
    assert [alarm.told for alarm in await wiring.alarms.ringing(otto)] == [(id_of(otto),)]
    await wiring.care.hand_over(pia, session.id, id_of(otto))
    await told(wiring, system, maria, session.id, "and again")
    assert await wiring.alarms.ringing(otto) == await wiring.alarms.ringing(pia) == []
    ada = await volunteer(wiring, system, "Ada", "pastor", here=False)
    await told(wiring, system, maria, session.id, "and again and again")
    assert [alarm.told for alarm in await wiring.alarms.ringing(ada)] == [(id_of(ada),)]
    history = await wiring.audit.page(system)
    assert {entry.details for entry in history if entry.action == "alarm.raised"} == {"{}"}


async def test_whom_it_is_about_neither_reads_nor_settles_it(wiring: Wiring, system: Scope) -> None:
    """A pastor who was in that conversation sees that there is one, and no more: no remark either."""
    pia = await volunteer(wiring, system, "Pia", "pastor", "prayer_team", "member")
    maria = guest(system)
    session = await wiring.care.accept(pia, (await wiring.care.ask(maria, ASK)).id)
    await told(wiring, system, maria, session.id)
    case = await waits(wiring, pia)
    with pytest.raises(AboutYou):
        await wiring.concerns.read(pia, case.subject)
    with pytest.raises(AboutYou):
        await wiring.moderation.decide(pia, case.id, Decide("keep", case.subject_version))
    other = pastor(system, "Otto")
    await wiring.moderation.note(other, case.id, "I talk to Pia tomorrow")
    for about_her in (
        wiring.moderation.notes(pia, case.id),
        wiring.moderation.note(pia, case.id, "It is nothing"),
    ):
        with pytest.raises(AboutYou):
            await about_her
    with pytest.raises(WrongVerdict):
        await wiring.moderation.decide(other, case.id, Decide("remove", case.subject_version))
    await wiring.moderation.decide(other, case.id, Decide("keep", case.subject_version))
    with pytest.raises(NothingToUndo):
        await wiring.moderation.undo(pia, case.id)
    for hold in (wiring.moderation.claim(pia, case.id), wiring.moderation.assign(pia, case.id, id_of(pia))):
        with pytest.raises(AboutYou):  # nor keep others from it
            await hold
    await wiring.moderation.undo(other, case.id)
    await deliver(wiring, system)
    assert (await waits(wiring, other)).id == case.id


async def test_only_who_was_there_tells_and_only_pastors_read(wiring: Wiring, system: Scope) -> None:
    """Strangers know nothing of the conversation; the volunteer may tell as well; others of the staff read nothing."""
    maria, ruth, session = await conversation(wiring, system)
    for stranger, id in ((guest(system), session.id), (maria, uuid4())):
        with pytest.raises(NoSuchSession):
            await told(wiring, system, stranger, id)
    await told(wiring, system, ruth, session.id)
    case = await waits(wiring, pastor(system))
    assert (await wiring.concerns.read(pastor(system), case.subject)).about == ("Maria",)
    for scope in (maria, ruth, person(system, "Ann", "admin"), person(system, "Hal", "moderator")):
        with pytest.raises(Forbidden):
            await wiring.concerns.read(scope, case.subject)
    with pytest.raises(NoSuchConcern):
        await wiring.concerns.read(pastor(system), uuid4())


async def test_who_handed_it_over_was_there(wiring: Wiring, system: Scope) -> None:
    """A pastor who hands the conversation to another is one whom it is about, and may tell something too."""
    pia = await volunteer(wiring, system, "Pia", "pastor", "prayer_team", "member")
    maria, ruth = guest(system), await volunteer(wiring, system, "Ruth")
    session = await wiring.care.accept(pia, (await wiring.care.ask(maria, ASK)).id)
    await wiring.care.hand_over(pia, session.id, id_of(ruth))
    await told(wiring, system, maria, session.id)
    case = await waits(wiring, pastor(system))
    with pytest.raises(AboutYou):
        await wiring.concerns.read(pia, case.subject)
    assert (await wiring.concerns.read(pastor(system, "Otto"), case.subject)).about == ("Pia", "Ruth")
    await told(wiring, system, pia, session.id)
    assert len(await wiring.moderation.queue(pastor(system), kind="concern")) == 2


async def test_nobody_is_told_of_before_anybody_came(wiring: Wiring, system: Scope) -> None:
    """Who still waits has nothing to tell."""
    await volunteer(wiring, system, "Ruth")
    maria = guest(system)
    session = await wiring.care.ask(maria, ASK)
    with pytest.raises(NobodyCame):
        await told(wiring, system, maria, session.id)


async def test_a_signal_that_was_lost_costs_no_concern(wiring: Wiring, system: Scope) -> None:
    """Each that waits has its case after the next tidying, whatever became of the signal."""
    maria, _, session = await conversation(wiring, system)
    await wiring.concerns.tell(maria, NewConcern(session.id, "unkind"))
    await wiring.moderation.trim(system)
    assert (await waits(wiring, pastor(system))).weight == 1


async def test_told_again_it_waits_again(wiring: Wiring, system: Scope) -> None:
    """The newest words stand in one case; after it was seen to, they open a new one."""
    maria, _, session = await conversation(wiring, system)
    reader = pastor(system)
    for note in ("first", "second"):
        await told(wiring, system, maria, session.id, note)
    case = await waits(wiring, reader)
    assert (await wiring.concerns.read(reader, case.subject)).note == "second"
    with pytest.raises(ToldAgain):  # who has only read the first
        await wiring.moderation.decide(reader, case.id, Decide("keep", case.subject_version - 1))
    await wiring.moderation.decide(reader, case.id, Decide("keep", case.subject_version))
    await deliver(wiring, system)
    assert await wiring.moderation.queue(reader) == []
    await told(wiring, system, maria, session.id, "third")
    assert (await waits(wiring, reader)).id != case.id


async def test_what_is_too_long_too_late_or_a_cry_for_help(
    wiring: Wiring, system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The field and the limit are named; a month after the end one talks to a pastor; who despairs gets a card."""
    maria, ruth, session = await conversation(wiring, system)
    with pytest.raises(Invalid) as caught:
        await told(wiring, system, maria, session.id, "x" * 2_001)
    [found] = caught.value.errors
    assert (found.pointer, found.code) == ("/note", "too_long")
    cry = NewConcern(session.id, "other", "I want to kill myself")
    assert (await wiring.concerns.tell(maria, cry)).card == "self_harm"
    await wiring.care.end(ruth, session.id)
    now = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda clock: now(clock) + STILL_TOLD + timedelta(minutes=1))
    with pytest.raises(TooLateToTell):
        await told(wiring, system, maria, session.id)


async def test_forgotten_and_trimmed(wiring: Wiring, system: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names go with the person; what was seen to goes after a year, what waits stays."""
    maria, ruth, session = await conversation(wiring, system)
    await told(wiring, system, maria, session.id)
    reader = pastor(system)
    case = await waits(wiring, reader)
    async with wiring.database.transaction(system) as tx:
        for scope in (maria, ruth):
            await wiring.concerns.forget(tx, id_of(scope))
    shown = await wiring.concerns.read(reader, case.subject)
    assert (shown.by, shown.about, shown.note) == ("", ("",), "a quietzephyr note")
    now = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda clock: now(clock) + KEPT + timedelta(minutes=1))
    assert await wiring.concerns.trim(system) == 0
    monkeypatch.undo()
    await wiring.moderation.decide(reader, case.id, Decide("keep", case.subject_version))
    monkeypatch.setattr(SystemClock, "now", lambda clock: now(clock) + KEPT + timedelta(minutes=1))
    assert await wiring.concerns.trim(system) == 2  # and who was there
