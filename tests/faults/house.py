"""An installation that can be hurt: the stage of the benches, under the real `narthex serve`."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec
import psycopg

from realtime.ring import RING_EVENTS
from server.cli.bench.stage import Room, Stage, polls_the_listener
from server.embedded import Standby
from server.kit.clock import SystemClock
from server.kit.crypto import Keyring
from server.kit.tokens import Tokens
from server.processes import HEALTHY_SECONDS, spawn
from tests.faults.checker import Logged, Row, Truth

TOKEN_SECONDS = 3_500  # a storm is longer than a guest's token


class House(Stage):
    """Postgres, Valkey, `narthex serve` with its web processes, and a background worker."""

    def __init__(self, *, workers: int = 2, drain: float = 2.0, **settings: Any) -> None:
        super().__init__(workers=workers, settings={"drain_seconds": drain, **settings})
        self._served_at = 0.0
        self.now = ""  # the superuser's DSN after a failover
        # children die with the thread that started them, and a test's loop ends its own threads
        self._starter = self.enter_context(ThreadPoolExecutor(1, "house"))
        self.supervisor: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> Path:
        """Return where the data and the log are."""
        return self.embedded.data.parent

    @property
    def log(self) -> str:
        """Return what all processes have written."""
        return (self.folder / "server.log").read_text(errors="replace")

    @property
    def faults(self) -> list[str]:
        """Return what the processes have written of faults of our own, the newest last."""
        return [line for line in self.log.splitlines() if "a request failed" in line][-3:]

    @property
    def origin(self) -> str:
        """Return where browsers are."""
        return f"http://{self.host}:{self.port}"

    def live(self, room: Room) -> str:
        """Return where sockets go."""
        return f"ws://{self.host}:{self.port}/live/{room.church}"

    def lasting(self, rooms: Sequence[Room]) -> list[str]:
        """Return the guests' tokens signed anew, to hold for a whole storm."""
        return lasting(self.settings.secret_key, [token for room in rooms for token in room.tokens])

    def with_standby(self) -> Standby:
        """Start a second Postgres that streams from the first; processes started from now on know both."""
        standby = self.embedded.standby()
        standby.start()
        first, second = (parse_qs(urlsplit(url).query) for url in (self.admin_url, standby.url("narthex")))
        both = {name: f"{first[name][0]},{second[name][0]}" for name in ("host", "port")}
        words = urlencode({**both, "target_session_attrs": "primary"}, safe="/,")
        database_url = f"{self.settings.database_url.partition('?')[0]}?{words}"
        self.settings = msgspec.structs.replace(self.settings, database_url=database_url)
        return standby

    # ---- running

    def start(self) -> None:
        """Start everything, and wait until it answers."""
        self.listener.close()
        self.start_supervisor()
        self.start_jobs()
        self.until_ready()
        self.until_workers(self._workers)

    def start_supervisor(self) -> None:
        """Start `narthex serve` on the house's port."""
        words = ["serve", "--host", self.host, "--port", str(self.port), "--workers", str(self._workers)]
        self._served_at = time.monotonic()
        self.supervisor = self._program(words)
        self.web = [self.supervisor]

    def start_jobs(self) -> None:
        """Start the background worker."""
        self.jobs = self._program(["worker"])

    def _program(self, words: list[str]) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-m", "server", *words]
        return self._starter.submit(spawn, argv, env=self.environment(), output=self._log()).result()

    def until_ready(self, seconds: float = 90.0) -> None:
        """Wait until some web process says that it is ready."""
        end = time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(f"{self.origin}/health/ready", timeout=2):
                    return
            except OSError:
                if time.monotonic() > end:
                    raise
            time.sleep(0.05)

    def until_workers(self, count: int, seconds: float = 60.0) -> None:
        """Wait until so many web processes have begun to accept."""
        end = time.monotonic() + seconds
        while len(self.accepting()) < count:
            if time.monotonic() > end:
                raise TimeoutError(
                    f"{len(self.accepting())} of {count} web processes accept; the supervisor "
                    f"{self._supervisor_is()}; the log ends:\n{self.log[-3000:]}"
                )
            time.sleep(0.05)

    def until_proven(self) -> None:
        """Wait until the web processes have lived so long that their supervisor never gives them up."""
        time.sleep(max(0.0, self._served_at + HEALTHY_SECONDS + 1.0 - time.monotonic()))
        self.until_workers(self._workers)

    def until_replaced(self, pid: int, seconds: float = 60.0) -> None:
        """Wait until a web process is gone and another one accepts in its place."""
        end = time.monotonic() + seconds
        while pid in self.workers():
            if time.monotonic() > end:
                raise TimeoutError("the old process does not end")
            time.sleep(0.02)
        self.until_workers(self._workers)

    def workers(self) -> list[int]:
        """Return the process numbers of the web processes there are now."""
        assert self.supervisor is not None
        return children(self.supervisor.pid)

    def accepting(self) -> list[int]:
        """Return those that wait on the listening socket: it is in one of their epolls (proc(5), fdinfo)."""
        return [pid for pid in self.workers() if polls_the_listener(pid, self.port)]

    def _supervisor_is(self) -> str:
        code = self.supervisor.poll() if self.supervisor is not None else None
        return "runs" if code is None else f"ended with code {code}"

    def rescue(self) -> None:
        """Start the background worker again if it has ended, as a supervisor would."""
        if self.jobs is not None and self.jobs.poll() is not None:
            self.start_jobs()

    def make_whole(self) -> None:
        """Start again whatever does not run, so that one test's wound does not fail the next one."""
        self.embedded.start({"postgres", "valkey"})
        self.rescue()
        if self.supervisor is not None and self.supervisor.poll() is not None:
            self.start_supervisor()
        self.until_workers(self._workers)

    # ---- wounds

    def kill_web(self, pid: int) -> None:
        """End a web process as a crash does."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def kill_jobs(self) -> None:
        """End the background worker as a crash does."""
        assert self.jobs is not None
        self.jobs.kill()
        self.jobs.wait()

    def empty_valkey(self) -> None:
        """Kill Valkey and take all its data away; `embedded.start` brings it back empty."""
        self.embedded.kill("valkey")
        shutil.rmtree(self.embedded.data / "valkey" / "appendonlydir", ignore_errors=True)

    @contextlib.contextmanager
    def paused(self, service: str) -> Any:
        """Stop a service without ending it, as a frozen machine does."""
        pid = self.embedded.pid(service)
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    # ---- truth

    def truth(self, rooms: Sequence[Room]) -> dict[str, Truth]:
        """Read these rooms from the database, as it is."""
        with psycopg.connect(self.now or self.admin_url, autocommit=True) as connection:
            row = connection.execute(
                "select tenant_id from control.tenant_slugs where slug = %s", (rooms[0].church,)
            ).fetchone()
            assert row is not None
            connection.execute(f"set search_path = church_{row[0]}")
            return {room.topic: truth_of(connection, room.topic) for room in rooms}

    def waiting(self) -> list[tuple[Any, ...]]:
        """Return what is in the outbox, and what is with the dead letters."""
        with psycopg.connect(self.now or self.admin_url, autocommit=True) as connection:
            return connection.execute(
                "select kind, attempts, error from shard.outbox union all"
                " select kind, attempts, error from shard.dead_letters limit 20"
            ).fetchall()

    def head(self, room: Room) -> int:
        """Return the seq of a room's newest event."""
        return self.truth([room])[room.topic].head

    @property
    def admin_url(self) -> str:
        """Return the superuser's DSN of this installation's database."""
        return self.embedded.postgres_url("narthex")


