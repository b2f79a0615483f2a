"""Bans, timeouts, lockdown and rules on a real database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest

from realtime.topics import Topic
from server.domains.safety.errors import BadRules, Banned, NoSuchBan, NotYourself, Protected
from server.domains.safety.models import Caller, Rules, Said, Verdict, WordRule
from server.domains.safety.schemas import TrialShown
from server.kit.errors import AppError, Forbidden, Invalid
from server.kit.scope import Actor, Origin, Scope
from server.wiring import Wiring
from tests.server.domains.voices import Heard, id_of

PHONE, HOME = "Mozilla/5.0 (Phone)", "203.0.113.7"


def person(system: Scope, *roles: str, name: str = "Ann") -> Scope:
    return Scope(system.tenant, Actor("person", uuid4(), name, frozenset(roles or ("member",))))


def guest(system: Scope, device: str = PHONE, address: str = HOME) -> Scope:
    return Scope(system.tenant, Actor("guest", uuid4(), "Troll"), Origin(device=device, address=address))


async def says(wiring: Wiring, scope: Scope, text: str = "hello") -> str:
    """Ask the guard as a slice would that takes words; return the act or the code."""
    async with wiring.database.transaction(scope) as tx:
        caller = Caller(id_of(scope), scope.origin.device, scope.origin.address)
        guard = await wiring.safety.guard(tx, [caller])
        found = guard.judge(id_of(scope), Said(text, guest=scope.actor.kind == "guest"))
    return found.code if isinstance(found, AppError) else found.act


async def test_a_ban_covers_account_device_and_address(wiring: Wiring, system: Scope) -> None:
    """What a person was seen with is covered as asked: the same browser at home, all of the home, nobody else."""
    host, troll = person(system, "moderator"), guest(system)
    assert await says(wiring, troll) == "take"
    await wiring.safety.ban(host, id_of(troll), "Troll", kinds=("account", "device"))
    assert await says(wiring, troll) == "banned"
    assert await says(wiring, guest(system)) == "banned"
    assert await says(wiring, guest(system, device="Another browser")) == "take"
    assert await says(wiring, guest(system, address="203.0.113.8")) == "take"
    await wiring.safety.ban(host, id_of(troll), "Troll", kinds=("address",))
    assert await says(wiring, guest(system, device="Another browser")) == "banned"
    assert await says(wiring, guest(system, address="203.0.113.8")) == "take"


async def test_the_door_knows_bans(wiring: Wiring, system: Scope) -> None:
    """Who is banned is refused at the door at once; hosts come in from a banned address, anonymous readers do not."""
    host, troll = person(system, "moderator"), guest(system)
    await says(wiring, troll)
    await wiring.safety.admit(troll)
    await wiring.safety.ban(host, id_of(troll), "Troll", kinds=("account", "address"))
    for scope in (troll, guest(system), Scope(system.tenant, Actor(), troll.origin)):
        with pytest.raises(Banned):
            await wiring.safety.admit(scope)
    await wiring.safety.admit(msgspec.structs.replace(person(system, "moderator"), origin=troll.origin))
    await wiring.safety.admit(Scope(system.tenant))


async def test_a_ban_is_undone(wiring: Wiring, system: Scope) -> None:
    """Lifting frees account and device at once, a second time changes nothing, and the list tells who did what."""
    host, troll = person(system, "moderator"), guest(system)
    await says(wiring, troll)
    ban = await wiring.safety.ban(host, id_of(troll), "Troll", kinds=("account", "device"), reason="spam")
    assert [b.id for b in await wiring.safety.bans(host)] == [ban.id]
    lifted = await wiring.safety.lift(host, ban.id)
    assert lifted == await wiring.safety.lift(person(system, "owner", name="Olga"), ban.id)
    assert lifted.lifted_by_name == "Ann"
    assert await says(wiring, troll) == "take"
    await wiring.safety.admit(troll)
    assert await wiring.safety.bans(host) == []
    [kept] = await wiring.safety.bans(host, active=False)
    assert (kept.reason, kept.kinds) == ("spam", ("account", "device"))
    with pytest.raises(NoSuchBan):
        await wiring.safety.lift(host, uuid4())


async def test_a_ban_runs_out(wiring: Wiring, system: Scope) -> None:
    """A ban with an end says until when and is over afterwards; an end in the past is refused."""
    host, troll = person(system, "moderator"), guest(system)
    now = datetime.now(UTC)
    with pytest.raises(Invalid) as caught:
        await wiring.safety.ban(host, id_of(troll), "Troll", expires_at=now)
    assert caught.value.errors[0].pointer == "/expires_at"
    await wiring.safety.ban(host, id_of(troll), "Troll", expires_at=now + timedelta(seconds=3))
    assert await says(wiring, troll) == "banned"
    await asyncio.sleep(3.1)
    assert await says(wiring, troll) == "take"
    assert await wiring.safety.bans(host) == []


async def test_sockets_are_told(wiring: Wiring, system: Scope) -> None:
    """A ban closes the person's sockets and rechecks who shares the device, at once and in the log that heals."""
    host, troll, twin = person(system, "moderator"), guest(system), guest(system)
    for scope in (troll, twin, guest(system, address="198.51.100.9")):
        await says(wiring, scope)
    heard = Heard()
    wiring.database.announcer = heard
    await wiring.safety.ban(host, id_of(troll), "Troll", kinds=("account", "device"))
    orders = [(o.act, o.person, o.code) for p in heard.publications for o in p.orders]
    assert orders == [("kick", str(id_of(troll)), 4504), ("recheck", str(id_of(twin)), 0)]
    events = await wiring.log.read(Topic(system.tenant.id, "control", "people"), 0, 10)
    assert [(e.event, e.entity) for e in events] == [
        ("kick", str(id_of(troll))),
        ("recheck", str(id_of(twin))),
    ]


