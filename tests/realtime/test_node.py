"""Nodes together: publish, orders, churches apart, drain and stop."""

import asyncio

import msgspec
import pytest

from realtime import closes
from realtime.broker import Order, Passing, Publication
from realtime.broker_memory import MemoryBroker
from realtime.errors import Dismissed
from realtime.frames import Problem
from realtime.log import Position
from realtime.node import CLOCKS_APART
from realtime.topics import Topic
from tests.realtime.memory import Pipe, Plant, eventually

HALL = Topic("grace", "chat", "hall")
SAY = {"type": "push", "ref": 9, "topic": "chat:hall", "event": "say", "id": "m1", "data": {"b": 1}}


async def test_a_message_reaches_every_node(plant: Plant) -> None:
    """What is said on one node is heard on all, once."""
    one, two = await plant.node(), await plant.node()
    anna, ben = await plant.enter(one), await plant.enter(two, token="ben")
    anna.say(SAY)
    await eventually(lambda: bool(anna.frames("event")) and bool(ben.frames("event")))
    assert len(anna.frames("event")) == len(ben.frames("event")) == 1
    assert ben.frames("event")[0]["data"] == {"b": 1}


async def test_passing_frames_reach_every_node(plant: Plant) -> None:
    """Newest values and passing frames go to everyone in the topic, and to nobody else."""
    one, two = await plant.node(), await plant.node()
    anna, ben = await plant.enter(one), await plant.enter(two, token="ben")
    carl = await plant.enter(two, "wall:public", token="carl")
    anna.say({**SAY, "event": "wave", "data": 1}, {**SAY, "event": "count", "data": 2})
    await eventually(lambda: len(ben.frames("latest", "ephemeral")) == 2)
    await asyncio.sleep(0.01)
    assert [frame["data"] for frame in anna.frames("ephemeral", "latest")] in ([1, 2], [2, 1])
    assert carl.frames("latest", "ephemeral") == []


async def test_churches_are_apart(plant: Plant) -> None:
    """The same topic name in another church is another topic."""
    node = await plant.node()
    anna = await plant.enter(node)
    other = plant.connect(node, "hope")
    other.say({"type": "hello", "token": "anna"}, {"type": "join", "ref": 1, "topic": "chat:hall"})
    await eventually(lambda: bool(other.frames("reply")))
    anna.say(SAY)
    await eventually(lambda: bool(anna.frames("event")))
    await asyncio.sleep(0.01)
    assert other.frames("event") == []
    assert node.tenants() == {"grace", "hope"}


async def test_kicked_everywhere(plant: Plant) -> None:
    """A kick closes every connection of that person in that church, on all nodes, and nobody else's."""
    one, two = await plant.node(), await plant.node()
    pipes = [await plant.enter(one), await plant.enter(two), await plant.enter(two, "wall:public")]
    ben = await plant.enter(two, token="ben")
    other = plant.connect(two, "hope")
    other.say({"type": "hello", "token": "anna"})
    await eventually(lambda: bool(other.frames("welcome")))
    one.kick("grace", "anna", closes.BANNED)
    await eventually(lambda: all(pipe.closed is not None for pipe in pipes))
    assert {pipe.closed for pipe in pipes} == {(4504, "banned")}
    assert (ben.closed, other.closed) == (None, None)


async def test_who_has_joined_nothing_is_kicked_too(plant: Plant) -> None:
    """A node hears what is ordered about everyone who is here, whether they are in a topic or not."""
    one, two = await plant.node(), await plant.node()
    pipe = plant.connect(two)
    pipe.say({"type": "hello", "token": "anna"})
    await eventually(lambda: plant.exchange.brokers[1].listens("grace"))
    one.kick("grace", "anna", closes.BANNED)
    await eventually(lambda: pipe.closed == (4504, "banned"))


