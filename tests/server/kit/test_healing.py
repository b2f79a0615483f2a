"""A publish that was lost is found in the wakes; a shard that was away is compared head by head."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from realtime.broker import Order
from realtime.log import Position
from realtime.topics import Topic
from server.kit.clock import Clock, SystemClock
from server.kit.errors import Unavailable
from server.kit.healing import Healing
from server.kit.log import Draft
from server.kit.scope import Scope
from server.wiring import Wiring


class Node:
    """Collects what healing tells a node that has sessions of these churches."""

    def __init__(self, *tenants: str) -> None:
        self._tenants = set(tenants)
        self.woken: dict[Topic, Position] = {}
        self.compared: list[set[str]] = []
        self.orders: list[Order] = []
        self.ages: list[float] = []

    def tenants(self) -> set[str]:
        return self._tenants

    def wake(self, topic: Topic, position: Position) -> None:
        self.woken[topic] = position

    async def reconcile(self, tenants: Iterable[str] | None = None) -> None:
        self.compared.append(set(tenants) if tenants is not None else set())

    def obey(self, tenant: str, orders: Iterable[Order]) -> None:
        found = list(orders)
        assert all(0.0 <= order.age < 60.0 for order in found)
        self.ages += [order.age for order in found if order.act == "kick"]
        self.orders += [msgspec.structs.replace(order, age=0.0) for order in found]


def healing_of(wiring: Wiring, node: Node, clock: Clock | None = None) -> Healing:
    return Healing(wiring.database, node, wiring.log, clock or SystemClock(), wiring.shard_of)


async def append(wiring: Wiring, scope: Scope, count: int = 1) -> Topic:
    topic = Topic(scope.tenant.id, "chat", "a")
    async with wiring.database.transaction(scope) as tx:
        for _ in range(count):
            tx.append(topic, Draft(uuid4(), "x.y", b"1", new=True))
    return topic


async def test_the_newest_position_of_each_topic_is_told(
    wiring: Wiring, system: Scope, other_system: Scope
) -> None:
    """The node hears the head of what was written, of its own churches only."""
    topic = await append(wiring, system, 2)
    await append(wiring, system)
    await append(wiring, other_system)
    node = Node(system.tenant.id)
    await healing_of(wiring, node).read("main")
    assert node.woken == {topic: await wiring.log.head(topic)}
    assert not node.compared


async def test_a_node_without_sessions_asks_nothing(wiring: Wiring) -> None:
    """Without sessions there is nothing to heal, and the shard is not read."""
    healing = healing_of(wiring, Node())
    await wiring.database.close()
    await healing.read("main")
    assert healing.lag < 1


async def test_after_a_failure_heads_are_compared_once(wiring: Wiring, system: Scope) -> None:
    """A shard that was away may have lost its unlogged wakes: the node compares with the log itself."""
    node = Node(system.tenant.id)
    healing = healing_of(wiring, node)
    await wiring.database.close()
    with pytest.raises(Unavailable):
        await healing.read("main")
    await healing._try("main")
    await wiring.database.open()
    await healing.read("main")
    await healing.read("main")
    assert node.compared == [{system.tenant.id}]


async def test_half_a_minute_without_a_read_is_a_failure_too(wiring: Wiring, system: Scope) -> None:
    """When the loop was held up for longer than the span, heads are compared."""

    class Jump(SystemClock):
        ahead = 0.0

        def monotonic(self) -> float:
            return super().monotonic() + self.ahead

    clock, node = Jump(), Node(system.tenant.id)
    healing = healing_of(wiring, node, clock)
    clock.ahead = 31
    await healing.read("main")
    assert node.compared == [{system.tenant.id}]


async def control(wiring: Wiring, scope: Scope, person: UUID, act: str) -> None:
    topic = Topic(scope.tenant.id, "control", "people")
    async with wiring.database.transaction(scope) as tx:
        tx.append(topic, Draft(person, act, msgspec.json.encode({"person": person, "code": 4504})))


async def test_a_kick_whose_publish_was_lost_is_obeyed_once(wiring: Wiring, system: Scope) -> None:
    """Kicks from long before this node knew the church are past; later ones are carried out, each once."""
    old, banned, moved = uuid4(), uuid4(), uuid4()
    await control(wiring, system, old, "kick")
    async with wiring.database.shard() as connection:
        await connection.execute("delete from wakes")
    node = Node(system.tenant.id)
    healing = healing_of(wiring, node)
    await healing.read("main")
    assert node.orders == []
    await control(wiring, system, banned, "kick")
    await control(wiring, system, moved, "recheck")
    await healing.read("main")
    await healing.read("main")
    assert node.orders == [
        Order("kick", person=str(banned), code=4504),
        Order("recheck", person=str(moved)),
    ]


async def test_kicks_of_a_time_when_the_shard_was_away_are_obeyed(wiring: Wiring, system: Scope) -> None:
    """After a failure the topic itself is asked, for the wakes may be gone."""
    node = Node(system.tenant.id)
    healing = healing_of(wiring, node)
    await healing.read("main")
    person = uuid4()
    await control(wiring, system, person, "kick")
    async with wiring.database.shard() as connection:
        await connection.execute("delete from wakes")
    healing._failed.add("main")
    await healing.read("main")
    assert [order.person for order in node.orders] == [str(person)]


async def test_a_crash_between_two_reads_is_noticed(wiring: Wiring, system: Scope) -> None:
    """Postgres lost its unlogged wakes and was back before anybody asked: heads are compared all the same."""
    node = Node(system.tenant.id)
    healing = healing_of(wiring, node)
    await healing.read("main")
    await healing.read("main")
    assert not node.compared
    await append(wiring, system)
    with psycopg.connect(wiring.settings.admin_url, autocommit=True) as admin:
        admin.execute("truncate shard.wakes")
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    await until_back(wiring)
    await healing.read("main")
    await healing.read("main")
    assert node.compared == [{system.tenant.id}]


async def until_back(wiring: Wiring) -> None:
    """Wait until the database answers again."""
    while True:
        try:
            async with wiring.database.shard() as connection:
                await connection.execute("select 1")
            return
        except Unavailable:
            await asyncio.sleep(0.01)


async def test_more_connections_are_no_crash(wiring: Wiring, system: Scope) -> None:
    """A pool that grows, or gives a used connection back, is no reason to compare anything."""
    node = Node(system.tenant.id)
    healing = healing_of(wiring, node)
    await healing.read("main")
    async with wiring.database.shard(), wiring.database.shard(), wiring.database.shard():
        await healing.read("main")
    assert not node.compared


async def restored(wiring: Wiring, scope: Scope) -> None:
    """Let a church's log be that of an older day: nothing in it, and another epoch."""
    async with wiring.database.transaction(scope) as tx:
        await tx.connection.execute("delete from topic_events")
        await tx.connection.execute("update topics set head = 0, epoch = epoch + 1")
    async with wiring.database.shard() as connection:
        await connection.execute("delete from wakes")


