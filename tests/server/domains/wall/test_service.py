"""The walls on a real database: who reads, who prays, what is told, and what is never told."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from realtime.channel import Push, Who
from realtime.topics import Topic
from server.domains.intercession.errors import MarkMissing
from server.domains.prayer.errors import NoSuchRequest
from server.domains.prayer.models import OnWalls
from server.domains.prayer.schemas import Answered, Ask, Decision, Flag, NewReply
from server.domains.replies.errors import AlreadyDecided, NoSuchReply
from server.domains.safety.errors import WordRefused
from server.domains.safety.models import Rules, WordRule
from server.domains.wall.channel import WallChannel
from server.domains.wall.errors import NoSuchWall
from server.domains.wall.listeners import listeners
from server.domains.wall.signals import TellingGoesOn
from server.kit.errors import Forbidden, Invalid, Limited, Unauthenticated
from server.kit.outbox import decode
from server.kit.scope import Actor, Origin, Scope
from server.kit.text import BadText
from server.wiring import Wiring
from tests.server.domains.voices import Heard, guest, id_of, log, person

PUBLIC = Topic("gggggggggggggggg", "wall", "public")


def pastor(system: Scope) -> Scope:
    return person(system, "Pia", "pastor", "member")


async def put_up(wiring: Wiring, system: Scope, asker: Scope | None = None, **ask: Any) -> UUID:
    """Ask, and let the team put it up."""
    ask = {"body": "Please pray", "visibility": "wall", "wall_consent": True} | ask
    asked = await wiring.asking.ask(asker or guest(system), Ask(**ask))
    await wiring.tending.decide(pastor(system), asked.id, Decision("approve", 1))
    return asked.id


def mark(number: int) -> str:
    return f"{number:022d}"


async def test_what_stands_is_read_where_it_stands(wiring: Wiring, system: Scope) -> None:
    """Each request is on one wall, for those who may read it, and words nobody let stand are on none."""
    ids = {
        visibility: await put_up(wiring, system, visibility=visibility)
        for visibility in ("wall", "members", "team", "pastors")
    }
    await wiring.asking.ask(guest(system), Ask("Waiting", visibility="wall", wall_consent=True))
    readers = {
        Scope(system.tenant): ["wall"],
        person(system): ["wall", "members"],
        person(system, "Ruth", "prayer_team"): ["wall", "members", "team"],
        pastor(system): ["wall", "members", "team", "pastors"],
    }
    for scope, walls in readers.items():
        found, _, _ = await wiring.wall.page(scope, OnWalls(visibilities=wiring.wall.walls(scope)))
        assert {request.id for request in found} == {ids[wall] for wall in walls}
    with pytest.raises(NoSuchWall):
        await wiring.wall.page(Scope(system.tenant), OnWalls(visibilities=("members",)))


async def test_who_prays_counts_once(wiring: Wiring, system: Scope) -> None:
    """However often, from however many sockets at once; somebody without a name by a mark of their device."""
    id = await put_up(wiring, system, name="Maria")
    maria, nobody = guest(system), Scope(system.tenant)
    answers = await asyncio.gather(*(wiring.wall.pray(maria, id) for _ in range(20)))
    assert answers[-1].count == 1
    for number in (1, 1, 2, 1):
        await wiring.wall.pray(nobody, id, mark(number))
    assert (await wiring.wall.pray(person(system), id)).count == 4
    with pytest.raises(MarkMissing):
        await wiring.wall.pray(nobody, id)


async def test_small_counts_are_not_told_under_an_anonymous_request(wiring: Wiring, system: Scope) -> None:
    """Below five nothing is said, in no answer, list, snapshot or frame; from five on the count is."""
    heard = Heard()
    wiring.wall._totals._announcer = heard  # type: ignore[assignment]
    id = await put_up(wiring, system, anonymous=True)
    nobody = Scope(system.tenant)
    for number in range(4):
        assert (await wiring.wall.pray(nobody, id, mark(number))).count is None
    assert (await wiring.wall.snapshot(system, PUBLIC))[1].prayed == {}
    assert heard.publications == []
    assert (await wiring.wall.pray(nobody, id, mark(4))).count == 5
    assert (await wiring.wall.snapshot(system, PUBLIC))[1].prayed == {id: 5}


async def test_totals_are_told_once_a_second(wiring: Wiring, system: Scope) -> None:
    """The first at once, a crowd's together: the newest total arrives, not each."""
    heard = Heard()
    wiring.wall._totals._announcer = heard  # type: ignore[assignment]
    id = await put_up(wiring, system)
    await wiring.wall.pray(Scope(system.tenant), id, mark(0))
    for number in range(1, 30):
        await wiring.wall.pray(Scope(system.tenant), id, mark(number))
    async with asyncio.timeout(20):
        while _told(heard)[-1] != 30:
            await asyncio.sleep(0.05)
    assert _told(heard)[0] == 1
    assert len(_told(heard)) < 30


