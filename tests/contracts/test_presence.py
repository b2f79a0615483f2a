"""What every presence guarantees; the numbers are those of `realtime.presence`."""

from realtime.presence import NAMED_PEOPLE
from realtime.topics import Topic
from tests.contracts.conftest import Nodes

HALL = Topic("grace", "chat", "hall")
WALL = Topic("grace", "wall", "public")
ANNA, BEN = b'{"id":"a","name":"Anna"}', b'{"id":"b","name":"Ben"}'


async def test_the_union_of_the_nodes(nodes: Nodes) -> None:
    """A person on two nodes is one person; everyone is listed."""
    one, two = nodes.make("one"), nodes.make("two")
    await one.beat()
    await two.beat()
    await one.write({HALL: {"a": ANNA, "x": b""}})
    await two.write({HALL: {"a": ANNA, "b": BEN}, WALL: {"b": BEN}})
    views = await one.views([HALL, WALL])
    assert views[HALL].count == 3
    assert views[HALL].people == {"a": ANNA, "b": BEN, "x": b""}
    assert views[WALL].count == 1


async def test_gone_on_one_node_is_still_here_on_the_other(nodes: Nodes) -> None:
    """Only when the last node says that a person is gone, they are."""
    one, two = nodes.make("one"), nodes.make("two")
    await one.beat()
    await two.beat()
    await one.write({HALL: {"a": ANNA}})
    await two.write({HALL: {"a": ANNA}})
    await one.write({HALL: {"a": None}})
    assert (await two.views([HALL]))[HALL].count == 1
    await two.write({HALL: {"a": None}})
    view = (await two.views([HALL]))[HALL]
    assert (view.count, view.people) == (0, {})


async def test_saying_it_twice_changes_nothing(nodes: Nodes) -> None:
    """Writing the same change again counts nobody twice."""
    one = nodes.make("one")
    await one.beat()
    await one.write({HALL: {"a": ANNA}})
    await one.write({HALL: {"a": ANNA, "nobody": None}})
    assert (await one.views([HALL]))[HALL].count == 1


async def test_beyond_the_bound_only_the_sum(nodes: Nodes) -> None:
    """With more than NAMED_PEOPLE people only a count is told."""
    one, two = nodes.make("one"), nodes.make("two")
    await one.beat()
    await two.beat()
    crowd: dict[str, bytes | None] = {f"p{n}": b"" for n in range(NAMED_PEOPLE + 1)}
    await one.write({HALL: crowd})
    await two.write({HALL: {"a": ANNA}})
    view = (await one.views([HALL]))[HALL]
    assert (view.count, view.people) == (NAMED_PEOPLE + 2, None)


async def test_a_dead_node_is_forgotten(nodes: Nodes) -> None:
    """When a node stops beating, its people are gone once its lease is over, and the others are told so."""
    one, two = nodes.make("one"), nodes.make("two")
    await one.beat()
    await two.beat()
    await one.write({HALL: {"a": ANNA}})
    await two.write({HALL: {"b": BEN}})
    await nodes.outlive()
    await two.beat()
    await two.write({HALL: {"b": BEN}})
    assert (await two.views([HALL]))[HALL].people == {"b": BEN}
    assert (await two.beat())[1] == frozenset({"two"})


async def test_a_held_lease_is_told(nodes: Nodes) -> None:
    """The first beat finds no lease, the next one does, and all living nodes are named."""
    one, two = nodes.make("one"), nodes.make("two")
    assert (await one.beat())[0] is False
    assert (await two.beat())[0] is False
    assert await one.beat() == (True, frozenset({"one", "two"}))


async def test_a_lost_lease_is_told(nodes: Nodes) -> None:
    """A node that slept through its lease, or whose store came back empty, learns it from its next beat."""
    one = nodes.make("one")
    await one.beat()
    await nodes.outlive()
    assert (await one.beat())[0] is False
    await nodes.forget()
    assert (await one.beat())[0] is False
    assert (await one.views([HALL]))[HALL].count == 0


async def test_withdrawn_is_gone_at_once(nodes: Nodes) -> None:
    """A node that stops in order takes its people with it."""
    one, two = nodes.make("one"), nodes.make("two")
    await one.beat()
    await two.beat()
    await one.write({HALL: {"a": ANNA}})
    await one.withdraw()
    assert (await two.views([HALL]))[HALL].count == 0


async def test_churches_are_apart(nodes: Nodes) -> None:
    """The same topic name in two churches has two crowds."""
    one = nodes.make("one")
    await one.beat()
    await one.write({HALL: {"a": ANNA}})
    assert (await one.views([Topic("hope", "chat", "hall")]))[Topic("hope", "chat", "hall")].count == 0