async def test_what_was_ordered_before_a_node_listened_is_made_good(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the welcome and the subscription nothing is heard; policy is asked again after it."""
    node, confirmed = await plant.node(), asyncio.Event()

    async def subscribe(broker: MemoryBroker, tenant: str) -> None:
        await confirmed.wait()

    monkeypatch.setattr(MemoryBroker, "subscribe", subscribe)
    pipe = plant.connect(node)
    pipe.say({"type": "hello", "token": "anna"})
    await eventually(lambda: bool(pipe.frames("welcome")))
    plant.door.banned.add("anna")
    node.kick("grace", "anna", closes.BANNED)
    confirmed.set()
    await eventually(lambda: pipe.closed == (4504, "banned"))


async def test_everyone_kicked(plant: Plant) -> None:
    """A kick of nobody in particular closes the whole church."""
    node = await plant.node()
    pipes = [await plant.enter(node, token=token) for token in ("anna", "ben", None)]
    node.kick("grace", None, closes.FORBIDDEN)
    await eventually(lambda: all(pipe.closed == (4503, "forbidden") for pipe in pipes))


async def test_who_came_after_a_late_kick_stays(plant: Plant) -> None:
    """A kick that is carried out late is for sessions that were there when it was asked for."""
    node = await plant.node()
    pipe = await plant.enter(node)
    node.obey("grace", [Order("kick", code=closes.FORBIDDEN.code, age=CLOCKS_APART + 20.0)])
    pipe.say({"type": "ping"})
    await eventually(lambda: bool(pipe.frames("pong")))
    assert pipe.closed is None
    node.obey("grace", [Order("kick", code=closes.FORBIDDEN.code, age=CLOCKS_APART / 2)])
    await eventually(lambda: pipe.closed is not None)


async def test_removed_from_a_topic(plant: Plant) -> None:
    """A removal ends one subscription with its reason; other topics and people stay."""
    one, two = await plant.node(), await plant.node()
    anna, ben = await plant.enter(one), await plant.enter(two, token="ben")
    anna.say({"type": "join", "ref": 2, "topic": "wall:public"})
    await eventually(lambda: len(anna.frames("reply")) == 2)
    two.leave(HALL, "anna", "removed")
    await eventually(lambda: bool(anna.frames("left")))
    assert anna.frames("left") == [{"type": "left", "topic": "chat:hall", "code": "removed"}]
    ben.say(SAY)
    await eventually(lambda: bool(ben.frames("event")))
    anna.say({**SAY, "ref": 3})
    await eventually(lambda: len(anna.frames("reply")) == 3)
    assert anna.frames("reply")[2]["error"]["code"] == "not_joined"
    assert anna.frames("event") == []
    assert anna.closed is None


async def test_policy_is_asked_again(plant: Plant) -> None:
    """A recheck asks the door and every channel again, and ends what is no longer allowed."""
    one, two = await plant.node(), await plant.node()
    anna, ben = await plant.enter(two), await plant.enter(two, token="ben")
    plant.room(two).banned.add("anna")
    one.recheck("grace", "anna")
    await eventually(lambda: bool(anna.frames("left")))
    assert anna.frames("left")[0]["code"] == "banned"
    assert ben.frames("left") == []
    plant.door.banned.add("ben")
    one.recheck("grace", "ben")
    await eventually(lambda: ben.closed is not None)
    assert ben.closed == (4504, "banned")


async def test_banned_while_joining(plant: Plant) -> None:
    """Who is removed while their join is under way does not stay in."""
    node = await plant.node()
    plant.room(node).pause = 0.05
    pipe = plant.connect(node)
    pipe.say({"type": "hello", "token": "anna"}, {"type": "join", "ref": 1, "topic": "chat:hall"})
    await eventually(lambda: plant.room(node).snapshots == 1)
    plant.room(node).banned.add("anna")
    node.leave(HALL, "anna", "removed")
    await eventually(lambda: bool(pipe.frames("left")))
    assert all(feed.members == 0 for feed in node.feeds)


async def test_a_products_errors_are_explained() -> None:
    """The product says what its own errors mean to a client."""
    plant = Plant()
    node = await plant.node(
        explain=lambda error: Problem("odd", str(error)) if isinstance(error, ValueError) else None
    )
    pipe = await plant.enter(node)
    pipe.say({**SAY, "event": "fail"})
    await eventually(lambda: len(pipe.frames("reply")) == 2)
    assert pipe.frames("reply")[1]["error"] == {"code": "odd", "detail": "a bug"}
    await plant.stop()


async def test_wakes_of_unknown_topics_are_ignored(plant: Plant) -> None:
    """A wake for a topic nobody here has joined reads nothing."""
    node = await plant.node()
    node.wake(HALL, Position("1.1", 7))
    await asyncio.sleep(0.15)
    assert plant.log.reads == 0


async def test_draining_takes_nobody_in(plant: Plant) -> None:
    """A draining node lets everyone go within its time, spread, and refuses who comes new."""
    node = await plant.node(drain_seconds=3.0)
    pipes = [await plant.enter(node, token=f"p{n}") for n in range(30)]
    node.drain()
    with pytest.raises(Dismissed) as refused:
        node.connect("grace", Pipe())
    assert refused.value.close is closes.RESTART
    await eventually(lambda: any(pipe.closed is not None for pipe in pipes))
    assert sum(pipe.closed is not None for pipe in pipes) < 30
    await eventually(lambda: all(pipe.closed == (1012, "restart") for pipe in pipes))
    await eventually(lambda: node.sessions == 0)


async def test_stopped_everything_is_closed() -> None:
    """A stopped node has closed its sessions and has no task left."""
    plant = Plant()
    before = len(asyncio.all_tasks())
    node = await plant.node()
    pipe = await plant.enter(node)
    await plant.stop()
    await asyncio.sleep(0.01)
    assert pipe.closed == (1012, "restart")
    assert len(asyncio.all_tasks()) == before


async def test_a_church_nobody_is_in_is_forgotten(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nobody of a church has been here for a while, its publications are no longer listened to."""
    node = await plant.node()
    pipe = await plant.enter(node)
    pipe.lose()
    monkeypatch.setattr("realtime.hub.IDLE_SECONDS", 0.0)
    await eventually(lambda: len(node.feeds) == 0)
    await asyncio.sleep(0.01)
    broker = plant.exchange.brokers[0]
    assert not broker.listens("grace")
    monkeypatch.undo()
    back = await plant.enter(node)
    back.say(SAY)
    await eventually(lambda: bool(back.frames("event")))


async def test_after_a_gap_everything_is_compared(plant: Plant) -> None:
    """When the broker may have missed something, events are read from the log and newest values told again."""
    node = await plant.node()
    pipe = await plant.enter(node)
    plant.log.append(HALL, "said", "m1", b"1")
    plant.room(node).newest = [Passing(HALL, "latest", "count", msgspec.Raw(b"7"))]
    plant.log.away = True
    plant.exchange.brokers[0].miss(("grace",))
    await asyncio.sleep(0.15)
    plant.log.away = False
    await eventually(lambda: bool(pipe.frames("event")) and bool(pipe.frames("latest")))
    assert pipe.frames("latest")[0]["data"] == 7


async def test_figures_count(plant: Plant) -> None:
    """What happens is counted."""
    node = await plant.node()
    anna, ben = await plant.enter(node), await plant.enter(node, token="ben", after=["1.1", 0])
    anna.say(SAY)
    await eventually(lambda: bool(ben.frames("event")))
    figures = node.figures
    assert (figures.joins, figures.pushes, figures.events) == (2, 1, 1)
    assert (figures.deliveries, figures.writes, figures.flush.count) == (2, 2, 1)
    assert figures.frames_in == 5


async def test_publishing_for_a_church_without_sessions(plant: Plant) -> None:
    """A worker's publication for a church nobody here is in is carried to the node that has it."""
    worker, node = await plant.node(), await plant.node()
    pipe = await plant.enter(node)
    logged = plant.log.append(HALL, "said", "m1", b"1")
    worker.publish("grace", Publication(events=(logged,)))
    await eventually(lambda: bool(pipe.frames("event")))


async def test_a_church_whose_subscription_failed_is_subscribed_to_by_the_next_join(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that raises once refuses one join, and is asked again by the next."""
    node = await plant.node()
    subscribe, failures = MemoryBroker.subscribe, [ConnectionError("gone")]

    async def moody(broker: MemoryBroker, tenant: str) -> None:
        if failures:
            raise failures.pop()
        await subscribe(broker, tenant)

    monkeypatch.setattr(MemoryBroker, "subscribe", moody)
    anna = await plant.enter(node)
    assert anna.frames("reply")[0]["error"]["code"] == "internal"
    anna.say({"type": "join", "ref": 2, "topic": "chat:hall"}, SAY)
    await eventually(lambda: bool(anna.frames("event")))
    assert not plant.deaths


async def test_what_is_gathered_goes_to_the_product_of_each_node(plant: Plant) -> None:
    """A gathered frame reaches no socket by itself; each node that has the topic tells its own people."""
    taken: list[list[Passing]] = [[], []]
    one, two = await plant.node(gather=taken[0].append), await plant.node(gather=taken[1].append)
    anna, ben = await plant.enter(one), await plant.enter(two, token="ben")
    hearts = Passing(HALL, "gathered", "hearts", msgspec.Raw(b"1"))
    elsewhere = Passing(Topic("grace", "chat", "empty"), "gathered", "hearts", msgspec.Raw(b"1"))
    one.publish("grace", Publication(passing=(hearts, elsewhere)))
    await eventually(lambda: taken == [[hearts], [hearts]])
    two.tell_here(Passing(HALL, "ephemeral", "hearts", msgspec.Raw(b"2")))
    await eventually(lambda: bool(ben.frames("ephemeral")))
    assert [frame["data"] for frame in ben.frames("ephemeral")] == [2]
    assert anna.frames("ephemeral") == []