def _told(heard: Heard) -> list[int]:
    passing = [one for publication in heard.publications for one in publication.passing]
    return [msgspec.json.decode(one.data)["count"] for one in passing]


async def test_praying_for_what_one_may_not_read(wiring: Wiring, system: Scope) -> None:
    """A request of another wall, one that waits, and none at all are the same to a stranger."""
    hidden = await put_up(wiring, system, visibility="team")
    waiting = (await wiring.asking.ask(guest(system), Ask("Hi", visibility="wall", wall_consent=True))).id
    stranger = guest(system)
    for id in (hidden, waiting, uuid4()):
        with pytest.raises(NoSuchRequest):
            await wiring.wall.pray(stranger, id)
        with pytest.raises(NoSuchRequest):
            await wiring.wall.flag(stranger, id, Flag("spam"))
        with pytest.raises(NoSuchRequest):
            await wiring.wall.encourage(stranger, id, NewReply("Hello"))


async def test_a_session_goes_through_what_is_not_prayed_for(wiring: Wiring, system: Scope) -> None:
    """Urgent first, least prayed next, each once; what one has prayed for does not come again."""
    often = await put_up(wiring, system, name="A")
    rarely = await put_up(wiring, system, body="Another one altogether", name="B")
    urgent = await put_up(wiring, system, body="Something that cannot wait", urgent=True, name="C")
    for number in range(3):
        await wiring.wall.pray(Scope(system.tenant), often, mark(number))
    ruth = person(system, "Ruth", "prayer_team")
    steps, (_, shown, _) = await wiring.wall.session(ruth, None, 10)
    assert [one.id for one in shown] == [urgent, rarely, often]
    await wiring.wall.pray(ruth, urgent)
    _, (_, shown, _) = await wiring.wall.session(ruth, None, 10)
    assert [one.id for one in shown] == [rarely, often]
    _, (_, shown, _) = await wiring.wall.session(guest(system), steps[1], 10)
    assert [one.id for one in shown] == [often]


async def test_a_session_tells_no_small_count_by_its_order(wiring: Wiring, system: Scope) -> None:
    """However few prayed for an anonymous request, it stands at the same place between named ones."""
    named = {n: await put_up(wiring, system, body=f"{n} for whom I ask", name=f"A{n}") for n in range(1, 5)}
    for prayed, id in named.items():
        for number in range(prayed):
            await wiring.wall.pray(Scope(system.tenant), id, mark(number))
    hidden = await put_up(wiring, system, body="Something entirely different", anonymous=True)
    reader = person(system)
    for number in range(5):
        steps, (_, shown, _) = await wiring.wall.session(reader, None, 10)
        assert [one.id for one in shown] == [named[1], named[2], hidden, named[3], named[4]], number
        _, (_, rest, _) = await wiring.wall.session(reader, steps[1], 2)
        assert [one.id for one in rest] == [hidden, named[3]]
        await wiring.wall.pray(Scope(system.tenant), hidden, mark(number))
    _, (_, shown, counts) = await wiring.wall.session(reader, None, 10)
    assert (shown[-1].id, counts[hidden]) == (hidden, 5)


