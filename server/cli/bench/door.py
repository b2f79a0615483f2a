"""P7, with accounts for members: a page of 50 through the whole house, and through nothing.

The application's CPU a request is what is compared: token, church, limits, log line and the first door on our side;
Litestar, asyncpg and the same query on the other.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator

from server.cli.bench import people
from server.cli.bench.people import Signed
from server.cli.bench.readers import Answer, Read, Readers
from server.cli.bench.report import Report, middle
from server.cli.bench.running import running
from server.cli.bench.stage import PATIENCE, SERVER_CORE, Stage, cpu_of
from server.kit import paging
from server.processes import bind_socket, spawn

TARGETS = {"P7_per_cpu_s": "≥ 1,200", "P7_p95_ms": "≤ 20", "P7_ratio_to_bare": "≥ 0.6"}
CURSORS = 400
# each person has the installation's own limit, and so many people ask that nobody reaches it; the load comes from one
# address and for one church, which are given room for it
STAFF = 400
LIMITS = {"person_per_minute": 600, "address_per_minute": 600_000, "church_per_minute": 600_000}
SEED = 7


def door(*, accounts: int = 10_000, seconds: float = 10.0, rounds: int = 3, url: str | None = None) -> Report:
    """Read pages at random places from both, in turn; then ours again at half of what it can do."""
    if url is not None:
        return _there(url, accounts, seconds, rounds)
    with Stage(workers=1, settings=LIMITS) as stage:
        made, _ = people.create(stage.settings, 1, lambda: None)
        (signed,) = people.sign_in(stage.settings, made, people=accounts, staff=min(STAFF, accounts))
        stage.start()
        with contextlib.ExitStack() as stack:
            port, bare_pid = stack.enter_context(_bare(stage, signed))
            ours, bare = Readers(stage.host, stage.port), Readers(stage.host, port)
            stack.callback(ours.close)
            stack.callback(bare.close)
            pages = _pages(signed)
            web = stage.web[0].pid
            found = [_round(ours, web, bare, bare_pid, pages, seconds) for _ in range(rounds)]
            rate = middle([answer.per_s for answer, _, _ in found]) / 2
            half = ours.read(pages[0], seconds, rate=rate)
    ours_us, bare_us = [cost for _, cost, _ in found], [cost for _, _, cost in found]
    figures = {
        "P7_per_cpu_s": 1e6 / middle(ours_us),
        "P7_cpu_us_per_read": middle(ours_us),
        "P7_bare_cpu_us_per_read": middle(bare_us),
        "P7_ratio_to_bare": middle([b / a for a, b in zip(ours_us, bare_us, strict=True)]),
        "P7_p95_ms": half.p95_ms,
        "P7_half_load_per_s": rate,
    }
    params: dict[str, object] = {"accounts": accounts, "seconds": seconds, "rounds": rounds}
    notes = [
        "Pages of accounts stand for pages of members. The rate is what one web process does beside its load.",
        f"Limits are on: {min(STAFF, accounts)} people with 600 requests a minute each.",
    ]
    return Report("door", params, figures, targets=TARGETS, notes=notes)


def _there(url: str, accounts: int, seconds: float, rounds: int) -> Report:
    """Read from an installation that runs; its limits hold, and no bare handler stands beside it."""
    with running(url, accounts=accounts, staff=min(STAFF, accounts)) as place:
        readers = Readers(place.host, place.port)
        try:
            pages, _ = _pages(place.signed)
            readers.read(pages, 1.0)  # warm
            before, answers = place.cpu(), [readers.read(pages, seconds) for _ in range(rounds)]
            used, rate = place.cpu() - before, middle([answer.per_s for answer in answers])
            half = readers.read(pages, seconds, rate=rate / 2)
        finally:
            readers.close()
    figures = {"P7_per_s": rate, "P7_p95_ms": half.p95_ms, "P7_half_load_per_s": rate / 2}
    if place.web:
        figures["P7_per_cpu_s"] = sum(answer.count for answer in answers) / used
    params: dict[str, object] = {"url": url, "accounts": accounts, "seconds": seconds, "rounds": rounds}
    return Report("door", params, figures, targets=TARGETS)


def _round(
    ours: Readers,
    web: int,
    bare: Readers,
    bare_pid: int,
    pages: tuple[list[Read], list[Read]],
    seconds: float,
) -> tuple[Answer, float, float]:
    """Measure both once; return our answer and the CPU of each in microseconds a read."""
    results = []
    for readers, pid, reads in ((ours, web, pages[0]), (bare, bare_pid, pages[1])):
        readers.read(reads, 1.0)  # warm
        before = cpu_of(pid)
        answer = readers.read(reads, seconds)
        results.append((answer, (cpu_of(pid) - before) / answer.count * 1e6))
    return results[0][0], results[0][1], results[1][1]


def _pages(signed: Signed) -> tuple[list[Read], list[Read]]:
    """Return the same random places as our path and as the bare one's."""
    draw = random.Random(SEED)  # noqa: S311 - places of a page, not a secret
    places = [draw.choice(signed.people[: max(1, len(signed.people) - 60)]) for _ in range(CURSORS)]
    path = f"/api/v1/{signed.church.slug}/accounts?limit=50&after="
    return (
        [
            Read(path + paging.encode(place), signed.tokens[number % len(signed.tokens)])
            for number, place in enumerate(places)
        ],
        [Read(f"/accounts?after={place}") for place in places],
    )


@contextlib.contextmanager
def _bare(stage: Stage, signed: Signed) -> Iterator[tuple[int, int]]:
    """Run the bare handler on the server's core; give its port and process."""
    with contextlib.closing(bind_socket("127.0.0.1", 0)) as listener:
        words = [
            sys.executable,
            "-m",
            "server.cli.bench.bare",
            str(listener.fileno()),
            signed.church.ref.schema,
        ]
        env = {**os.environ, "NARTHEX_BENCH_URL": stage.settings.owner_url}
        process = spawn(words, env=env, pass_fds=[listener.fileno()])
        os.sched_setaffinity(process.pid, {SERVER_CORE})
        try:
            _wait(stage.host, listener.getsockname()[1], signed)
            yield listener.getsockname()[1], process.pid
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()
            process.wait()


def _wait(host: str, port: int, signed: Signed) -> None:
    import urllib.request

    end = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(f"http://{host}:{port}/accounts?after={signed.people[0]}", timeout=2):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
