"""P4: acknowledged, committed messages a second through sockets; into one room, 16 rooms, 16 churches.

The peer is the same statement stream without group commit: one transaction a message, from the same pool.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID, uuid4

import msgspec

from server.cli.bench.report import Report, judged, middle
from server.cli.bench.stage import Room, Stage
from server.domains.chat.models import Post
from server.kit.scope import Actor, Scope
from server.wiring import Wiring, build

BODY = "x" * 60
TARGETS = {"P4_acked_per_s": "≥ 5,000", "P4_ratio_to_single": "≥ 8"}
LIMITS = {
    "P4_acked_per_s": "the application's one core: reading frames, judging drafts and encoding events in Python",
    "P4_ratio_to_single": "one transaction a message does without sockets here; and a fast disk makes COMMIT cheap",
}
SHAPES = {"1_room": (1, 1), "16_rooms": (1, 16), "16_churches": (16, 1)}


def sends(*, writers: int = 256, seconds: float = 5.0, rounds: int = 3) -> Report:
    """Measure each shape and one transaction a message, in turn."""
    found: dict[str, list[float]] = {name: [] for name in (*SHAPES, "single")}
    for number in range(rounds):
        with Stage(workers=1) as stage:
            rooms = {name: _rooms(stage, *shape, writers) for name, shape in SHAPES.items()}
            found["single"].append(asyncio.run(_single(stage, rooms["1_room"][0], min(writers, 64), seconds)))
            stage.start()
            for name, places in rooms.items():
                found[name].append(_measure(stage, places, writers, seconds, number))
    figures = {
        "P4_acked_per_s": middle(found["1_room"]),
        "P4_acked_per_s_16_rooms": middle(found["16_rooms"]),
        "P4_acked_per_s_16_churches": middle(found["16_churches"]),
        "P4_single_per_s": middle(found["single"]),
        "P4_ratio_to_single": middle([a / b for a, b in zip(found["1_room"], found["single"], strict=True)]),
    }
    params: dict[str, object] = {"writers": writers, "seconds": seconds, "rounds": rounds}
    return judged(Report("sends", params, figures, targets=TARGETS), LIMITS)


def _rooms(stage: Stage, churches: int, rooms: int, writers: int) -> list[Room]:
    return stage.rooms(churches=churches, rooms=rooms, guests=max(1, writers // (churches * rooms)))


def _measure(stage: Stage, rooms: list[Room], writers: int, seconds: float, number: int) -> float:
    crowd = stage.crowd([room.place for room in rooms])
    try:
        crowd.ask("connect", count=writers)
        crowd.ask("sends", writers=writers, seconds=1, run=number << 8 | 1, body=BODY)  # warm
        answer: dict[str, Any] = crowd.ask(
            "sends", writers=writers, seconds=seconds, run=number << 8 | 2, body=BODY
        )
    finally:
        crowd.close()
    if answer["refused"] or answer["acked"] < answer["sent"]:
        raise RuntimeError(f"the run is not whole: {answer}")
    return float(answer["acked"] / answer["seconds"])


async def _single(stage: Stage, room: Room, writers: int, seconds: float) -> float:
    """Write one transaction a message with the pool of a web process, without sockets."""
    wiring = build(stage.settings)
    await wiring.start()
    try:
        church = await wiring.tenants.by_slug(room.church)
        system = Scope.system(church.ref)
        end = time.perf_counter() + seconds
        counts = await asyncio.gather(*(_write(wiring, system, room, end) for _ in range(writers)))
        return sum(counts) / seconds
    finally:
        await wiring.stop()


async def _write(wiring: Wiring, system: Scope, room: Room, end: float) -> int:
    actor = Actor("guest", uuid4(), "Guest")
    post = Post(Scope(system.tenant, actor), UUID(room.topic.partition(":")[2]), uuid4(), BODY)
    count = 0
    while time.perf_counter() < end:
        draft = msgspec.structs.replace(post, id=uuid4())
        (answer,) = await wiring.chat.post_many(system, [draft])
        if isinstance(answer, Exception):
            raise answer
        count += 1
    return count