async def test_what_stands_below_is_taken_down(wiring: Wiring, system: Scope) -> None:
    """From every wall at once, out of all that was told before, with an entry in the history; once."""
    id = await put_up(wiring, system)
    reply, _ = await wiring.wall.encourage(guest(system), id, NewReply("Call 555 and ask for Anna"))
    await let_stand(wiring, pastor(system), reply.id)
    team = person(system, "Ruth", "prayer_team")
    assert [(one.kind, one.body, one.name) for one in await wiring.wall.below(team, id)] == [
        ("encouragement", "Call 555 and ask for Anna", "Maria")
    ]
    wiring.database.announcer = heard = Heard()
    await wiring.wall.take_down(team, reply.id)
    told = [event for publication in heard.publications for event in publication.events]
    assert [(event.topic, b"replies" in bytes(event.data or b"")) for event in told] == [(PUBLIC, False)]
    assert [data for _, data in await log(wiring, PUBLIC)][:-1] == [None, None]
    assert await wiring.wall.below(team, id) == []
    entry = (await wiring.audit.page(system, subject=str(id)))[0]
    assert (entry.action, entry.actor_name) == ("reply.removed", "Ruth")
    async with wiring.database.transaction(system) as tx:
        assert await tx.connection.fetchval("select body from replies_replies") == ""
        logged = await tx.connection.fetchval("select string_agg(data::text, '') from topic_events")
    assert b"Anna".hex() not in logged
    with pytest.raises(AlreadyDecided):
        await wiring.wall.take_down(team, reply.id)


async def test_a_testimony_is_taken_down_with_its_words(wiring: Wiring, system: Scope) -> None:
    """It stands in the request itself, which stays answered."""
    asked = await wiring.asking.ask(guest(system), Ask("Please pray", visibility="wall", wall_consent=True))
    await wiring.tending.decide(pastor(system), asked.id, Decision("approve", 1))
    await wiring.asking.answered(guest(system), asked.id, Answered("Home!"), asked.link.rpartition(".")[2])
    async with wiring.database.transaction(system, readonly=True) as tx:
        (reply,) = (await wiring.replies.all_of(tx, [asked.id]))[asked.id]
    await let_stand(wiring, pastor(system), reply.id)
    assert [one.kind for one in await wiring.wall.below(pastor(system), asked.id)] == ["testimony"]
    await wiring.wall.take_down(pastor(system), reply.id)
    assert (await log(wiring, PUBLIC))[-1][1].get("testimony", "") == ""
    request = await wiring.tending.one(pastor(system), asked.id)
    assert (request.state, request.testimony) == ("answered", "")


async def test_who_takes_nothing_down(wiring: Wiring, system: Scope) -> None:
    """Whoever may not take the request off the wall; below a pastors' request pastors alone, and look there too."""
    id, private = await put_up(wiring, system), await put_up(wiring, system, visibility="pastors")
    replies = {}
    for one, scope in ((id, guest(system)), (private, pastor(system))):
        reply, _ = await wiring.wall.encourage(scope, one, NewReply("With you"))
        await let_stand(wiring, pastor(system), reply.id)
        replies[one] = reply.id
    for scope in (guest(system), person(system), person(system, "Mo", "moderator")):
        with pytest.raises(Forbidden):
            await wiring.wall.take_down(scope, replies[id])
        with pytest.raises(Forbidden):
            await wiring.wall.below(scope, id)
    team = person(system, "Ruth", "prayer_team")
    with pytest.raises(Forbidden):
        await wiring.wall.take_down(team, replies[private])
    with pytest.raises(NoSuchRequest):
        await wiring.wall.below(team, private)
    with pytest.raises(NoSuchReply):
        await wiring.wall.take_down(team, uuid4())
    await wiring.wall.take_down(pastor(system), replies[private])


async def let_stand(wiring: Wiring, scope: Scope, reply_id: UUID) -> None:
    """Decide as the queue does."""
    async with wiring.database.transaction(scope) as tx:
        await wiring.encouragement.decide_reply_in(tx, reply_id, approve=True, version=1)


async def test_only_i_know_what_i_did(wiring: Wiring, system: Scope) -> None:
    """Asking for mine tells what I prayed for and follow, and nothing of others."""
    id, other = await put_up(wiring, system), await put_up(wiring, system, body="Something else entirely")
    ruth, paul = person(system, "Ruth"), person(system, "Paul")
    await wiring.wall.pray(ruth, id)
    await wiring.wall.follow(ruth, other)
    mine = await wiring.wall.mine(ruth, [id, other])
    assert (mine.prayed, mine.following) == ([id], [other])
    theirs = await wiring.wall.mine(paul, [id, other])
    assert (theirs.prayed, theirs.following) == ([], [])
    await wiring.wall.pray(Scope(system.tenant), id, mark(7))
    assert (await wiring.wall.mine(Scope(system.tenant), [id], mark(7))).prayed == [id]
    assert (await wiring.wall.mine(Scope(system.tenant), [id], mark(8))).prayed == []
    with pytest.raises(Invalid):
        await wiring.wall.mine(ruth, [uuid4() for _ in range(201)])


