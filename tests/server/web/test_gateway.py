"""The handshake's checks, the door of the engine, and a message through a real process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from realtime.channel import Who
from server.domains.tenants.errors import NoSuchChurch
from server.kit.clock import SystemClock
from server.kit.errors import AppError, Limited, NotFound
from server.kit.limits import Limit, Limiter
from server.kit.logs import Exchange
from server.kit.scope import Actor, Scope, TenantRef
from server.settings import Settings
from server.web.gateway import CROWD, Gateway, GatewayDoor, Toll, explain
from tests.server.web.test_serve import Process, started


@pytest.fixture(scope="module")
def process(settings: Settings) -> Iterator[Process]:
    """Give a web process over an installation of the file's own."""
    with started(settings) as process:
        yield process


def socket_url(process: Process, church: str = "grace") -> str:
    return process.url.replace("http", "ws") + f"/live/{church}"


async def refused(url: str, **options: object) -> tuple[int, str]:
    """Return the status and code with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as caught:
        await connect(url, **{"subprotocols": ["narthex.v1"], **options})  # type: ignore[arg-type]
    response = caught.value.response
    return response.status_code, msgspec.json.decode(response.body or b"{}")["code"]


async def closed(socket: ClientConnection) -> int:
    """Return the code with which the server closes."""
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            await asyncio.wait_for(socket.recv(), 5)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1.evil.example:{port}",
        "http://127.0.0.1:{port}0",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1",
        "file://127.0.0.1:{port}",
        "http://xn--127-0-0-1.example:{port}",
        "http://user@127.0.0.1:{port}",
        "",
    ],
)
async def test_another_sites_page_is_refused(process: Process, origin: str) -> None:
    """Only our own address may open a socket from a browser: other site, null, suffix, port, scheme, punycode."""
    found = await refused(socket_url(process), origin=origin.replace("{port}", str(process.address[1])))
    assert found == (403, "bad_origin")


async def test_a_socket_without_a_site_needs_an_api_key(process: Process) -> None:
    """A program that names no Origin and shows no API key is sent away for good."""
    async with connect(socket_url(process), subprotocols=["narthex.v1"]) as socket:  # type: ignore[list-item]
        await socket.send('{"type":"hello"}')
        assert await closed(socket) == 4501


@pytest.mark.parametrize(
    ("church", "expected"),
    [
        ("nobody", (404, "no_such_church")),
        ("", (404, "no_such_church")),
        ("grace/x", (404, "no_such_church")),
        ("..%2fgrace", (404, "no_such_church")),
        ("pg_catalog", (404, "no_such_church")),
        ("gr%00ace", (404, "no_such_church")),
        ("gr%fface", (404, "no_such_church")),
        ("/grace", (404, "no_such_church")),
        ("grace%2f%2f", (404, "no_such_church")),
    ],
)
async def test_an_unknown_church_is_not_found(
    process: Process, church: str, expected: tuple[int, str]
) -> None:
    """A socket at an address that is no church gets 404, as a page would."""
    assert await refused(socket_url(process, church), origin=process.url) == expected


async def test_a_handshake_counts_before_the_church_is_looked_up() -> None:
    """Whoever knocks at made-up churches spends their own address's minute, and then asks the database no more."""
    asked: list[str] = []

    class Churches:
        async def church(self, slug: str, host: str) -> TenantRef:
            asked.append(slug)
            raise NoSuchChurch()

    class Till:
        left = 2

        async def take(self, limit: Limit, caller: str) -> None:
            assert (limit.name, caller) == ("sockets", "192.0.2.7")
            self.left -= 1
            if self.left < 0:
                raise Limited(retry_after=1)

    untouched: Any = None
    gateway = Gateway(
        untouched,
        door=Churches(),  # type: ignore[arg-type]
        node=untouched,
        limiter=Till(),  # type: ignore[arg-type]
        per_address=Limit("sockets", 2),
        learn=untouched,
    )
    answers = []

    async def send(message: Any) -> None:
        answers.append(message)

    for n in range(4):
        exchange = Exchange("a-request", "192.0.2.7")
        asking = {
            "type": "websocket",
            "path": f"/live/made-up-{n}",
            "headers": [],
            "state": {"exchange": exchange},
        }
        await gateway(asking, untouched, send)
    assert [one["status"] for one in answers if "status" in one] == [404, 404, 429, 429]
    assert asked == ["made-up-0", "made-up-1"]


async def test_another_path_is_no_socket(process: Process) -> None:
    """Sockets are taken at /live/ only."""
    url = process.url.replace("http", "ws") + "/api/v1/grace"
    assert await refused(url, origin=process.url) == (404, "not_found")


