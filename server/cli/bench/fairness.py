"""While one church floods, how much later do messages of another church arrive than in peace?"""

from __future__ import annotations

import threading
from typing import Any

from server.cli.bench.report import Report, judged, middle
from server.cli.bench.stage import CrowdProcess, Room, Stage

TARGETS = {"fairness_p99_ratio": "≤ 1.5"}
LIMITS = {"fairness_p99_ratio": "both churches share one process's core; the flood is slowed, not stopped"}


def fairness(*, clients: int = 200, flooders: int = 256, seconds: float = 8.0, rounds: int = 3) -> Report:
    """Measure a quiet church alone, then beside a church whose every member sends without a pause; in turn."""
    peace: list[float] = []
    flood: list[float] = []
    sent = 0.0
    with Stage(workers=1) as stage:
        (quiet,) = stage.rooms(guests=clients)
        (loud,) = stage.rooms(guests=flooders)
        stage.start()
        crowd, mob = stage.crowd([quiet.place]), stage.crowd([loud.place])
        crowd.ask("connect", count=clients)
        mob.step_back()  # they share a core, and the one that is measured must not wait for the other
        mob.ask("connect", count=flooders)
        _p99(crowd, 2.0, 0)  # warm
        for number in range(rounds):
            peace.append(_p99(crowd, seconds, 10 * number + 1))
            p99, acked = _beside(crowd, mob, loud, flooders, seconds, 10 * number + 2)
            flood.append(p99)
            sent += acked
    figures = {
        "fairness_p99_peace_ms": middle(peace),
        "fairness_p99_flood_ms": middle(flood),
        "fairness_p99_ratio": middle([b / a for a, b in zip(peace, flood, strict=True)]),
        "fairness_flood_per_s": sent / (rounds * (seconds + 2)),
    }
    params: dict[str, object] = {
        "clients": clients,
        "flooders": flooders,
        "seconds": seconds,
        "rounds": rounds,
    }
    return judged(Report("fairness", params, figures, targets=TARGETS), LIMITS)


def _p99(crowd: CrowdProcess, seconds: float, run: int) -> float:
    answer = crowd.ask("broadcast", in_flight=1, seconds=seconds, senders=32, run=run, body="x" * 60)
    if answer["done"] < answer["messages"] or answer["refused"]:
        raise RuntimeError(f"the run is not whole: {answer}")
    return float(answer["p99_ms"])


def _beside(
    crowd: CrowdProcess, mob: CrowdProcess, loud: Room, writers: int, seconds: float, run: int
) -> tuple[float, float]:
    """Measure while the mob sends; it begins a second before and ends a second after."""
    found: dict[str, Any] = {}

    def rage() -> None:
        found.update(mob.ask("sends", writers=writers, seconds=seconds + 2, run=run, body="x" * 60))

    thread = threading.Thread(target=rage)
    thread.start()
    threading.Event().wait(1.0)
    p99 = _p99(crowd, seconds, run + 100)
    thread.join()
    return p99, float(found["acked"])
