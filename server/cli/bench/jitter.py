"""R2: sockets cut every 15 s for 2 s while people talk; everything acknowledged reaches everyone within 30 s.

The peers do the same without a memory of what was said: Socket.IO as it comes, and a bare ws server.
"""

from __future__ import annotations

from typing import Any

from server.cli.bench.fanout import BODY, PAYLOAD
from server.cli.bench.peers import NAMES, peer, versions
from server.cli.bench.report import Report, judged
from server.cli.bench.stage import Stage

TARGETS = {"R2_delivered_percent": "100.00", "R2_replay_p99_ms": "≤ 5,000", "R2_snapshots_percent": "≤ 1"}


LIMITS = {
    "R2_delivered_percent": "this is a fault: find which messages were missed, or late",
    "R2_replay_p99_ms": "joins of who comes back wait for one another on the application's core",
    "R2_snapshots_percent": "300 events are kept for who comes back: at this rate they were away for longer",
}


def jitter(
    *,
    clients: int = 2000,
    seconds: float = 60.0,
    every: float = 15.0,
    away: float = 2.0,
    rate: float = 10.0,
    patience: float = 30.0,
) -> Report:
    """Measure ourselves with two web processes, then the peers; `patience` is how long a message may take."""
    order: dict[str, Any] = {
        "seconds": seconds, "every": every, "away": away, "rate": rate, "patience": patience, "run": 1,
        "body": "x" * BODY,
    }  # fmt: skip
    figures = _ours(clients, order)
    peers = {NAMES[dialect]: _peer(dialect, clients, order) for dialect in NAMES}
    del order["run"], order["body"]
    report = Report("jitter", {"clients": clients, **order}, figures, peers, TARGETS)
    report.versions |= versions()
    return judged(report, LIMITS)


def _ours(clients: int, order: dict[str, Any]) -> dict[str, float]:
    with Stage(workers=2) as stage:
        (room,) = stage.rooms(guests=clients)
        stage.start()
        crowd = stage.crowd([room.place], resume=True)
        crowd.ask("connect", count=1)
        crowd.ask("say", count=1, run=0, body="first")  # an empty room has no position yet to come back with
        crowd.ask("connect", count=clients - 1)
        answer = crowd.ask("jitter", **order)
    if answer["refused"]:
        raise RuntimeError(f"the run is not whole: {answer['refused']}")
    returns = answer["recovered"] + answer["snapshots"] - clients
    return {
        "R2_delivered_percent": _delivered(answer),
        "R2_replay_p99_ms": answer["replay_p99_ms"],
        "R2_snapshots_percent": 100 * (answer["snapshots"] - clients) / max(1, returns),
        "R2_acked": answer["acked"],
        "R2_returns": returns,
        "R2_late": answer["late"],
    }


def _peer(dialect: str, clients: int, order: dict[str, Any]) -> dict[str, float]:
    with peer(dialect, resume=True) as other:
        other.crowd.ask("connect", count=clients)
        answer = other.crowd.ask("jitter", **order, frame=other.frame(PAYLOAD))
    return {"delivered_percent": _delivered(answer), "return_p99_ms": answer["replay_p99_ms"]}


def _delivered(answer: dict[str, Any]) -> float:
    """Return the share of (message, person) pairs that arrived in time."""
    lacking: int = answer["missing"] + answer["late"]
    return 100.0 * (1.0 - lacking / max(1, int(answer["expected"])))