async def test_staff_is_not_for_moderators(wiring: Wiring, system: Scope) -> None:
    """A moderator restrains neither staff nor themselves; members may do nothing of it."""
    host = person(system, "moderator")
    async with wiring.database.transaction(system) as tx:
        pastor = await wiring.accounts.open(
            tx, system, email="pia@grace.test", name="Pia", roles=frozenset({"pastor"})
        )
    with pytest.raises(Protected):
        await wiring.safety.ban(host, pastor.id, "Pia")
    with pytest.raises(Protected):
        await wiring.safety.timeout(host, pastor.id, "Pia", 5)
    await wiring.safety.timeout(person(system, "admin"), pastor.id, "Pia", 5)
    with pytest.raises(NotYourself):
        await wiring.safety.ban(host, id_of(host), "Ann")
    for scope in (person(system), guest(system)):
        with pytest.raises(Forbidden):
            await wiring.safety.ban(scope, uuid4(), "Somebody")


async def test_a_shadow_hold_is_silent(wiring: Wiring, system: Scope) -> None:
    """A timeout tells the person's screens, a shadow hold tells nobody; both are in the list until released."""
    host, one = person(system, "moderator"), guest(system)
    heard = Heard()
    wiring.database.announcer = heard
    await wiring.safety.shadow(host, id_of(one), "Troll")
    assert [p for p in heard.publications if p.passing or p.events or p.orders] == []
    assert await says(wiring, one) == "shadow"
    await wiring.safety.timeout(host, id_of(one), "Troll", 10)
    [told] = [passing for p in heard.publications for passing in p.passing]
    assert (told.topic, told.event) == (Topic(system.tenant.id, "me", str(id_of(one))), "timeout")
    assert [r.kind for r in await wiring.safety.restraints(host)] == ["timeout", "shadow"]
    for kind in ("timeout", "shadow", "shadow"):
        await wiring.safety.release(host, id_of(one), kind)  # type: ignore[arg-type]
    assert await wiring.safety.restraints(host) == []
    assert await says(wiring, one) == "take"


async def test_rules_hold_at_once_and_are_a_churchs_own(
    wiring: Wiring, system: Scope, other_system: Scope
) -> None:
    """New rules hold for the next text, in this church only; a rule that cannot be used changes nothing."""
    owner = person(system, "owner")
    assert await says(wiring, guest(system), "casino") == "take"
    rules = Rules(words=(WordRule("casino", "refuse"),))
    assert await wiring.safety.set_rules(owner, rules) == rules
    assert await says(wiring, guest(system), "casino") == "word_refused"
    assert await says(wiring, guest(other_system), "casino") == "take"
    with pytest.raises(BadRules):
        await wiring.safety.set_rules(owner, Rules(words=(WordRule("*"),)))
    assert (await wiring.safety.rules(owner))[1] == rules
    with pytest.raises(Forbidden):
        await wiring.safety.set_rules(person(system, "moderator"), Rules())


