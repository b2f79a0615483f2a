"""The WebSocket protocol class under a real uvicorn, with real sockets; fails when uvicorn's insides change."""

import asyncio
import base64
import os
import ssl
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from realtime.frames import framed
from server.web import fanout_protocol
from server.web.fanout_protocol import EXTENSION, BrokenPeer, FanoutProtocol, Inbound
from tests.certificates import self_signed

MAX_SIZE = 65_536

# The hook that replaces this fixture must stand in a conftest and would then concern every test below it.
pytestmark = pytest.mark.filterwarnings("ignore:Overriding the .event_loop_policy. fixture")


@pytest.fixture(params=[asyncio.DefaultEventLoopPolicy, uvloop.EventLoopPolicy], ids=["asyncio", "uvloop"])
def event_loop_policy(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoopPolicy:
    """Run everything on both event loops: their transports differ."""
    policy: asyncio.AbstractEventLoopPolicy = request.param()
    return policy


class Echo:
    """A receiver that remembers, and says back what it hears."""

    def __init__(self, transport: FanoutProtocol) -> None:
        self.transport = transport
        self.received: list[bytes] = []
        self.pongs = 0
        self.drained = 0
        self.losses = 0
        self.broken = 0
        self.room = 0
        self.refusals = 0

    def receive(self, data: bytes) -> None:
        self.received.append(data)
        self.transport.send_framed(framed(data))

    def heard(self) -> None:
        self.pongs += 1

    def writable(self) -> None:
        self.room += 1

    def unwritable(self) -> None:
        self.refusals += 1

    def lost(self) -> None:
        self.losses += 1

    def bad(self) -> None:
        self.broken += 1
        self.transport.close(4510, "protocol error")

    def drain(self) -> None:
        self.drained += 1
        self.transport.send_framed(framed(b"drain"))
        asyncio.get_running_loop().call_later(0.2, self.transport.close, 1012, "restart")


def unasked(transport: FanoutProtocol, data: bytes) -> bool:
    """Write as the hub does to thousands; False when nobody may."""
    write = transport.writer()
    if write is None:
        return False
    try:
        taken = write(data)
    except OSError:
        taken = 0
    if taken != len(data):
        transport.finish(data[taken:])
    return True


class Served:
    """A running server, and the receivers it made."""

    def __init__(self, **options: Any) -> None:
        self.echoes: list[Echo] = []
        self.before_accept: Callable[[], Awaitable[None]] | None = None
        self.after_accept: Callable[[], Awaitable[None]] | None = None
        self.act = "serve"
        self.config = uvicorn.Config(
            self.app, interface="asgi3", port=0, ws="server.web.fanout_protocol:FanoutProtocol",
            ws_per_message_deflate=False, ws_max_size=MAX_SIZE, ws_ping_interval=None, log_level="error",
            lifespan="off", timeout_graceful_shutdown=5, **options,
        )  # fmt: skip
        self.server = uvicorn.Server(self.config)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await receive()
        if self.before_accept is not None:
            await self.before_accept()
        if self.act == "fail":
            raise RuntimeError("the gateway is broken")
        if self.act == "silent":
            return
        if self.act == "refuse":
            await send({"type": "websocket.close", "code": 4403})
            return
        await send({"type": "websocket.accept", "subprotocol": (scope["subprotocols"] or [None])[0]})
        if self.after_accept is not None:
            await self.after_accept()
        transport: FanoutProtocol = scope["extensions"][EXTENSION]
        echo = Echo(transport)
        self.echoes.append(echo)
        transport.hand_over(echo)

    @property
    def port(self) -> int:
        port: int = self.server.servers[0].sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/live/grace"

    def connect(self, **choices: Any) -> connect:
        return connect(
            self.url,
            subprotocols=["narthex.v1"],
            compression=None,
            ping_interval=None,
            proxy=None,
            max_size=None,
            **choices,
        )  # type: ignore[arg-type]

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a socket and shake hands by hand."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET /live/grace HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        return reader, writer

    async def shaken(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a socket, and read the answer to its handshake."""
        reader, writer = await self.raw()
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101")
        await eventually(lambda: bool(self.echoes))
        return reader, writer


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """Give a running server."""
    async with running(Served()) as made:
        yield made


@asynccontextmanager
async def running(made: Served) -> AsyncIterator[Served]:
    """Serve until the block ends."""
    task = asyncio.create_task(made.server._serve())
    await eventually(lambda: made.server.started)
    yield made
    made.server.should_exit = made.server.force_exit = True
    await task


async def eventually(true: Callable[[], bool], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.005)


def masked(opcode: int, payload: bytes, fin: bool = True, mask: bytes = b"\x01\x02\x03\x04") -> bytes:
    """Make one frame of a client."""
    size = len(payload)
    head = bytes([(0x80 if fin else 0) | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65536:
        head += b"\xfe" + struct.pack("!H", size)
    else:
        head += b"\xff" + struct.pack("!Q", size)
    return head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


async def ended(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read until the server's close frame; return its code and reason."""
    async with asyncio.timeout(5):
        data = await reader.read(-1)
    at = data.rfind(b"\x88")
    assert at >= 0, data
    return int.from_bytes(data[at + 2 : at + 4]), data[at + 4 :]


# ---- what it relies on


def test_the_attributes_it_relies_on_are_there() -> None:
    """uvicorn's class still has what this one overrides, sets and reads."""
    for name in (
        "connection_made", "connection_lost", "data_received", "run_asgi", "shutdown", "pause_writing",
        "resume_writing", "send_500_response", "send", "receive", "stop_keepalive",
    ):  # fmt: skip
        assert callable(getattr(WebSocketsSansIOProtocol, name)), name
    source = WebSocketsSansIOProtocol.__init__.__code__.co_names
    for name in (
        "conn", "queue", "writable", "frames", "app", "config", "loop", "logger", "transport", "close_sent",
        "disconnected", "close_timer", "handshake_initiated", "handshake_complete",
    ):  # fmt: skip
        assert name in source, name
    connect_names = WebSocketsSansIOProtocol.handle_connect.__code__.co_names
    assert {"request", "response", "scope", "run_asgi"} <= set(connect_names)


def test_deflate_is_refused() -> None:
    """With deflate on the class does not start: frames could not be shared."""
    config = uvicorn.Config(lambda: None, ws_per_message_deflate=True, log_level="error")
    config.load()
    with pytest.raises(RuntimeError, match="shared"):
        FanoutProtocol(config, uvicorn.server.ServerState(), {})


# ---- handshake


async def test_handed_over(served: Served) -> None:
    """After the hand-over messages go to the receiver and pre-framed bytes to the client, without any task."""
    async with served.connect() as client:
        assert client.subprotocol == "narthex.v1"
        await client.send("hello")
        assert await client.recv() == "hello"
        assert served.echoes[0].received == [b"hello"]
        await eventually(lambda: not served.server.server_state.tasks)
        await client.send("still here")
        assert await client.recv() == "still here"
    await eventually(lambda: served.echoes[0].losses == 1)
    assert not served.server.server_state.connections


@pytest.mark.parametrize(("act", "status"), [("fail", 500), ("silent", 500), ("refuse", 403)])
async def test_a_handshake_that_fails(
    served: Served, act: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A gateway that fails or says nothing is a 500, one that refuses is a 403; no connection is left."""
    served.act = act
    with pytest.raises(InvalidStatus) as refused:
        await served.connect()
    assert refused.value.response.status_code == status
    await eventually(lambda: not served.server.server_state.connections)


async def test_sent_before_the_answer(served: Served) -> None:
    """What a client sends before the hand-over is kept and read after it, in order and across cuts."""
    gate = asyncio.Event()
    served.before_accept = served.after_accept = gate.wait
    reader, writer = await served.raw()
    await asyncio.sleep(0.05)
    early = masked(1, b"one") + masked(1, b"two")
    writer.write(early[:5])
    await asyncio.sleep(0.05)
    writer.write(early[5:])
    await asyncio.sleep(0.05)
    gate.set()
    await reader.readuntil(b"\r\n\r\n")
    assert await reader.readexactly(10) == framed(b"one") + framed(b"two")
    writer.close()


async def test_too_much_before_the_answer(served: Served) -> None:
    """A client that floods the handshake is dropped."""
    gate = asyncio.Event()
    served.before_accept = gate.wait
    reader, writer = await served.raw()
    await asyncio.sleep(0.05)
    for _ in range(20):
        writer.write(b"x" * 8192)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    gate.set()
    await eventually(lambda: not served.server.server_state.connections)


async def test_lost_before_the_hand_over(served: Served) -> None:
    """A connection lost during the handshake is lost to its receiver as well, once."""
    gate = asyncio.Event()
    served.after_accept = gate.wait
    _, writer = await served.raw()
    await asyncio.sleep(0.05)
    writer.transport.abort()
    await eventually(lambda: not served.server.server_state.connections)
    gate.set()
    await eventually(lambda: bool(served.echoes) and served.echoes[0].losses == 1)
    assert not served.echoes[0].transport.send_framed(framed(b"x"))


# ---- frames of the client


async def test_fragments_and_controls(served: Served) -> None:
    """A message in parts with a ping between them arrives whole, and the ping is answered."""
    reader, writer = await served.shaken()
    writer.write(
        masked(1, b"he", fin=False) + masked(9, b"p") + masked(0, b"", fin=False) + masked(0, b"llo")
    )
    assert await reader.readexactly(3) == b"\x8a\x01p"
    assert await reader.readexactly(7) == framed(b"hello")
    writer.write(masked(10, b""))
    await eventually(lambda: served.echoes[0].pongs == 4)  # two parts, the ping and the pong
    writer.close()


@pytest.mark.parametrize(
    "wrong",
    [
        masked(2, b"binary"),
        masked(0, b"a part of nothing"),
        masked(1, b"one", fin=False) + masked(1, b"two"),
        masked(3, b"reserved"),
        masked(11, b"reserved"),
        b"\x81\x05hello",  # no mask
        b"\xc1" + masked(1, b"compressed")[1:],
        masked(9, b"x" * 126),
        masked(9, b"x", fin=False),
        masked(1, b"x" * (MAX_SIZE + 1)),
        masked(1, b"x" * MAX_SIZE, fin=False) + masked(0, b"y"),
        b"\x81\xff" + struct.pack("!Q", 2**63) + b"\0\0\0\0",
    ],
)  # fmt: skip
async def test_broken_peers(served: Served, wrong: bytes) -> None:
    """Binary, oversized, unmasked or impossible frames close with the receiver's code, whatever follows."""
    reader, writer = await served.shaken()
    writer.write(wrong)
    writer.write(b"\xff" * 1000)
    await eventually(lambda: served.echoes[0].broken == 1)
    assert served.echoes[0].received == []
    data = await reader.readexactly(4)
    assert (data[0], int.from_bytes(data[2:4])) == (0x88, 4510)
    writer.close()
    await eventually(lambda: served.echoes[0].losses == 1)
    assert served.echoes[0].broken == 1


async def test_the_longest_message_passes(served: Served) -> None:
    """A message of exactly the greatest size is taken."""
    async with served.connect() as client:
        await client.send("x" * MAX_SIZE)
        assert await client.recv() == "x" * MAX_SIZE


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.binary(max_size=300), st.binary(min_size=4, max_size=4)), max_size=8),
    st.lists(st.integers(1, 40), min_size=1, max_size=20),
)
def test_inbound_cuts_anywhere(messages: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    """However a client's bytes are cut on the way, the same messages come out, and nothing is held at the end."""
    stream = b"".join(masked(1, payload, mask=mask) for payload, mask in messages)
    inbound, found, at, turn = Inbound(MAX_SIZE), [], 0, 0
    while at < len(stream):
        found += inbound.feed(stream[at : at + cuts[turn % len(cuts)]])
        at, turn = at + cuts[turn % len(cuts)], turn + 1
    assert found == [(1, payload) for payload, _ in messages]
    assert (inbound._rest, inbound._parts) == (None, None)


@settings(max_examples=500, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=20))
def test_inbound_never_fails_otherwise(chunks: list[bytes]) -> None:
    """Any bytes are messages, an unfinished rest, or a broken peer; nothing else is raised."""
    inbound = Inbound(1000)
    try:
        for chunk in chunks:
            inbound.feed(chunk)
    except BrokenPeer:
        return


