"""P5 and P6: memory of an idle joined connection, joins a second of CPU, and how soon everyone is back.

Two topics a connection (the room and the person's own), presence on, tokens verified.
"""

from __future__ import annotations

import time

from server.cli.bench.peers import NAMES, peer, versions
from server.cli.bench.report import Report, judged
from server.cli.bench.stage import Stage
from server.cli.bench.wire import OWN, Place

MISSED = 100
TARGETS = {
    "P5_kib_per_connection": "≤ 28",
    "P6_joins_per_cpu_s": "≥ 800",
    "P6_caught_up_s": "≤ 15",
}


LIMITS = {
    "P5_kib_per_connection": "uvloop's transport and uvicorn's protocol object, and what an account with a name holds",
    "P6_joins_per_cpu_s": "a handshake in Python, a token's signature, a session looked up, and two snapshots",
    "P6_caught_up_s": "the replacement starts on the very core that serves who comes back",
}


def connections(*, few: int = 1_000, many: int = 10_000, rest: float = 60.0) -> Report:
    """Measure ourselves, then what Socket.IO and ws need for as many connections without topics or tokens."""
    figures = _memory(few, many, rest)
    figures["P6_caught_up_s"] = _caught_up(many)
    peers = {NAMES[dialect]: _peer(dialect, few, many, rest) for dialect in NAMES}
    report = Report("connections", {"few": few, "many": many, "rest": rest}, figures, peers, TARGETS)
    report.versions |= versions()
    return judged(report, LIMITS)


def _memory(few: int, many: int, rest: float) -> dict[str, float]:
    with Stage(workers=1) as stage:
        (room,) = stage.rooms(guests=many)
        stage.start()
        crowd = stage.crowd([Place(room.place.path, (*room.place.topics, OWN), room.place.tokens)])
        crowd.ask("connect", count=few)
        crowd.ask("idle", seconds=rest)
        before_pss = stage.pss()
        before = stage.cpu()["narthex"]
        crowd.ask("connect", count=many - few)
        used = stage.cpu()["narthex"] - before
        crowd.ask("idle", seconds=rest)
        return {
            "P5_kib_per_connection": (stage.pss() - before_pss) / (many - few) / 1024,
            "P6_joins_per_cpu_s": (many - few) / used,
        }


def _caught_up(many: int) -> float:
    """Kill the web process that everyone is on; return the seconds from the kill until all have what was said since.

    Another process takes who comes back, and one that says 100 messages; the killed one is replaced meanwhile.
    """
    with Stage(workers=1) as stage:
        (room,) = stage.rooms(guests=min(many, 2_000))
        stage.start()
        crowd = stage.crowd([room.place], resume=True)
        crowd.ask("connect", count=1)
        crowd.ask("say", count=1, run=6, body="x" * 60)  # an empty room has no position yet to come back with
        crowd.ask("connect", count=many - 1)
        stage.start_web()
        stage.until_accepts(stage.web[1].pid)
        began = time.perf_counter()
        stage.web[0].kill()
        stage.web[0].wait()
        stage.start_web()
        speaker = stage.crowd([room.place])
        speaker.ask("connect", count=1)
        if speaker.ask("say", count=MISSED, run=7, body="x" * 60)["acked"] != MISSED:
            raise RuntimeError("what is to be missed could not be said")
        answer = crowd.ask("come_back", seq=1 + MISSED, seconds=60)
        if answer["behind"]:
            raise RuntimeError(f"{answer['behind']} of {many} clients have not caught up")
        return time.perf_counter() - began


def _peer(dialect: str, few: int, many: int, rest: float) -> dict[str, float]:
    with peer(dialect) as other:
        other.crowd.ask("connect", count=few)
        other.crowd.ask("idle", seconds=rest)
        before_pss, before = other.pss(), other.cpu()
        other.crowd.ask("connect", count=many - few)
        used = other.cpu() - before
        other.crowd.ask("idle", seconds=rest)
        return {
            "kib_per_connection": (other.pss() - before_pss) / (many - few) / 1024,
            "connections_per_cpu_s": (many - few) / used,
        }
