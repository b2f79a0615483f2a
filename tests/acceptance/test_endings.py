"""Whoever is sent away loses their sockets: at once, and also when the order that says so is lost."""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from realtime import closes
from server.domains.sessions.errors import RefreshReused
from server.kit.scope import Actor, Origin, Scope
from server.settings import Settings
from server.wiring import Wiring, build
from tests.acceptance.people import PASSWORD, People
from tests.web_process import Process, started

pytestmark = pytest.mark.asyncio(loop_scope="module")

SITE = "www.grace.example"
NUMBERS = itertools.count(1)  # who came before is still in the church's books
PHONE = Origin(device="A phone", address="192.0.2.7")
Ending = Callable[[], Awaitable[object]]


@pytest.fixture(scope="module")
def process(settings: Settings) -> Iterator[Process]:
    """Give a web process that holds the sockets."""
    with started(settings) as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deaf(settings: Settings) -> AsyncIterator[Wiring]:
    """Give a process that cannot tell the others anything: what it publishes is lost."""
    wiring = build(msgspec.structs.replace(settings, valkey_url=""))
    await wiring.start()
    yield wiring
    await wiring.stop()


class Stage:
    """Opens sockets of people who will be sent away, and knows how each is."""

    def __init__(self, process: Process, people: People, settings: Settings, by: Wiring) -> None:
        self._process = process
        self._people = people
        self._settings = settings
        self._by = by  # who sends them away
        self._scope = people.scopes["grace"]

    @asynccontextmanager
    async def socket(self, token: str | None, church: str = "grace") -> AsyncIterator[ClientConnection]:
        """Open a socket and wait until it is welcome."""
        url = self._process.url.replace("http", "ws") + f"/live/{church}"
        origin: Any = None if token and token.startswith("nx_") else self._process.url
        async with connect(url, subprotocols=["narthex.v1"], origin=origin) as socket:  # type: ignore[list-item]
            hello = {"type": "hello"} | ({"token": token} if token else {})
            await socket.send(msgspec.json.encode(hello).decode())
            assert msgspec.json.decode(await socket.recv())["type"] == "welcome"
            yield socket

    async def person(self, *roles: str) -> tuple[Scope, str, str]:
        """Return a new person's scope in a session of theirs, its access token and its refresh token."""
        email = f"leaver{next(NUMBERS)}@grace.example"
        made = await self._by.accounts.create(
            self._scope, email=email, name="Leaver", password=PASSWORD, roles=frozenset(roles)
        )
        grant = await self._by.auth.sign_in(Scope(self._scope.tenant, origin=PHONE), email, PASSWORD)
        actor = Actor("person", made.id, made.name, made.roles, session=grant.session, strong=True)
        return Scope(self._scope.tenant, actor, PHONE), grant.access_token, grant.refresh_token

    async def signed_out(self) -> tuple[str, Ending]:
        scope, token, _ = await self.person()
        return token, lambda: self._by.auth.sign_out(scope)

    async def signed_out_everywhere(self) -> tuple[str, Ending]:
        scope, token, _ = await self.person()
        return token, lambda: self._by.sessions.end_everywhere(scope)

    async def suspended(self) -> tuple[str, Ending]:
        scope, token, _ = await self.person()
        assert scope.actor.id is not None
        person = scope.actor.id
        return token, lambda: self._by.accounts.suspend(self._scope, person)

    async def password_reset(self) -> tuple[str, Ending]:
        scope, token, _ = await self.person()
        assert scope.actor.id is not None
        person = scope.actor.id

        async def reset() -> None:
            hashed = await self._by.accounts.hash("another long walk home")
            async with self._by.database.transaction(self._scope) as tx:
                await self._by.accounts.set_password(tx, self._scope, person, hashed)

        return token, reset

    async def reused(self) -> tuple[str, Ending]:
        """Somebody shows a refresh token again that was used a while ago."""
        scope, token, refresh = await self.person()
        stranger = Scope(self._scope.tenant, origin=PHONE)

        async def reuse() -> None:
            await self._by.auth.refresh(stranger, refresh)
            with psycopg.connect(self._settings.owner_url, autocommit=True) as owner:
                table = f"{self._scope.tenant.schema}.sessions"
                ago = f"update {table} set rotated_at = rotated_at - %s where id = %s"
                owner.execute(ago.encode(), (timedelta(minutes=5), scope.actor.session))
            with pytest.raises(RefreshReused):
                await self._by.auth.refresh(stranger, refresh)

        return token, reuse

    async def key_revoked(self) -> tuple[str, Ending]:
        scopes = frozenset({"chat:read"})
        key, text = await self._by.keys.create(self._scope, name="Screen", scopes=scopes)
        return text, lambda: self._by.keys.revoke(self._scope, key.id)

    async def site_taken_off(self) -> tuple[str, Ending]:
        site = f"n{next(NUMBERS)}.{SITE}"
        _, grant = await self._by.auth.welcome(
            Scope(self._scope.tenant, origin=PHONE), nickname="G", consent="1", site=site, locale="en"
        )
        return grant.access_token, lambda: self._by.auth.end_site(self._scope, site)


