"""A Sunday to look at: a running installation, a church with a gathering, its website, and people who write."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
from playwright.sync_api import Page

from server.domains.chat.schemas import Edit
from server.domains.events.schemas import Change, Plan
from server.domains.rooms.schemas import RoomChange
from server.domains.safety.models import Rules
from server.domains.widgets.schemas import WidgetsChange
from server.kit.errors import NotFound
from server.kit.scope import Scope
from server.processes import bind_socket
from server.settings import Settings
from server.wiring import Wiring, build
from tests.web_process import Process, environment, wait_for

T = TypeVar("T")


class Server:
    """A web process on one address for the whole test: it can be killed, and begins again behind the same socket."""

    def __init__(self, settings: Settings, log: Path) -> None:
        self._settings = settings
        self._listener, self._inside = bind_socket("127.0.0.1", 0), bind_socket("127.0.0.1", 0)
        self._log = log.open("ab")
        host, port = self._listener.getsockname()
        self.url = f"http://{host}:{port}"
        self.process = self.start()

    def start(self) -> Process:
        descriptors = [self._listener.fileno(), self._inside.fileno()]
        popen = subprocess.Popen(
            [sys.executable, "-m", "server", "web-process", *map(str, descriptors)],
            env=environment(self._settings),
            pass_fds=descriptors,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        self.process = Process(
            popen, self._listener.getsockname(), f"http://127.0.0.1:{self._inside.getsockname()[1]}"
        )
        wait_for(self.process)
        return self.process

    def kill(self) -> None:
        self.process.popen.kill()
        self.process.popen.wait()

    def stop(self) -> None:
        self.kill()
        self._listener.close()
        self._inside.close()
        self._log.close()


class Site:
    """A website of somebody else, on a host name of its own: pages by path, with the headers it chooses."""

    def __init__(self, host: str) -> None:
        pages: dict[str, tuple[str, dict[str, str]]] = {}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body, headers = pages.get(self.path, ("", {}))
                self.send_response(200 if body else 404)
                for name, value in {"content-type": "text/html; charset=utf-8", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._pages = pages
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.origin = f"http://{host}:{self._server.server_port}"

    def put(self, markup: str, path: str = "/", **headers: str) -> str:
        """Publish a page; header names are written with underscores. Return its address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._pages[path] = (
            f"<!doctype html><html lang=en><title>A site</title><link rel=icon href=data:,><body>{markup}",
            named,
        )
        return self.origin + path

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Loop:
    """An event loop in a thread of its own: the browser's library keeps one in ours."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.begin(work).result(60)

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Guest:
    """Somebody who writes without a browser."""

    def __init__(self, sunday: Sunday, name: str) -> None:
        self._sunday = sunday
        self._client = httpx.Client(base_url=f"{sunday.server.url}/api/v1/grace", timeout=30)
        made = self._client.post("/auth/guest", json={"nickname": name, "consent": "1"})
        made.raise_for_status()
        self.id = str(made.json()["id"])
        self.token = str(made.json()["access_token"])
        self._client.headers["authorization"] = f"Bearer {self.token}"

    def say(self, body: str, **more: Any) -> str:
        """Write a message and return its id."""
        id = str(uuid.uuid4())
        path = f"/chat/rooms/{self._sunday.room}/messages"
        self._client.post(path, json={"id": id, "body": body, **more}).raise_for_status()
        return id

    def try_to_say(self, body: str) -> int:
        """Write a message that may be refused; return the status of the answer."""
        path = f"/chat/rooms/{self._sunday.room}/messages"
        return self._client.post(path, json={"id": str(uuid.uuid4()), "body": body}).status_code

    def edit(self, id: str, body: str) -> None:
        path = f"/chat/rooms/{self._sunday.room}/messages/{id}"
        self._client.patch(path, json=msgspec.to_builtins(Edit(body))).raise_for_status()


class Sunday:
    """The church `grace` on a Sunday morning."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.server = Server(settings, folder / "server.log")
        self.site = Site("grace.localhost")
        self.stranger = Site("evil.localhost")
        self._loop = Loop()
        self._wiring = build(settings)
        self._loop.run(self._wiring.start())
        church = self._loop.run(self._wiring.tenants.by_slug("grace"))
        self._system = Scope.system(church.ref)
        self.set_widgets(WidgetsChange([self.site.origin]))
        # tests write faster than people, and more often the same
        self.set_rules(Rules(links="allow", flood_messages=0, duplicate_seconds=0))
        self._gatherings = 0
        self._gathering = uuid.UUID(int=0)
        self.room = ""

    def stop(self) -> None:
        self._loop.run(self._wiring.stop())
        self._loop.close()
        self.site.stop()
        self.stranger.stop()
        self.server.stop()

    @property
    def chat(self) -> str:
        """Return the address of the chat as a page of its own."""
        return f"{self.server.url}/w/grace/chat"

    @property
    def sign_in(self) -> str:
        """Return the address at which members sign in."""
        return f"{self.server.url}/w/grace/sign-in"

    @property
    def snippet(self) -> str:
        return f'<script src="{self.server.url}/embed.js" data-church="grace" async></script>'

    def guest(self, name: str) -> Guest:
        return Guest(self, name)

    def set_widgets(self, change: WidgetsChange) -> None:
        self._loop.run(self._wiring.widgets.put(self._system, change))

    def set_rules(self, rules: Rules) -> None:
        self._loop.run(self._wiring.safety.set_rules(self._system, rules))

    def change_room(self, **change: Any) -> None:
        self._loop.run(self._wiring.rooms.change(self._system, uuid.UUID(self.room), RoomChange(**change)))

    def minutes(self, offset: float) -> datetime:
        """Return the moment so many minutes from now."""
        return datetime.now(UTC) + timedelta(minutes=offset)

    def take_down(self, id: str) -> None:
        """Remove a message as a host does."""
        self._loop.run(self._wiring.chat.remove(self._system, uuid.UUID(self.room), uuid.UUID(id)))

    def pin(self, id: str) -> None:
        self._loop.run(self._wiring.chat.pin(self._system, uuid.UUID(self.room), uuid.UUID(id), pinned=True))

    def saved(self) -> list[tuple[str, str]]:
        """Return what stands in the room: author and words, in order."""
        page = self._loop.run(self._wiring.messages.history(self._system, uuid.UUID(self.room), most=100))
        return [(m.author.name, m.body) for m in page.messages if m.state == "posted"]

    def staff(self, name: str, password: str, *roles: str) -> str:
        """Open an account for somebody of the church and return its e-mail."""
        email = f"{name.lower()}@grace.example"
        self._loop.run(
            self._wiring.accounts.create(
                self._system, email=email, name=name, password=password, roles=frozenset(roles)
            )
        )
        return email

    def plan(self, title: str, minutes: float) -> None:
        """Plan a gathering that starts in so many minutes; a worker makes its room."""
        starts = self.minutes(minutes)
        plan = Plan(title, starts, starts + timedelta(hours=1), "Europe/Berlin")
        self._gathering = self._loop.run(self._wiring.events.plan(self._system, plan)).id

    def enter(self) -> None:
        """Wait until the planned gathering has its room, and hold the test's Sunday there."""

        async def look() -> str:
            try:
                return str((await self._wiring.rooms.by_gathering(self._system, self._gathering)).id)
            except NotFound:
                return ""

        self.room = eventually(lambda: self._loop.run(look()), 60)

    def let_it_begin(self) -> None:
        """Let the planned gathering have started a while ago, as if that time had passed."""
        change = Change(starts_at=self.minutes(-50), ends_at=self.minutes(10))
        self._loop.run(self._wiring.events.change(self._system, self._gathering, change))

    def run(self, work: Callable[[Wiring, Scope], Coroutine[Any, Any, T]]) -> T:
        """Do something as the church itself would, and return what comes of it."""
        return self._loop.run(work(self._wiring, self._system))

    def beside(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin something that goes on beside the browser."""
        return self._loop.begin(work)

    def begin(self) -> None:
        """Hold another gathering; of several that are on, the one that started last is shown."""
        self._gatherings += 1
        now = datetime.now(UTC)
        starts = now - timedelta(minutes=20) + timedelta(seconds=self._gatherings)
        plan = Plan("Sunday worship", starts, now + timedelta(hours=1), "Europe/Berlin")
        gathering = self._loop.run(self._wiring.events.plan(self._system, plan))

        async def make() -> str:
            window = (gathering.opens_at, gathering.closes_at)
            async with self._wiring.database.transaction(self._system) as tx:
                return str(
                    (await self._wiring.rooms.put_gathering(tx, gathering.id, gathering.title, window)).id
                )

        self.room = self._loop.run(make())


@contextmanager
def worker(settings: Settings, log: Path) -> Iterator[None]:
    """Let the work in the background be done."""
    with log.open("wb") as out:
        popen = subprocess.Popen(
            [sys.executable, "-m", "server", "worker"],
            env=environment(settings),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        finally:
            popen.kill()
            popen.wait()


@contextmanager
def held(settings: Settings, folder: Path) -> Iterator[Sunday]:
    """Hold a Sunday, and tidy up after it."""
    sunday = Sunday(settings, folder)
    try:
        yield sunday
    finally:
        sunday.stop()


def steady(page: Page, look: Callable[[], T]) -> T:
    """Return what one sees once it stays the same: nothing is being drawn or moved any more."""
    seen = [look()]

    def still() -> bool:
        page.wait_for_timeout(400)
        seen.append(look())
        return seen[-1] == seen[-2]

    eventually(still)
    return seen[-1]


def eventually(check: Any, seconds: float = 40.0) -> Any:
    """Return the first true value of a check; raise AssertionError when none comes in time."""
    until = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.05)
    return found
