"""P1 to P3: what a delivered chat message costs, the whole path, beside Socket.IO and ws on the same bytes.

Socket in → batch → COMMIT → Valkey → sequencer → sockets out, for us; for the peers a broadcast that stores nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.cli.bench.peers import NAMES, Peer, floor, peer, versions
from server.cli.bench.report import Report, judged, middle
from server.cli.bench.stage import Stage

FLIGHTS = (1, 8, 32)
WARMING = (8, 1)  # before anything is measured, each for …
WARM = 2.0  # … seconds: statements are prepared, V8 compiles, and what was lingered for is over
PAYLOAD = (
    360  # bytes of a real `message.posted` with a short body, at least 350; a run takes what it measures
)
BODY = 60  # characters of our body
LEAST_PAYLOAD = 350
SIZES = (500, 8000)  # the other sizes at which the cost of a delivery must be the same
TARGETS = {
    "P1_ratio_to_socketio": "≤ 0.65",
    "P2_ratio_to_ws": "≤ 0.08",
    "P2_deliveries_ratio_to_ws": "≥ 8",
    "P2_p99_ms": "≤ 250",
    "P3_ratio_to_socketio": "≤ 0.8",
}


LIMITS = {
    "P1_ratio_to_socketio": "one message at a time is one send(2) a client for everybody: see the floor, which does "
    "nothing else; COMMIT, Valkey and the reply come on top of ours",
    "P2_ratio_to_ws": "writes are shared by the messages that wait together; fewer wait when the machine is busy",
    "P2_deliveries_ratio_to_ws": "deliveries end where the load generator's one core does, which reads all of ours",
    "P2_p99_ms": "the hub waits longer for company when a round of writing takes longer",
    "P3_ratio_to_socketio": "our message is committed before anybody has it, 3 ms that theirs does not have; and what "
    "the 99th percentile has above the median is the machine's: the floor has as much",
}


def fanout(
    *, clients: int = 2000, seconds: float = 5.0, rounds: int = 3, sizes: Sequence[int] = SIZES
) -> Report:
    """Measure ourselves and the peers in turn, `rounds` times; figures are medians. Then all of us at other sizes."""
    ours: dict[int, list[dict[str, float]]] = {flight: [] for flight in FLIGHTS}
    theirs: dict[str, dict[int, list[dict[str, float]]]] = {
        name: {flight: [] for flight in FLIGHTS} for name in NAMES
    }
    least: list[dict[str, float]] = []
    for number in range(rounds):
        _ours(ours, clients, seconds, number)
        payload = payload_of(ours[1][-1])
        for dialect, found in theirs.items():
            _peer(dialect, found, clients, seconds, payload)
        least.append(_floor(clients, seconds, payload))
    report = _report(ours, theirs, {"clients": clients, "seconds": seconds, "rounds": rounds})
    report.figures["P1_floor_us_per_delivery"] = middle([found["cpu_us"] for found in least])
    report.figures["P3_floor_p50_ms"] = middle([found["p50_ms"] for found in least])
    report.figures["P3_floor_p99_ms"] = middle([found["p99_ms"] for found in least])
    report.figures["P1_ratio_to_floor"] = middle(
        [mine["cpu_us"] / found["cpu_us"] for mine, found in zip(ours[1], least, strict=True)]
    )
    _grow(report, sizes, seconds)
    return judged(report, LIMITS)


def growth(sizes: Sequence[int] = (500, 2000, 8000), *, seconds: float = 5.0) -> Report:
    """Measure ourselves and the peers at several sizes alone: the cost of a delivery must stay flat."""
    report = Report("fanout-growth", {"seconds": seconds}, {}, {name: {} for name in NAMES.values()})
    _grow(report, sizes, seconds)
    report.versions |= versions()
    return report


def _grow(report: Report, sizes: Sequence[int], seconds: float) -> None:
    """Add one round at each size."""
    report.params["sizes"] = list(sizes)
    for clients in sizes:
        ours: dict[int, list[dict[str, float]]] = {flight: [] for flight in FLIGHTS}
        _ours(ours, clients, seconds, clients)
        report.figures |= {
            f"P1_cpu_us_per_delivery_{clients}": ours[1][0]["cpu_us"],
            f"P2_cpu_us_per_delivery_{clients}": ours[32][0]["cpu_us"],
            f"P2_deliveries_per_s_{clients}": ours[32][0]["per_s"],
        }
        for dialect, name in NAMES.items():
            theirs: dict[int, list[dict[str, float]]] = {flight: [] for flight in FLIGHTS}
            _peer(dialect, theirs, clients, seconds, payload_of(ours[1][0]))
            report.peers[name] |= {
                f"cpu_us_{flight}_in_flight_{clients}": theirs[flight][0]["cpu_us"] for flight in (1, 32)
            }


def payload_of(found: dict[str, float]) -> int:
    """Return the bytes of one of our events as measured; the peers send as many. Raise for less than is asked for."""
    if found["bytes"] < LEAST_PAYLOAD:
        raise RuntimeError(f"an event has {found['bytes']:.0f} bytes; P1 is about at least {LEAST_PAYLOAD}")
    return round(found["bytes"])


def _ours(found: dict[int, list[dict[str, float]]], clients: int, seconds: float, number: int) -> None:
    with Stage(workers=1) as stage:
        (room,) = stage.rooms(guests=clients)
        stage.start()
        crowd = stage.crowd([room.place])
        crowd.ask("connect", count=clients)
        for at, flight in enumerate(WARMING):
            warming: dict[str, Any] = {"run": (number << 8) + 64 + at, "body": "x" * BODY}
            crowd.ask("broadcast", in_flight=flight, seconds=WARM, senders=min(clients, 200), **warming)
        for flight in FLIGHTS:
            before = stage.cpu()
            order: dict[str, Any] = {"run": (number << 8) + flight, "body": "x" * BODY}
            answer = crowd.ask(
                "broadcast", in_flight=flight, seconds=seconds, senders=min(clients, 200), **order
            )
            used = {part: value - before[part] for part, value in stage.cpu().items()}
            found[flight].append(_figures(answer, used["narthex"], used))


def _floor(clients: int, seconds: float, payload: int) -> dict[str, float]:
    """Measure what one write to each client costs a process that does nothing else."""
    with floor() as other:
        return _broadcast(other, 1, clients, seconds, payload)


def _peer(
    dialect: str, found: dict[int, list[dict[str, float]]], clients: int, seconds: float, payload: int
) -> None:
    with peer(dialect) as other:
        for flight in FLIGHTS:
            found[flight].append(_broadcast(other, flight, clients, seconds, payload))


def _broadcast(other: Peer, flight: int, clients: int, seconds: float, payload: int) -> dict[str, float]:
    frame = other.frame(payload)
    if flight == FLIGHTS[0]:
        other.crowd.ask("connect", count=clients)
        for warming in WARMING:
            other.crowd.ask(
                "broadcast", in_flight=warming, seconds=WARM, senders=min(clients, 200), frame=frame
            )
    before = other.cpu()
    order = {"in_flight": flight, "seconds": seconds, "senders": min(clients, 200), "frame": frame}
    return _figures(other.crowd.ask("broadcast", **order), other.cpu() - before, {})


def _figures(answer: dict[str, Any], cpu: float, parts: dict[str, float]) -> dict[str, float]:
    if answer["done"] < answer["messages"] or answer["lost"] or answer["refused"]:
        raise RuntimeError(f"the run is not whole: {answer}")
    deliveries = answer["deliveries"]
    return {
        "cpu_us": cpu / deliveries * 1e6,
        "per_s": deliveries / answer["seconds"],
        "p50_ms": answer["p50_ms"],
        "p99_ms": answer["p99_ms"],
        "bytes": answer["bytes"] / deliveries,
        **{f"{part}_us": used / deliveries * 1e6 for part, used in parts.items()},
    }


def _report(
    ours: dict[int, list[dict[str, float]]],
    theirs: dict[str, dict[int, list[dict[str, float]]]],
    params: dict[str, object],
) -> Report:
    def of(found: dict[int, list[dict[str, float]]], flight: int, key: str) -> float:
        return middle([round[key] for round in found[flight]])

    def ratio(peer: str, flight: int, key: str) -> float:
        return middle(
            [mine[key] / their[key] for mine, their in zip(ours[flight], theirs[peer][flight], strict=True)]
        )

    figures = {
        "P1_cpu_us_per_delivery": of(ours, 1, "cpu_us"),
        "P1_ratio_to_socketio": ratio("socketio", 1, "cpu_us"),
        "P1_postgres_us_per_delivery": of(ours, 1, "postgres_us"),
        "P1_valkey_us_per_delivery": of(ours, 1, "valkey_us"),
        "P1_payload_bytes": of(ours, 1, "bytes"),
        "P2_cpu_us_per_delivery": of(ours, 32, "cpu_us"),
        "P2_ratio_to_ws": ratio("ws", 32, "cpu_us"),
        "P2_deliveries_per_s": of(ours, 32, "per_s"),
        "P2_deliveries_ratio_to_ws": ratio("ws", 32, "per_s"),
        "P2_p99_ms": of(ours, 32, "p99_ms"),
        "P3_p50_ms": of(ours, 1, "p50_ms"),
        "P3_p99_ms": of(ours, 1, "p99_ms"),
        "P3_ratio_to_socketio": ratio("socketio", 1, "p99_ms"),
    }
    peers = {
        NAMES[name]: {
            f"{key}_{flight}_in_flight": of(found, flight, key)
            for flight in FLIGHTS
            for key in ("cpu_us", "per_s", "p50_ms", "p99_ms")
        }
        for name, found in theirs.items()
    }
    report = Report("fanout", params, figures, peers, TARGETS)
    report.versions |= versions()
    return report