async def test_after_a_restore_policy_is_asked_again_for_everybody(wiring: Wiring, system: Scope) -> None:
    """The first word of another epoch: what was asked before it has numbers of their own, so nobody is left out."""
    node = Node(system.tenant.id)
    healing = healing_of(wiring, node)
    await healing.read("main")
    for _ in range(3):
        await control(wiring, system, uuid4(), "recheck")
    await healing.read("main")
    node.orders.clear()
    await restored(wiring, system)
    banned = uuid4()
    await control(wiring, system, banned, "kick")
    await healing.read("main")
    assert node.orders == [Order("recheck", person=None)]
    await control(wiring, system, banned, "kick")
    await healing.read("main")
    assert node.orders[1:] == [Order("kick", person=str(banned), code=4504)]


async def test_a_kick_from_before_the_first_read_is_not_forgotten(wiring: Wiring, system: Scope) -> None:
    """Somebody may have been asked away between a church's first session and the first look at it."""
    node = Node()
    healing = healing_of(wiring, node)
    await healing.read("main")
    node._tenants.add(system.tenant.id)
    banned = uuid4()
    await control(wiring, system, banned, "kick")
    await asyncio.sleep(0.2)
    await healing.read("main")
    await healing.read("main")
    assert node.orders == [Order("kick", person=str(banned), code=4504)]
    assert node.ages[0] > 0.1  # who has come since is not meant


async def test_a_church_that_was_erased_ends_its_sockets(
    wiring: Wiring, system: Scope, other_system: Scope
) -> None:
    """Its log is gone with its schema: everybody is sent away, again until nobody is left, and others heal on."""
    church = await wiring.tenants.create("passing", "Passing Church")
    node = Node(system.tenant.id, church.id)
    healing = healing_of(wiring, node)
    await healing.read("main")
    await wiring.tenants.delete("passing")
    node.compared.clear()
    healing._failed.add("main")
    for _ in range(2):
        await healing.read("main")
    assert node.orders == [Order("kick", code=4501, reason="not allowed in")] * 2
    assert node.compared == [{system.tenant.id}]


async def test_a_fault_of_the_database_ends_no_healing(wiring: Wiring, system: Scope) -> None:
    """Whatever Postgres answers to one read, the next one is tried."""
    healing = healing_of(wiring, Node(system.tenant.id))
    with psycopg.connect(wiring.settings.owner_url, autocommit=True) as owner:
        owner.execute("alter table shard.wakes rename to wakes_away")
        await healing._try("main")
        owner.execute("alter table shard.wakes_away rename to wakes")
    await healing.read("main")


async def test_a_shard_that_is_away_holds_up_no_other(wiring: Wiring, system: Scope) -> None:
    """Only churches of the shard that failed are compared."""
    node = Node(system.tenant.id, "elsewhere0000000")
    healing = Healing(wiring.database, node, wiring.log, SystemClock(), {
        system.tenant.id: "main", "elsewhere0000000": "far"
    }.__getitem__)  # fmt: skip
    healing._failed.add("main")
    await healing.read("main")
    assert node.compared == [{system.tenant.id}]
