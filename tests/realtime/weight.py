"""What an idle connection weighs in this library, file by file: `python -m tests.realtime.weight`.

A node over transports of the tests, which keep nothing; everybody has a name, a room with presence and a topic of
their own. Prints KiB a connection as tracemalloc sees them grow, one row a file of `realtime/`; `narthex bench
connections` measures the whole process instead.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc
from pathlib import Path

import realtime
from realtime.node import Node
from tests.realtime.memory import Pipe, Plant, eventually

FEW, MANY = 500, 2_500
LEAST = 0.05  # KiB a connection below which a row is not worth a line
HOME = Path(realtime.__file__).parent


class Hollow(Pipe):
    """A transport that forgets what is written."""

    def send_framed(self, data: bytes) -> bool:
        """Count it."""
        self.writes += 1
        return True

    def writer(self) -> None:
        """Let it always be asked."""


async def weigh(few: int = FEW, many: int = MANY) -> dict[str, float]:
    """Return KiB a connection by file name, from `few` connections on to `many`."""
    plant = Plant()
    node = await plant.node()
    try:
        kept = await _enter(plant, node, 0, few)
        tracemalloc.start()
        before = _taken()
        kept += await _enter(plant, node, few, many)
        after = _taken()
        tracemalloc.stop()
    finally:
        await plant.stop()
    rows = after.compare_to(before, "filename")
    found: dict[str, float] = {}
    for row in rows:
        file = Path(row.traceback[0].filename)
        if file.parent == HOME:
            found[file.name] = row.size_diff / (many - few) / 1024
    return found


def _taken() -> tracemalloc.Snapshot:
    gc.collect()
    return tracemalloc.take_snapshot()


async def _enter(plant: Plant, node: Node, start: int, end: int) -> list[Hollow]:
    pipes: list[Hollow] = []
    for number in range(start, end):
        pipe = Hollow()
        pipe.receiver = node.connect("grace", pipe)
        topics = ("chat:hall", f"wall:{number}")
        pipe.say(
            {"type": "hello", "token": f"person{number}"},
            *({"type": "join", "ref": ref, "topic": topic} for ref, topic in enumerate(topics)),
        )
        pipes.append(pipe)
    await eventually(lambda: all(pipe.writes >= 3 for pipe in pipes))
    await asyncio.sleep(2.5)  # presence is told once a second
    return pipes


def main() -> None:
    """Print the rows, the heaviest first."""
    found = asyncio.run(weigh())
    for name, size in sorted(found.items(), key=lambda row: -row[1]):
        if size >= LEAST:
            sys.stdout.write(f"{size:6.2f} KiB  {name}\n")
    sys.stdout.write(f"{sum(found.values()):6.2f} KiB  together\n")


if __name__ == "__main__":
    main()