async def test_followers_are_told(wiring: Wiring, system: Scope) -> None:
    """Who follows hears in their own topic that something became of it; after unfollowing no more."""
    id = await put_up(wiring, system)
    ruth, paul = person(system, "Ruth"), person(system, "Paul")
    await wiring.wall.follow(ruth, id)
    await wiring.wall.follow(paul, id)
    await wiring.wall.follow(paul, id, on=False)
    async with wiring.database.transaction(system) as tx:
        await wiring.wall.tell_followers(tx, id)
    told = await log(wiring, Topic(system.tenant.id, "me", str(id_of(ruth))))
    assert told == [("prayer.followed", {"id": str(id), "state": "approved"})]
    assert await log(wiring, Topic(system.tenant.id, "me", str(id_of(paul)))) == []
    with pytest.raises(Forbidden):
        await wiring.wall.follow(guest(system), id)


async def test_every_follower_is_told(wiring: Wiring, system: Scope) -> None:
    """More than one transaction takes: who comes last by id hears as well."""
    id = await put_up(wiring, system)
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute(
            "insert into intercession_followers (subject, person_id, at)"
            " select $1, gen_random_uuid(), now() from generate_series(1, 501)",
            id,
        )
        last = await tx.connection.fetchval("select person_id from intercession_followers order by 1 desc")
    async with wiring.database.transaction(system) as tx:
        await wiring.wall.tell_followers(tx, id)
    topic = Topic(system.tenant.id, "me", str(last))
    assert await log(wiring, topic) == []
    (go_on,) = [one for one in listeners(wiring.wall) if one.signal is TellingGoesOn]
    async with wiring.database.shard() as connection:
        data = await connection.fetchval("select data from outbox where kind = 'wall.telling'")
    async with wiring.database.transaction(system) as tx:
        await go_on.handle(tx, decode(data, TellingGoesOn))
    assert await log(wiring, topic) == [("prayer.followed", {"id": str(id), "state": "approved"})]


async def test_flags_take_a_request_off(wiring: Wiring, system: Scope) -> None:
    """The team's at the church's number, visitors' at theirs; one person, or one device, counts once."""
    id = await put_up(wiring, system)
    ruth, paul = person(system, "Ruth", "prayer_team"), person(system, "Paul", "prayer_team")
    await wiring.wall.flag(ruth, id, Flag("private"))
    await wiring.wall.flag(ruth, id, Flag("private"))
    assert (await wiring.wall.snapshot(system, PUBLIC))[1].requests != []
    await wiring.wall.flag(paul, id, Flag("private"))
    assert (await wiring.wall.snapshot(system, PUBLIC))[1].requests == []
    told = await log(wiring, PUBLIC)
    assert [event for event, _ in told] == ["prayer.posted", "prayer.removed"]
    assert told[0][1] is None

    other = await put_up(wiring, system, body="Another one altogether")
    for number in range(5):
        visitor = Scope(system.tenant, Actor(), Origin(address=f"192.0.2.{number}", device="Phone"))
        await wiring.wall.flag(visitor, other, Flag("spam"))
        if number == 0:
            for _ in range(6):
                await wiring.wall.flag(visitor, other, Flag("spam"))
            assert len((await wiring.wall.snapshot(system, PUBLIC))[1].requests) == 1
    assert (await wiring.wall.snapshot(system, PUBLIC))[1].requests == []


async def test_nobody_takes_a_request_off_alone(wiring: Wiring, system: Scope) -> None:
    """A new device and a new guest for each report are still one visitor's, as far as anybody can tell."""
    id = await put_up(wiring, system)
    for number in range(6):
        origin = Origin(address="192.0.2.7", device=f"Phone {number}")
        await wiring.wall.flag(Scope(system.tenant, Actor(), origin), id, Flag("spam"))
        guest_of_mine = Scope(system.tenant, Actor("guest", uuid4(), f"G{number}"), origin)
        await wiring.wall.flag(guest_of_mine, id, Flag("spam"))
    assert len((await wiring.wall.snapshot(system, PUBLIC))[1].requests) == 1
    for number in range(4):
        await wiring.wall.flag(person(system, f"M{number}"), id, Flag("spam"))
    assert (await wiring.wall.snapshot(system, PUBLIC))[1].requests == []