async def test_lockdown_is_told_once(wiring: Wiring, system: Scope) -> None:
    """Locking twice is one change; who locked is kept."""
    host = person(system, "moderator")
    first = await wiring.safety.lock(host, locked=True)
    assert first.locked_by == "Ann"
    assert await wiring.safety.lock(person(system, "owner", name="Olga"), locked=True) == first
    assert await says(wiring, guest(system)) == "lockdown"
    assert (await wiring.safety.lock(host, locked=False)).locked_at is None
    assert await says(wiring, guest(system)) == "take"
    actions = [entry.action for entry in await wiring.audit.page(system)]
    assert actions == ["lockdown.ended", "lockdown.set"]


async def test_the_guard_waits_for_a_ban_under_way(wiring: Wiring, system: Scope) -> None:
    """Who asks while a ban is being written learns of the ban, not of the time before."""
    host, one = person(system, "moderator"), guest(system)
    await says(wiring, one)
    async with wiring.database.transaction(one) as tx:
        await wiring.safety.guard(tx, [Caller(id_of(one))])
        banning = asyncio.create_task(wiring.safety.ban(host, id_of(one), "Troll"))
        asking = asyncio.create_task(asyncio.sleep(0.2))
        await asking
        assert not banning.done()
    await banning
    assert await says(wiring, one) == "banned"


async def test_no_device_or_address_is_stored(wiring: Wiring, system: Scope) -> None:
    """The tables hold keyed hashes only, and forget them after their time."""
    await says(wiring, guest(system))
    async with wiring.database.transaction(system) as tx:
        rows = await tx.connection.fetch("select kind, value from safety_traces order by kind")
        assert [(row["kind"], len(row["value"])) for row in rows] == [("address", 32), ("device", 32)]
        everything = b" ".join(row["value"] for row in rows)
        assert PHONE.encode() not in everything
        assert HOME.encode() not in everything
        await tx.connection.execute("update safety_traces set seen_at = now() - interval '31 days'")
    assert await wiring.safety.trim(system) == 2


def test_a_need_is_found_for_other_slices(wiring: Wiring) -> None:
    """Prayer and chat ask the same list."""
    assert wiring.safety.crisis("I want to die") == "self_harm"
    assert wiring.safety.crisis("Peace be with you") == ""
    assert Verdict().act == "take"


async def test_a_ban_has_its_turn(wiring: Wiring, system: Scope) -> None:
    """However many judge without a pause, overlapping one another, a ban waits for those before it only."""
    host, one = person(system, "moderator"), guest(system)
    await says(wiring, one)
    over = asyncio.Event()

    async def judge_again(delay: float) -> None:
        await asyncio.sleep(delay)
        while not over.is_set():
            async with wiring.database.transaction(one) as tx:
                await wiring.safety.guard(tx, [Caller(id_of(one))])
                await asyncio.sleep(0.1)

    judges = [asyncio.create_task(judge_again(n * 0.03)) for n in range(3)]
    await asyncio.sleep(0.3)
    async with asyncio.timeout(20):
        await wiring.safety.ban(host, id_of(one), "Troll")
    over.set()
    await asyncio.gather(*judges)


@pytest.mark.parametrize(
    ("text", "act", "reason"),
    [
        ("Good morning!", "take", ""),
        ("the c a s i n o is open", "refuse", "word_refused"),
        ("see https://evil.example", "hold", "link"),
        ("I want to kill myself", "hold", "crisis"),
    ],
)
async def test_rules_are_tried_without_holding(
    wiring: Wiring, system: Scope, text: str, act: str, reason: str
) -> None:
    """Rules that hold nowhere are tried on words that nobody said, by hosts only; nothing is changed by it."""
    host = person(system, "moderator")
    rules = Rules(words=(WordRule("casino", "refuse"),))
    before = await wiring.safety.rules(host)
    shown = TrialShown.of(wiring.safety.try_rules(host, rules, text, guest=True))
    assert (shown.act, shown.reason) == (act, reason)
    assert await wiring.safety.rules(host) == before
    with pytest.raises(Forbidden):
        wiring.safety.try_rules(person(system, "member"), rules, text, guest=True)
    with pytest.raises(BadRules):
        wiring.safety.try_rules(host, Rules(words=(WordRule("*"),)), text, guest=True)