@pytest.mark.parametrize("part", [b"", b"x", b"xy"])
def test_parts_take_no_more_room_than_their_message(part: bytes) -> None:
    """However small its parts are, and however many: a message in the making takes about its own length."""
    inbound = Inbound(MAX_SIZE)
    assert inbound.feed(masked(1, part, fin=False)) == [(0, b"")]
    for _ in range(30):
        found = inbound.feed(masked(0, part, fin=False) * 1_000)
        assert found == [(0, b"")] * 1_000
    assert sys.getsizeof(inbound._parts) <= 2 * len(part) * 30_001 + 200


# ---- closing


async def test_the_client_closes(served: Served) -> None:
    """A client's close is answered with its own code."""
    reader, writer = await served.shaken()
    writer.write(masked(8, struct.pack("!H", 1001) + b"bye"))
    assert (await ended(reader))[0] == 1001
    await eventually(lambda: served.echoes[0].losses == 1)
    writer.close()


async def test_the_server_closes(served: Served) -> None:
    """A close reaches the client with code and reason after what was sent; then nothing is sent any more."""
    async with served.connect() as client:
        await client.send("x")
        echo = served.echoes[0]
        await client.recv()
        assert echo.transport.send_framed(framed(b"last"))
        echo.transport.close(4008, "too slow")
        echo.transport.close(4510, "twice")
        assert not echo.transport.send_framed(framed(b"never"))
        assert echo.transport.writer() is None
        assert echo.refusals == 1
        assert await client.recv() == "last"
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4008, "too slow")
    await eventually(lambda: echo.losses == 1)