ENDINGS = [
    "signed_out",
    "signed_out_everywhere",
    "suspended",
    "password_reset",
    "reused",
    "key_revoked",
    "site_taken_off",
]


async def until_closed(socket: ClientConnection, seconds: float = 60.0) -> int:
    """Return the code with which the server closes; pings and positions are read past."""
    with pytest.raises(ConnectionClosed) as caught:
        async with asyncio.timeout(seconds):
            while True:
                await socket.recv()
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


@pytest.mark.parametrize("ending", ENDINGS)
async def test_whoever_is_sent_away_loses_their_socket(
    process: Process, people: People, settings: Settings, wiring: Wiring, ending: str
) -> None:
    """The order closes it; when it came before the process listened, the look that follows does."""
    stage = Stage(process, people, settings, wiring)
    token, end = await getattr(stage, ending)()
    async with stage.socket(token) as socket:
        await end()
        ordered = closes.FORBIDDEN if ending == "key_revoked" else closes.TOKEN_EXPIRED
        assert await until_closed(socket) in (ordered.code, closes.NOT_ALLOWED.code)


async def until_read(process: Process) -> None:
    """Wait until the process has read the log's wakes after this moment: it then knows who is here."""
    began = time.monotonic()
    async with httpx.AsyncClient(timeout=30) as http:
        while True:
            asked = time.monotonic()
            page = (await http.get(f"{process.internal}/metrics")).text
            (lag,) = re.findall(r"^narthex_live_wakes_lag_seconds ([\d.e+-]+)$", page, re.MULTILINE)
            if asked - float(lag) > began:
                return
            await asyncio.sleep(0.1)


async def answers(socket: ClientConnection) -> bool:
    """Tell whether a socket is open and served."""
    await socket.send('{"type":"ping"}')
    while True:
        if msgspec.json.decode(await socket.recv())["type"] == "pong":
            return True


async def test_a_lost_order_heals(process: Process, people: People, settings: Settings, deaf: Wiring) -> None:
    """Nobody was told, and yet each socket ends by the log; those of others stay."""
    stage = Stage(process, people, settings, deaf)
    leavers = {ending: await getattr(stage, ending)() for ending in ENDINGS}
    _, stays, _ = await stage.person()
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(stage.socket(token)) for token, _ in leavers.values()]
        bystander = await stack.enter_async_context(stage.socket(stays))
        await until_read(process)
        for _, end in leavers.values():
            await end()
        codes = await asyncio.gather(*map(until_closed, sockets))
        assert dict(zip(leavers, codes, strict=True)) == dict.fromkeys(ENDINGS, closes.NOT_ALLOWED.code)
        assert await answers(bystander)


@pytest.mark.parametrize("told", [True, False])
async def test_an_erased_church_ends_its_sockets(
    process: Process, people: People, settings: Settings, wiring: Wiring, deaf: Wiring, told: bool
) -> None:
    """Viewers without a name never expire; they end all the same, also when nobody is told, and others' stay."""
    church = f"passing-{told}".lower()
    await deaf.tenants.create(church, "Passing Church")
    stage = Stage(process, people, settings, wiring)
    async with stage.socket(None, church) as viewer, stage.socket(None) as bystander:
        await until_read(process)
        await (wiring if told else deaf).tenants.delete(church)
        assert await until_closed(viewer) == closes.NOT_ALLOWED.code
        await until_read(process)
        assert await answers(bystander)
