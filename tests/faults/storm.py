"""`make faults`: R1, R5, R3 and the fuzz, one after the other; ends with one JSON line.

python -m tests.faults.storm --faults 100 --json
python -m tests.faults.storm --faults 40 --only kill_postgres,roll --seed 7
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from typing import Any

import msgspec

from tests.faults import fuzz, wounds
from tests.faults.house import House
from tests.faults.outage import MOST_SECONDS, outage
from tests.faults.place import MOST_GROWTH
from tests.faults.run import Storm
from tests.faults.slow import pairs

CLIENTS = 30
TARGETS = {"R3_p99_ratio": 1.2, "R5_delivered_s": MOST_SECONDS}


def say(line: str) -> None:
    """Tell people what happens; the JSON goes to stdout alone."""
    print(line, file=sys.stderr, flush=True)


async def _outage(storm: Storm, seconds: float) -> dict[str, Any]:
    async with storm.crowd():
        found = await outage(storm, seconds)
    say(f"Valkey gone for {seconds:.0f} s: {found}")
    if found.missing or found.pids_before != found.pids_after:
        raise SystemExit(f"not delivered while Valkey was gone, or restarted: {found}")
    return found.line()


def main() -> int:
    """Run what is asked for; return 1 when the checker found anything, something crashed, or was too slow."""
    order = _order()
    found: dict[str, Any] = {}
    crashes = 0
    say(f"seed {order.seed}")
    with House(workers=order.workers) as house:
        rooms = house.rooms(rooms=2, guests=max(100, order.clients))
        house.start()
        storm = Storm(house, rooms, clients=order.clients, rate=order.rate, seed=order.seed, say=say)
        kinds = tuple(
            kind for kind in wounds.KINDS if not order.only or kind.__name__ in order.only.split(",")
        )
        result = asyncio.run(storm.run(order.faults, kinds, pause=(0.3, 2.5)))
        found |= result.line()
        say(f"storm: {result.story()}")
        for violation in result.violations[:50]:
            say(f"  {violation.kind}: {violation.who}: {violation.what}")
        if order.all:
            calm = Storm(house, rooms, clients=20, rate=1.0, seed=order.seed, say=say)
            found |= asyncio.run(_outage(calm, 30.0))
    if order.all:
        with House(workers=1) as house:
            (room,) = house.rooms(guests=100)
            house.start()
            measured = pairs(house, room, count=10)
            say(f"one of 100 never reads: {measured}")
            if not measured.behind or measured.memory_after - measured.memory_before > MOST_GROWTH:
                raise SystemExit("it was never left behind, or the memory is not bounded")
            found |= measured.line()
        fuzzed = fuzz.many(order.seed, 100_000)
        say(f"fuzzed frames: {dict(fuzzed.answers)} {fuzzed.crashes}")
        crashes = len(fuzzed.crashes)
        found |= fuzzed.line()
    print(msgspec.json.encode(found).decode() if order.json else found)
    return 1 if crashes or result.counts.total() or _missed(found) else 0


def _missed(found: dict[str, Any]) -> bool:
    """Tell whether a figure is beyond its target, and say which; one that was not measured is not."""
    beyond = [key for key, most in TARGETS.items() if found.get(key, 0.0) > most]
    for key in beyond:
        say(f"  {key} is {found[key]}, at most {TARGETS[key]}")
    return bool(beyond)


def _order() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.storm", description=__doc__)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--rate", type=float, default=0.7, help="things each client does a second")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--only", default="", help="names of faults, with commas; see wounds.py")
    parser.add_argument("--all", action="store_true", help="R5, R3 and the fuzz as well")
    parser.add_argument("--json", action="store_true", help="end with one JSON line")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