async def test_one_address_flags_only_so_often(wiring: Wiring, system: Scope) -> None:
    """Somebody who reports everything is told to wait."""
    id = await put_up(wiring, system)
    visitor = Scope(system.tenant, Actor(), Origin(address="198.51.100.7", device="Phone"))
    with pytest.raises(Limited):
        for _ in range(40):
            await wiring.wall.flag(visitor, id, Flag("spam"))


async def test_encouragement_waits(wiring: Wiring, system: Scope) -> None:
    """No word of others stands by itself; rules are asked, and a need that it tells of comes back as a card."""
    id = await put_up(wiring, system)
    reply, card = await wiring.wall.encourage(guest(system), id, NewReply("We stand with you."))
    assert (reply.state, card) == ("held", "")
    assert (await wiring.wall.snapshot(system, PUBLIC))[1].requests[0].replies == ()
    _, card = await wiring.wall.encourage(guest(system), id, NewReply("I want to die too"))
    assert card == "self_harm"
    with pytest.raises(BadText):
        await wiring.wall.encourage(guest(system), id, NewReply("x" * 1001))
    with pytest.raises(Unauthenticated):
        await wiring.wall.encourage(Scope(system.tenant), id, NewReply("Hello"))
    owner = person(system, "Olga", "owner")
    await wiring.safety.set_rules(owner, Rules(words=(WordRule("casino*", "refuse"),)))
    with pytest.raises(WordRefused):
        await wiring.wall.encourage(guest(system), id, NewReply("Come to the casino"))


async def test_the_archive_is_for_those_who_belong(wiring: Wiring, system: Scope) -> None:
    """What has run out can be found by its words, by members; a wall shows it no more."""
    id = await put_up(wiring, system, body="Grandmother's quietzephyr")
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute("update prayer_requests set expires_at = now() - interval '1 day'")
    await wiring.prayer.expire(system)
    wanted = OnWalls(
        visibilities=("wall",), states=("approved", "answered", "expired", "archived"), q="Quietzéphyr"
    )
    _, shown, _ = await wiring.wall.page(person(system), wanted)
    assert [(one.id, one.body, one.state) for one in shown] == [(id, "Grandmother's quietzephyr", "expired")]
    with pytest.raises(Unauthenticated):
        await wiring.wall.page(Scope(system.tenant), wanted)
    _, shown, _ = await wiring.wall.page(person(system), OnWalls(visibilities=("wall",)))
    assert shown == []


async def test_the_channel(wiring: Wiring, system: Scope) -> None:
    """A visitor joins the public wall, prays there and asks for theirs; other walls are not there for them."""
    id = await put_up(wiring, system)
    channel = WallChannel(wiring.wall, wiring.safety, lambda _: "main")
    visitor = Who("v", msgspec.Raw(b"{}"), False, scope=Scope(system.tenant))
    await channel.join(visitor, PUBLIC)
    with pytest.raises(NoSuchWall):
        await channel.join(visitor, Topic(system.tenant.id, "prayer", "team"))
    snapshot = msgspec.json.decode((await channel.snapshot(PUBLIC)).data)
    assert [one["id"] for one in snapshot["requests"]] == [str(id)]
    data = msgspec.Raw(msgspec.json.encode({"mark": mark(1)}))
    answer = await channel.receive(visitor, Push(PUBLIC, "pray", str(id), data))
    assert msgspec.json.decode(bytes(answer or b"")) == {"id": str(id), "count": 1}
    ask = msgspec.Raw(msgspec.json.encode({"ids": [str(id)], "mark": mark(1)}))
    mine = await channel.receive(visitor, Push(PUBLIC, "mine", None, ask))
    assert msgspec.json.decode(bytes(mine or b""))["prayed"] == [str(id)]
    with pytest.raises(Invalid):
        await channel.receive(visitor, Push(PUBLIC, "pray", "no id", data))
