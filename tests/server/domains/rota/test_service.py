"""The rota on a real database, with a clock that is turned by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from server.domains.rota.errors import BadShift, NoSuchShift
from server.domains.rota.schemas import Here, Plan, ShiftChange
from server.domains.rota.service import RotaService
from server.kit.clock import SystemClock
from server.kit.errors import Forbidden, Invalid
from server.kit.scope import Actor, Scope
from server.wiring import Wiring

NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)


class Turned(SystemClock):
    """Stands where it is put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Turned:
    return Turned(NINE)


@pytest.fixture
def rota(wiring: Wiring, clock: Turned) -> RotaService:
    return RotaService(wiring.database, wiring.audit, wiring.accounts, clock)


async def volunteer(wiring: Wiring, system: Scope, name: str, *roles: str) -> Scope:
    """Open an account and return the scope of its owner."""
    given = frozenset(roles or ("prayer_team", "member"))
    async with wiring.database.transaction(system) as tx:
        person = await wiring.accounts.open(
            tx, system, email=f"{uuid4().hex}@grace.example", name=name, roles=given, password_hash=""
        )
    return Scope(system.tenant, Actor("person", person.id, name, person.roles))


def plan(person: Scope, duty: str = "prayer", hours: float = 2) -> Plan:
    assert person.actor.id is not None
    return Plan(person.actor.id, duty, NINE, NINE + timedelta(hours=hours), "Europe/Berlin")  # type: ignore[arg-type]


def change(person: Scope, **more: Any) -> ShiftChange:
    fields = {name: getattr(plan(person), name) for name in Plan.__struct_fields__}
    return ShiftChange(**fields | more)


async def test_who_is_on_duty(rota: RotaService, clock: Turned, wiring: Wiring, system: Scope) -> None:
    """The plan says whose shift it is, each once and by duty; when it is over nobody's."""
    ruth, paul = await volunteer(wiring, system, "Ruth"), await volunteer(wiring, system, "Paul", "pastor")
    await rota.plan(paul, plan(ruth))
    await rota.plan(paul, plan(ruth, hours=1))
    await rota.plan(paul, plan(paul, "leader"))
    async with wiring.database.transaction(system) as tx:
        assert await rota.on_duty(tx, "prayer") == [ruth.actor.id]
        assert await rota.on_duty(tx, "leader") == [paul.actor.id]
        clock.at += timedelta(hours=2)
        assert await rota.on_duty(tx, "prayer") == []


async def test_being_here_ends_by_itself(
    rota: RotaService, clock: Turned, wiring: Wiring, system: Scope
) -> None:
    """Who says so is here for three minutes, longer when it is said again, and gone at a word."""
    ruth = await volunteer(wiring, system, "Ruth")
    assert [one.name for one in (await rota.be_here(ruth, Here(True, ["es"]))).here] == ["Ruth"]
    clock.at += timedelta(minutes=2)
    assert (await rota.be_here(ruth, Here(True))).here[0].since == NINE
    clock.at += timedelta(minutes=2)
    assert len((await rota.now(ruth)).here) == 1
    clock.at += timedelta(minutes=1)
    assert (await rota.now(ruth)).here == []
    await rota.be_here(ruth, Here(True))
    assert (await rota.be_here(ruth, Here(False))).here == []


async def test_only_coming_and_going_is_announced(rota: RotaService, wiring: Wiring, system: Scope) -> None:
    """Saying again that one is here is no news."""
    ruth = await volunteer(wiring, system, "Ruth")
    for here in (True, True, True, False, False):
        await rota.be_here(ruth, Here(here))
    async with wiring.database.shard() as connection:
        told = await connection.fetchval(
            "select count(*) from outbox where kind = 'rota.changed' and church = $1", system.tenant.schema
        )
    assert told == 2


async def test_a_shift_is_changed_and_taken_off(rota: RotaService, wiring: Wiring, system: Scope) -> None:
    """What is not there any more is said to be so, and the history tells who did it."""
    paul = await volunteer(wiring, system, "Paul", "pastor")
    shift = await rota.plan(paul, plan(paul))
    changed = await rota.change(paul, shift.id, change(paul, weekly=True))
    assert changed.weekly
    week = await rota.shifts(paul, NINE, NINE + timedelta(days=14, hours=1))
    assert len(week) == 3
    await rota.remove(paul, shift.id)
    with pytest.raises(NoSuchShift):
        await rota.remove(paul, shift.id)
    with pytest.raises(NoSuchShift):
        await rota.change(paul, shift.id, change(paul))
    owner = Scope(system.tenant, Actor("person", UUID(int=9), "O", frozenset({"owner"})))
    entries = await wiring.audit.page(owner)
    assert {"rota.planned", "rota.changed", "rota.removed"} <= {entry.action for entry in entries}


async def test_a_weekly_shift_is_changed_from_a_week_on(
    rota: RotaService, wiring: Wiring, system: Scope
) -> None:
    """Whose turn it was before stays on the plan; the row that the console holds is the one that goes on."""
    paul, ruth = [await volunteer(wiring, system, name, "pastor") for name in ("Paul", "Ruth")]
    shift = await rota.plan(paul, msgspec.structs.replace(plan(paul), weekly=True))
    later = {"starts_at": NINE + timedelta(days=14), "ends_at": NINE + timedelta(days=14, hours=2)}
    await rota.change(paul, shift.id, change(ruth, weekly=True, **later))
    month = await rota.shifts(paul, NINE, NINE + timedelta(days=22))
    assert [one.name for one in month] == ["Paul", "Paul", "Ruth", "Ruth"]
    assert {one.id for one in month if one.name == "Ruth"} == {shift.id}


async def test_who_cannot_be_on_duty(rota: RotaService, wiring: Wiring, system: Scope) -> None:
    """A shift is for somebody who may pray with people; a stranger's or a member's id is refused by its field."""
    paul = await volunteer(wiring, system, "Paul", "pastor")
    member = await volunteer(wiring, system, "Max", "member")
    for person in (member.actor.id, uuid4()):
        with pytest.raises(BadShift) as caught:
            await rota.plan(paul, msgspec.structs.replace(plan(paul), person=person))
        assert caught.value.errors[0].pointer == "/person"
    with pytest.raises(Forbidden):
        await rota.be_here(member, Here(True))
    with pytest.raises(Invalid):
        await rota.shifts(paul, NINE, NINE + timedelta(days=63))


async def test_what_is_over_is_forgotten(
    rota: RotaService, clock: Turned, wiring: Wiring, system: Scope
) -> None:
    """Old shifts go, and everything of a person that is to be forgotten."""
    paul = await volunteer(wiring, system, "Paul", "pastor")
    await rota.plan(paul, plan(paul))
    await rota.plan(paul, msgspec.structs.replace(plan(paul), weekly=True))
    clock.at += timedelta(days=100)
    await rota.trim(system)
    assert len(await rota.shifts(paul, NINE - timedelta(days=1), NINE + timedelta(days=1))) == 1
    async with wiring.database.transaction(system) as tx:
        assert paul.actor.id is not None
        await rota.forget(tx, paul.actor.id)
    assert await rota.shifts(paul, NINE - timedelta(days=1), NINE + timedelta(days=1)) == []
