"""R1, R4, R5 in short: real processes are killed, frozen, restarted and failed over, and nobody loses anything."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import psycopg
import pytest

from server.cli.bench.stage import Room
from server.embedded import Standby
from tests.faults import wounds
from tests.faults.house import House, quietly
from tests.faults.outage import MOST_SECONDS, outage
from tests.faults.run import Storm

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

DRAIN = 3.0
CLIENTS = 16
PATIENCE = 60.0  # seconds; a part that was away is asked again after five


class Site:
    """A house that runs, and rooms in it."""

    def __init__(self, house: House, rooms: Sequence[Room]) -> None:
        self.house = house
        self.rooms = rooms

    def storm(self, clients: int = CLIENTS, rate: float = 1.0, seed: int = 1) -> Storm:
        """Return people who have not come yet."""
        return Storm(self.house, self.rooms, clients=clients, rate=rate, seed=seed, say=print)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Give a house with two web processes that these tests hurt one after the other."""
    with House(workers=2, drain=DRAIN) as house:
        rooms = house.rooms(rooms=2, guests=CLIENTS)
        house.start()
        yield Site(house, rooms)


@pytest.fixture
def whole(site: Site) -> Iterator[Site]:
    """Give the house with everything in it running; afterwards what was announced has been heard."""
    site.house.make_whole()
    yield site
    site.house.make_whole()
    end = time.monotonic() + PATIENCE
    while waiting := site.house.waiting():
        assert time.monotonic() < end, waiting
        time.sleep(0.2)


def test_nothing_is_lost_in_a_storm_of_twenty_faults(whole: Site) -> None:
    """R1: kills, freezes, cuts and restarts at random, and every client ends with what the database has, in order."""
    seed = random.randrange(2**31)
    print(f"seed {seed}")
    result = asyncio.run(whole.storm(seed=seed).run(20, wounds.KINDS, pause=(0.1, 0.8)))
    print(result.story())
    assert result.line() == {
        "R1_lost": 0, "R1_doubled": 0, "R1_disordered": 0, "R1_shown_after_removal": 0, "R1_faults": 20,
    }, result.violations[:20]  # fmt: skip
    assert not result.violations, result.violations[:20]
    assert result.figures.acked > 50
    assert "internal" not in result.figures.refusals, whole.house.faults


async def test_without_valkey_everything_arrives_within_ten_seconds(whole: Site) -> None:
    """R5: sends are acknowledged, delivered by the log while Valkey is still gone, and nothing is restarted."""
    storm = whole.storm()
    async with storm.crowd():
        found = await outage(storm, 6.0 + MOST_SECONDS)
        assert found.sent >= 8
        assert found.missing == 0
        assert found.delivered_s <= MOST_SECONDS
        assert found.pids_before == found.pids_after
        assert not await storm.wrong()


async def test_a_rolling_restart_shows_no_error(whole: Site) -> None:
    """R4: each web process drains in turn; sockets close with 1012 spread over the drain time; nobody is refused."""
    storm = whole.storm()
    spreads: list[float] = []
    async with storm.crowd():
        async with storm.talk():
            for pid in whole.house.workers():
                closed = len(storm.figures.closed_at)
                os.kill(pid, signal.SIGTERM)
                await quietly(whole.house.until_replaced, pid)
                moments = storm.figures.closed_at[closed:]
                spreads.append(max(moments, default=0.0) - min(moments, default=0.0))
        assert not await storm.wrong()
    storm.figures.refusals.pop("no_such_message", None)  # a reaction to what was taken back meanwhile
    assert not storm.figures.refusals
    assert set(storm.figures.closes) <= {0, 1012}  # 0: clients that cut themselves
    # everybody was sent on, but for those who had cut themselves and came back to a process that stayed
    assert len(storm.figures.closed_at) + storm.figures.closes[0] >= CLIENTS
    assert len(storm.figures.closed_at) > CLIENTS / 2
    assert DRAIN / 3 < max(spreads) < DRAIN + 3


async def test_a_killed_supervisor_leaves_no_orphans(whole: Site) -> None:
    """kill -9 of `narthex serve`: its processes end with it, and a new one serves everyone again."""
    house, storm = whole.house, whole.storm()
    assert house.supervisor is not None
    async with storm.crowd():
        async with storm.talk():
            await asyncio.sleep(1.0)
            orphans = house.workers()
            house.supervisor.kill()
            house.supervisor.wait()
            end = time.monotonic() + 3.0
            while any(_alive(pid) for pid in orphans) and time.monotonic() < end:
                await asyncio.sleep(0.02)
            assert not [pid for pid in orphans if _alive(pid)]
            await quietly(house.start_supervisor)
            await quietly(house.until_workers, 2)
        assert not await storm.wrong()