async def test_a_peer_that_does_not_answer_a_close(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who neither reads nor answers is cut off a little after the close, with all that waited for it."""
    monkeypatch.setattr(fanout_protocol, "CLOSE_SECONDS", 0.2)
    _, writer = await served.shaken()
    echo = served.echoes[0]
    while echo.transport.send_framed(b"x" * 65536):
        await asyncio.sleep(0)
    echo.transport.close(4008, "too slow")
    await eventually(lambda: echo.losses == 1)
    writer.close()


@pytest.mark.parametrize("goodbye", ["close frame", "end of stream"])
async def test_a_peer_that_says_goodbye_and_never_reads(
    served: Served, monkeypatch: pytest.MonkeyPatch, goodbye: str
) -> None:
    """What waits for it is not kept for ever: it is cut off as whoever does not answer our close."""
    monkeypatch.setattr(fanout_protocol, "CLOSE_SECONDS", 0.2)
    reader, writer = await served.shaken()
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    echo = served.echoes[0]
    while echo.transport.send_framed(framed(b"x" * 60_000)):
        await asyncio.sleep(0)
    if goodbye == "close frame":
        writer.write(masked(8, struct.pack("!H", 1000)))
    else:
        writer.write_eof()
    await eventually(lambda: echo.losses == 1)
    assert echo.refusals >= 2
    assert reader is not None
    writer.close()


async def test_aborted(served: Served) -> None:
    """A connection that breaks is lost to its receiver, once, and sends are refused."""
    _, writer = await served.shaken()
    writer.transport.abort()
    echo = served.echoes[0]
    await eventually(lambda: echo.losses == 1)
    assert not echo.transport.send_framed(framed(b"x"))
    echo.transport.close(1000, "")
    echo.transport.hold()
    echo.transport.release()
    assert not served.server.server_state.connections


# ---- back-pressure


async def test_a_reader_that_stops(served: Served) -> None:
    """Sends to a full socket are refused until it has room; then the receiver is told, and every byte arrives."""
    reader, writer = await served.shaken()
    echo, sent = served.echoes[0], 0
    chunk = framed(b"y" * 10_000)
    while echo.transport.send_framed(chunk):
        sent += 1
        await asyncio.sleep(0)
    assert not echo.transport.send_framed(b"")
    assert echo.transport.writer() is None
    assert echo.refusals == 2  # when bytes began to wait, and when they were too many
    assert echo.transport.transport.get_write_buffer_size() <= fanout_protocol.HIGH_WATER + len(chunk)
    assert echo.room == 0
    assert await reader.readexactly(sent * len(chunk)) == chunk * sent
    await eventually(lambda: echo.room == 1)
    assert echo.transport.send_framed(framed(b"more"))
    assert await reader.readexactly(6) == framed(b"more")
    writer.close()


async def test_written_to_unasked(served: Served) -> None:
    """What is written past the questions arrives in its place, and fills the socket as everything does."""
    reader, writer = await served.shaken()
    echo, sent = served.echoes[0], 0
    assert echo.transport.send_framed(framed(b"one"))
    assert unasked(echo.transport, framed(b"two"))
    assert echo.transport.send_framed(framed(b"end"))
    assert await reader.readexactly(15) == framed(b"one") + framed(b"two") + framed(b"end")
    for _ in range(2):
        expected = b""
        while (write := echo.transport.writer()) is not None:
            chunk, sent = framed(b"%d" % sent * 5_000), sent + 1
            by_turns = unasked if sent % 3 else FanoutProtocol.send_framed
            assert by_turns(echo.transport, chunk)
            expected += chunk
            await asyncio.sleep(0)
        assert write is None
        assert not echo.transport.send_framed(b"")
        assert await reader.readexactly(len(expected)) == expected
        await eventually(lambda: echo.transport.writer() is not None)
    assert echo.room == 2
    writer.close()


@pytest.mark.parametrize("end", ["abort", "end of stream", "our close"])
async def test_the_descriptor_outlives_the_connection(served: Served, end: str) -> None:
    """The event loop says that a connection is lost before it closes its descriptor: nobody else has it by then."""
    _, writer = await served.shaken()
    echo = served.echoes[0]
    number = echo.transport.transport.get_extra_info("socket").fileno()
    before, seen = os.fstat(number).st_ino, []
    echo.lost = lambda: seen.append(os.fstat(number).st_ino)  # type: ignore[method-assign]
    if end == "abort":
        writer.transport.abort()
    elif end == "end of stream":
        writer.write_eof()
    else:
        echo.transport.close(1000, "")
        writer.write(masked(8, struct.pack("!H", 1000)))
    await eventually(lambda: bool(seen))
    assert seen == [before]
    writer.close()


async def test_what_is_gone_takes_nothing(served: Served) -> None:
    """Who kept a writer for too long writes to nobody: the descriptor may be another connection's by then."""
    _, writer = await served.shaken()
    echo = served.echoes[0]
    write = echo.transport.writer()
    assert write is not None
    writer.transport.abort()
    await eventually(lambda: echo.losses == 1)
    with pytest.raises(OSError, match="Bad file descriptor"):
        write(framed(b"x"))
    echo.transport.finish(framed(b"x"))
    assert echo.transport.writer() is None


async def test_over_tls_all_goes_through_the_transport(tmp_path: Path) -> None:
    """What is written there is not what goes over the socket; a proxy in front is the rule, but not the only way."""
    certificate, key = self_signed(tmp_path)
    async with running(Served(ssl_certfile=certificate, ssl_keyfile=key)) as served:
        url, trust = f"wss://localhost:{served.port}/", ssl.create_default_context(cafile=certificate)
        async with connect(url, ssl=trust, compression=None, proxy=None) as client:
            await client.send("x")
            assert await client.recv() == "x"
            assert unasked(served.echoes[0].transport, framed(b"y"))
            assert await client.recv() == "y"


async def test_nobody_writes_unasked_to_who_says_goodbye(served: Served) -> None:
    """A peer's close is a reason as well: nothing follows the answer to it (RFC 6455, 5.5.1)."""
    reader, writer = await served.shaken()
    writer.write(masked(8, struct.pack("!H", 1001) + b"bye"))
    assert (await ended(reader))[0] == 1001
    echo = served.echoes[0]
    assert echo.refusals == 1
    assert echo.transport.writer() is None
    writer.close()


async def test_held_reading(served: Served) -> None:
    """While reading is held nothing arrives; then all of it does."""
    _, writer = await served.shaken()
    echo = served.echoes[0]
    echo.transport.hold()
    await asyncio.sleep(0.02)
    for number in range(5):
        writer.write(masked(1, b"%d" % number))
    await asyncio.sleep(0.1)
    assert echo.received == []
    echo.transport.release()
    await eventually(lambda: len(echo.received) == 5)
    assert echo.received == [b"0", b"1", b"2", b"3", b"4"]
    writer.close()


# ---- shutdown and memory


async def test_shutdown_leaves_the_moment_to_the_receiver(served: Served) -> None:
    """On shutdown receivers are drained, closes are theirs to time, and the server waits for them."""
    async with served.connect() as one, served.connect() as two:
        await one.send("x")
        await two.send("x")
        await one.recv()
        await two.recv()
        began = time.monotonic()
        served.server.should_exit = True
        for client in (one, two):
            assert await client.recv() == "drain"
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
        assert time.monotonic() - began >= 0.2
    assert [echo.drained for echo in served.echoes] == [1, 1]


async def test_the_handshake_is_let_go(served: Served) -> None:
    """After the hand-over nothing of the handshake is kept: no request, no headers, no parser, no queue."""
    async with served.connect(additional_headers={"X-Weight": "w" * 3000}) as client:
        await client.send("x")
        await client.recv()
        transport = served.echoes[0].transport
        await eventually(lambda: not served.server.server_state.tasks)
        kept = [
            name
            for name in ("conn", "request", "response", "app", "frames")
            if getattr(transport, name) is not None
        ]
        assert kept == []
        assert transport.scope == {}