async def test_the_subprotocol_is_asked_for(process: Process) -> None:
    """A client that does not speak narthex.v1 is told so before the accept."""
    assert await refused(socket_url(process), origin=process.url, subprotocols=None) == (426, "not_a_socket")


@pytest.mark.parametrize("token", ["x", "a.b.c", "nx_nothing", "é" * 10, "e30.e30.e30"])
async def test_a_token_that_proves_nothing_ends_the_socket(process: Process, token: str) -> None:
    """A bad token closes with 4501: coming back with it would not help."""
    async with connect(
        socket_url(process),
        subprotocols=["narthex.v1"],  # type: ignore[list-item]
        origin=process.url,  # type: ignore[arg-type]
    ) as socket:
        await socket.send(msgspec.json.encode({"type": "hello", "token": token}).decode())
        assert await closed(socket) == 4501


async def test_a_viewer_without_a_name_is_welcome_and_may_not_push(process: Process) -> None:
    """Reading needs no token; what asks for a person is refused with a reply and the socket stays."""
    async with connect(
        socket_url(process),
        subprotocols=["narthex.v1"],  # type: ignore[list-item]
        origin=process.url,  # type: ignore[arg-type]
    ) as socket:
        await socket.send('{"type":"hello"}')
        welcome = msgspec.json.decode(await asyncio.wait_for(socket.recv(), 5))
        assert (welcome["type"], welcome["protocol"]) == ("welcome", 1)
        room = uuid4()
        await socket.send(f'{{"type":"join","ref":1,"topic":"chat:{room}"}}')
        reply = msgspec.json.decode(await asyncio.wait_for(socket.recv(), 5))
        assert (reply["ref"], reply["ok"]) == (1, False)
        await socket.send('{"type":"ping"}')
        assert msgspec.json.decode(await asyncio.wait_for(socket.recv(), 5)) == {"type": "pong"}


class Hall:
    """Lets everyone in, and calls them by a name of its own."""

    async def admit(self, scope: Scope) -> None: ...

    async def name_of(self, scope: Scope) -> str:
        return f"not {scope.actor.name}"


async def test_who_is_here_is_called_as_others_may_see_them() -> None:
    """The engine shows the name that the product tells, never the one somebody gave; a viewer has none."""
    church = TenantRef("g" * 16, "grace", "Grace")
    door = GatewayDoor(Any, Hall(), Hall())  # type: ignore[arg-type]
    guest = await door._who(Scope(church, Actor("guest", uuid4(), "Pastor")), None)
    assert msgspec.json.decode(guest.public)["name"] == "not Pastor"
    assert bytes((await door._who(Scope(church, Actor()), None)).public) == b"{}"


async def refusals(toll: Toll, scope: Scope, count: int) -> int:
    """Return how many of so many pushes are refused."""
    who, refused = Who("x", msgspec.Raw(b"{}"), True, None, scope), 0
    for _ in range(count):
        try:
            await toll(who)
        except Limited as limited:
            refused += limited.retry_after is not None
    return refused


def test_what_a_socket_is_told_of_a_refusal() -> None:
    """Code, sentence, pause, and the card; what is meant for headers and faults of ours are not told."""

    def told(error: Exception) -> Any:
        return msgspec.json.decode(msgspec.json.encode(explain(error)))

    refused = Limited("Wait.", retry_after=2.5, extra={"card": "self_harm", "allow": "GET"})
    wanted = {"code": "limited", "detail": "Wait.", "retry_after": 2.5, "extra": {"card": "self_harm"}}
    assert told(refused) == wanted
    assert told(NotFound("No.")) == {"code": "not_found", "detail": "No."}
    assert told(AppError("A fault.")) is None


async def test_pushes_are_counted_by_person_and_by_church() -> None:
    """However many sockets somebody has, they push as often as one; a church has its own limits, and its own bound."""
    limiter = Limiter("", b"secret", SystemClock())
    church = TenantRef("g" * 16, "grace", "Grace")
    ann, ben = (Scope(church, Actor("guest", uuid4(), name)) for name in ("Ann", "Ben"))
    toll = Toll(limiter, per_person=10, per_church=2)
    assert await refusals(toll, ann, 7) == 0
    assert await refusals(toll, ann, 7) == 4
    assert await refusals(toll, ben, 10) == 0
    own = msgspec.structs.replace(
        church, id="h" * 16, limits=(("person_per_minute", 3), ("church_per_minute", 1))
    )
    assert await refusals(toll, Scope(own, Actor("guest", uuid4(), "Carl")), 5) == 2
    assert await refusals(toll, Scope(church, Actor()), 50) == 50 - (2 * CROWD - 20)