def test_a_supervisor_outlives_the_thread_that_started_it(whole: Site) -> None:
    """Whoever starts `narthex serve` from a thread of a test's loop does not take it along when the loop ends."""
    house = whole.house
    assert house.supervisor is not None
    house.supervisor.kill()
    house.supervisor.wait()
    starter = threading.Thread(target=house.start_supervisor)
    starter.start()
    starter.join()
    house.until_workers(2)
    assert house.supervisor.poll() is None


async def test_a_restarted_postgres_is_waited_for(whole: Site) -> None:
    """Postgres stops and starts: who asks meanwhile is told `unavailable`, and no process has to be restarted."""
    storm, pids = whole.storm(), sorted(whole.house.workers())
    async with storm.crowd():
        async with storm.talk():
            await asyncio.sleep(0.5)
            await quietly(whole.house.embedded.restart, "postgres")
            await asyncio.sleep(1.0)
        assert not await storm.wrong()
    assert set(storm.figures.refusals) <= {"unavailable", "join:unavailable", "no_such_message"}
    assert sorted(whole.house.workers()) == pids


async def test_postgres_at_its_connection_limit_is_a_clear_answer(whole: Site) -> None:
    """No connection is to be had: 503 over HTTP, `unavailable` on sockets; when there is, all goes on by itself."""
    house, storm = whole.house, whole.storm(clients=6)
    pids = sorted(house.workers())
    headers = {"Authorization": f"Bearer {storm.tokens[0]}"}
    url = f"{house.origin}/api/v1/{whole.rooms[0].church}/chat/rooms"
    async with storm.crowd(), httpx.AsyncClient(timeout=20) as http:
        async with storm.talk():
            with _no_connections(house):
                answers = [await http.get(url, headers=headers) for _ in range(3)]
                await asyncio.sleep(2.0)
            assert {answer.status_code for answer in answers} == {503}
            assert all(answer.headers["content-type"] == "application/problem+json" for answer in answers)
            assert all(answer.headers["retry-after"] for answer in answers)
        assert not await storm.wrong()
        assert (await http.get(url, headers=headers)).status_code == 200
    assert storm.figures.refusals["unavailable"]
    assert set(storm.figures.refusals) <= {"unavailable", "join:unavailable", "no_such_message"}
    assert sorted(house.workers()) == pids


def test_a_failover_begins_a_new_epoch() -> None:
    """The primary is killed and its standby promoted: clients take snapshots by themselves, and nothing is lost."""
    with House(workers=1) as house:
        rooms = house.rooms(rooms=2, guests=8)
        standby = house.with_standby()
        house.start()
        storm = Storm(house, rooms, clients=8, rate=1.0, seed=3, say=print)
        asyncio.run(_fail_over(house, storm, standby))
        assert not storm.checker.violations, storm.checker.violations[:20]
        assert all(view.position is not None and view.position[0][0] == "2" for view in storm.checker.views)
        assert all(view.snapshots >= 2 for view in storm.checker.views)
        assert "internal" not in storm.figures.refusals, house.faults


async def _fail_over(house: House, storm: Storm, standby: Standby) -> None:
    async with storm.crowd():
        async with storm.talk():
            await asyncio.sleep(3.0)
        pids = house.workers()
        await quietly(_until_replayed, house, standby)
        await quietly(house.embedded.kill, "postgres")
        await quietly(standby.promote)
        async with storm.talk():
            await asyncio.sleep(5.0)
        house.now = standby.url("narthex")
        end = time.monotonic() + 60
        while not all(view.position and view.position[0][0] == "2" for view in storm.checker.views):
            assert time.monotonic() < end, [view.position for view in storm.checker.views]
            await asyncio.sleep(0.1)
        await storm.wrong()
        assert house.workers() == pids


def _until_replayed(house: House, standby: Standby) -> None:
    """Wait until the standby has all that was committed; what was not sent to it yet would be lost, as it should."""
    with psycopg.connect(house.admin_url, autocommit=True) as primary:
        row = primary.execute("select pg_current_wal_lsn()").fetchone()
    assert row is not None
    with psycopg.connect(standby.url("narthex"), autocommit=True) as connection:
        end = time.monotonic() + 30
        while True:
            there = connection.execute("select pg_last_wal_replay_lsn() >= %s::pg_lsn", (row[0],)).fetchone()
            if there == (True,):
                return
            assert time.monotonic() < end
            time.sleep(0.05)


def _alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended and was not reaped yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextlib.contextmanager
def _no_connections(house: House) -> Iterator[None]:
    """Let the application have no connection: its login's limit answers as the server's does (53300)."""
    with psycopg.connect(house.admin_url, autocommit=True) as admin:
        admin.execute("alter role narthex_app connection limit 0")
        admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'narthex_app'")
        try:
            yield
        finally:
            admin.execute("alter role narthex_app connection limit -1")