async def quietly(work: Any, *arguments: Any) -> Any:
    """Run something that blocks beside the loop."""
    return await asyncio.to_thread(work, *arguments)


def children(pid: int) -> list[int]:
    """Return the living children of a process (proc(5), task/children)."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def lasting(secret_key: str, given: Sequence[str]) -> list[str]:
    """Return tokens signed anew, to hold for as long as tests last."""
    tokens = Tokens(Keyring.parse(secret_key), SystemClock())
    return [tokens.sign(claims_of(token), at=datetime.now(UTC), seconds=TOKEN_SECONDS) for token in given]


def claims_of(token: str) -> dict[str, Any]:
    """Read what a token says, but not when."""
    body = token.split(".")[1]
    claims: dict[str, Any] = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return {name: value for name, value in claims.items() if name not in ("iat", "exp")}


def truth_of(connection: psycopg.Connection[Any], topic: str) -> Truth:
    room = topic.partition(":")[2]
    rows = connection.execute(
        "select id::text, number, state, body from messages_messages where room_id = %s", (room,)
    ).fetchall()
    log = connection.execute(
        "select seq, kind, entity::text, data from topic_events where topic_id = "
        "(select id from topics where name = %s) order by seq",
        (topic,),
    ).fetchall()
    totals: dict[str, dict[str, int]] = {}
    counted = connection.execute(
        "select subject::text, emoji, count from reactions_totals where subject in (select id from (select id, state"
        " from messages_messages where room_id = %s and number is not null order by number desc limit %s) m"
        " where state = 'posted')",
        (room, RING_EVENTS),
    ).fetchall()
    for id, emoji, total in counted:
        totals.setdefault(id, {})[emoji] = total
    return Truth({id: Row(*rest) for id, *rest in rows}, tuple(Logged(*row) for row in log), totals)
