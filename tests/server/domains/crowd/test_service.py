"""What passes is told at most once a second."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import msgspec

from realtime.broker import Publication
from realtime.topics import Topic
from server.domains.crowd.service import MOST_COUNT, MOST_KINDS, CrowdService
from server.kit.scope import Actor, Scope, TenantRef
from tests.server.domains.voices import Heard

TENANT = TenantRef("g" * 16, "grace", "Grace")
TOPIC = Topic(TENANT.id, "chat", "a")


def guest(name: str) -> Scope:
    return Scope(TENANT, Actor("guest", uuid4(), name))


def frames(heard: Heard) -> Sequence[tuple[str, str, Any]]:
    return [
        (passing.kind, passing.event, msgspec.json.decode(passing.data))
        for publication in heard.publications
        for passing in publication.passing
    ]


async def test_a_thousand_hearts_are_two_frames() -> None:
    """What comes in one tick is told at once, what comes within the next second is told together."""
    heard = Heard()
    crowd, loop = CrowdService(heard), asyncio.get_running_loop()
    begun = loop.time()
    for _ in range(10):
        crowd.float(guest("A"), TOPIC, "❤️")
    await asyncio.sleep(0.05)
    assert frames(heard) == [("gathered", "floats", {"emoji": {"❤️": 10}})]
    for _ in range(990):
        crowd.float(guest("A"), TOPIC, "❤️")
    crowd.float(guest("A"), TOPIC, "🙏")
    async with asyncio.timeout(20):
        while len(frames(heard)) == 1:
            await asyncio.sleep(0.01)
    assert loop.time() - begun > 0.95
    assert frames(heard)[1:] == [("gathered", "floats", {"emoji": {"❤️": MOST_COUNT, "🙏": 1}})]
    await asyncio.sleep(1.2)
    assert len(frames(heard)) == 2
    assert len(crowd._done) == 0


async def test_typists_are_named_up_to_five() -> None:
    """Twenty who type are five names and a count; one who types twice is one."""
    heard = Heard()
    crowd = CrowdService(heard)
    people = [guest(f"G{n}") for n in range(20)]
    for scope in people * 2:
        crowd.typing(scope, TOPIC, scope.actor.name)
    await asyncio.sleep(0.05)
    [(kind, event, data)] = frames(heard)
    assert (kind, event, data["count"]) == ("gathered", "typing", 20)
    assert [typist["name"] for typist in data["people"]] == [f"G{n}" for n in range(5)]


async def test_kinds_are_bounded() -> None:
    """A frame holds at most so many different emoji."""
    heard = Heard()
    crowd = CrowdService(heard)
    for n in range(100):
        crowd.float(guest("A"), TOPIC, chr(0x1F600 + n))
    await asyncio.sleep(0.05)
    assert len(frames(heard)[0][2]["emoji"]) == MOST_KINDS


async def test_topics_do_not_mix() -> None:
    """Each topic has its own frames."""
    heard = Heard()
    crowd = CrowdService(heard)
    other = Topic(TENANT.id, "chat", "b")
    crowd.float(guest("A"), TOPIC, "❤️")
    crowd.float(guest("A"), other, "🙏")
    await asyncio.sleep(0.05)
    assert sorted(p.topic.key for publication in heard.publications for p in publication.passing) == [
        "a",
        "b",
    ]


class House:
    """Several processes' crowds; what one tells all hear, as over the broker."""

    def __init__(self, processes: int) -> None:
        self.crowds = [CrowdService(self) for _ in range(processes)]
        self.shown: list[list[tuple[str, Any]]] = [[] for _ in self.crowds]
        for crowd, shown in zip(self.crowds, self.shown, strict=True):
            crowd.show = lambda passing, to=shown: to.append(
                (passing.event, msgspec.json.decode(passing.data))
            )

    def committed(self, scope: Scope, publication: Publication, *, signals: bool) -> None:
        for crowd in self.crowds:
            for passing in publication.passing:
                assert passing.kind == "gathered"
                crowd.hear(passing)


async def test_one_frame_a_second_whatever_the_number_of_processes() -> None:
    """Hearts thrown at five processes are one frame for everybody, and no more than one a second after it."""
    house, loop = House(5), asyncio.get_running_loop()
    began = loop.time()
    while loop.time() - began < 1.5:
        for crowd in house.crowds:
            crowd.float(guest("A"), TOPIC, "❤️")
        await asyncio.sleep(0.02)
    seconds = loop.time() - began
    for shown in house.shown:
        assert 1 <= len(shown) <= seconds + 1
        assert all(event == "floats" for event, _ in shown)
    while len(house.crowds[0]._heard):
        await asyncio.sleep(0.05)
    assert house.shown[0][-1] == house.shown[1][-1]


async def test_typists_of_several_processes_are_told_together() -> None:
    """Those with a name are named up to five; one who types at two processes counts once."""
    house = House(2)
    people = [guest(f"G{n}") for n in range(3)]
    for number, scope in enumerate((*people, people[0])):
        house.crowds[number % 2].typing(scope, TOPIC, scope.actor.name)
    await asyncio.sleep(0.05)
    [(event, data)] = house.shown[0]
    assert event == "typing"
    assert {typist["name"] for typist in data["people"]} == {"G0", "G1", "G2"}
    assert data["count"] == 3
