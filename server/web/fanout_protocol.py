"""The uvicorn WebSocket protocol of this server: pre-framed sends, nobody waits for the slow, drained
shutdown.

uvicorn and websockets do the handshake. Then the gateway, an ASGI application like any other, finds this
object in `scope["extensions"]["narthex.fanout"]`, accepts, calls `hand_over(receiver)` and returns. From
there on the socket speaks to the receiver (`realtime.transport.Receiver`) without a task, a queue or an
ASGI message, and everything the handshake needed is let go: that is most of a connection's memory. While
nothing waits in the transport's buffer, frames go past it, by the socket's own send.

It relies on the event loop calling `connection_lost` before it closes the descriptor, and on attributes of
uvicorn 0.54's `WebSocketsSansIOProtocol`; `tests/server/web/test_fanout_protocol.py` fails when either
changes. Deflate must be off: frames are shared, so no extension may be negotiated.
"""

import asyncio
import logging
import socket
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.frames import apply_mask  # type: ignore[attr-defined]

from realtime.frames import framed_close
from realtime.transport import Receiver, Write

EXTENSION: Final = "narthex.fanout"

HIGH_WATER: Final = 262_144
"""Bytes waiting for one socket; when it is hit sends are refused until they are down to LOW_WATER."""

LOW_WATER: Final = 32_768

EARLY_BYTES: Final = 65_536
"""Bytes a client sends before the hand-over; when it is hit the connection is dropped."""

CLOSE_SECONDS: Final = 5.0
"""A peer that does not answer a close frame for this long is cut off."""

_log = logging.getLogger("narthex.sockets")
_log.setLevel(
    logging.WARNING
)  # what uvicorn tells of each handshake holds its address and whatever was asked for

CONTINUATION, TEXT, CLOSE, PING, PONG = 0x0, 0x1, 0x8, 0x9, 0xA


class BrokenPeer(Exception):
    """The peer does not speak RFC 6455, sends binary, or sends too much at once."""


class Inbound:
    """Cut a client's bytes into messages (RFC 6455, 5); between two messages it holds nothing.

    What it holds of one message is never more than the longest message, in however many parts it comes.
    """

    __slots__ = ("_longest", "_parts", "_rest")

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._rest: bytes | None = None
        self._parts: bytearray | None = None

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Return the opcodes and payloads that are whole now, a part being an empty one; raise BrokenPeer."""
        if self._rest is not None:
            data, self._rest = self._rest + data, None
        found: list[tuple[int, bytes]] = []
        at = 0
        while (frame := self._frame(data, at)) is not None:
            at, fin, opcode, payload = frame
            found.append(self._assemble(fin, opcode, payload))
        if at < len(data):
            self._rest = data[at:]
        return found

    def _frame(self, data: bytes, at: int) -> tuple[int, bool, int, bytes] | None:
        """Read one frame, None while it is not all there: its end, whether it is the last, opcode,
        payload."""
        if len(data) - at < 2:
            return None
        first, second = data[at], data[at + 1]
        opcode, length, at = first & 0x0F, second & 0x7F, at + 2
        if first & 0x70 or not second & 0x80:
            raise BrokenPeer("an extension nobody agreed on, or no mask")
        if opcode >= CLOSE and (length > 125 or not first & 0x80):
            raise BrokenPeer("a control frame too long or in parts")
        if length >= 126:
            size = 2 if length == 126 else 8
            if len(data) - at < size:
                return None
            length, at = int.from_bytes(data[at : at + size]), at + size
        if opcode < CLOSE and length + len(self._parts or b"") > self._longest:
            raise BrokenPeer("a message too long")
        end = at + 4 + length
        if len(data) < end:
            return None
        return end, bool(first & 0x80), opcode, apply_mask(data[at + 4 : end], data[at : at + 4])

    def _assemble(self, fin: bool, opcode: int, payload: bytes) -> tuple[int, bytes]:
        """Put a message's parts together; control frames may stand between them."""
        if opcode in (CLOSE, PING, PONG):
            return opcode, payload
        if opcode == TEXT and self._parts is None:
            if fin:
                return TEXT, payload
            self._parts = bytearray()
        elif opcode != CONTINUATION or self._parts is None:
            raise BrokenPeer("binary, or a part of nothing")
        self._parts += payload
        if not fin:
            return CONTINUATION, b""
        whole, self._parts = bytes(self._parts), None
        return TEXT, whole


class _Nothing:
    """Stands in for what uvicorn still touches after the hand-over: a queue and an event nobody waits on."""

    def put_nowait(self, item: object) -> None:
        """Drop it."""

    def set(self) -> None:
        """Ignore it."""

    def clear(self) -> None:
        """Ignore it."""


_NOTHING: Final = _Nothing()
_NO_SCOPE: Final[dict[str, Any]] = {}


class _Borrowed(socket.SocketType):
    """The descriptor of a transport, for its `send` alone: the transport closes it."""

    def __del__(self) -> None:
        self.detach()


def _borrow(transport: asyncio.Transport) -> _Borrowed | None:
    """Return the socket below a transport; None where what is written is not what goes over it (TLS)."""
    below = transport.get_extra_info("socket")
    if below is None or transport.get_extra_info("sslcontext") is not None:
        return None
    borrowed = _Borrowed(below.family, below.type, below.proto, below.fileno())
    borrowed.setblocking(False)
    return borrowed


class FanoutProtocol(WebSocketsSansIOProtocol):
    """One WebSocket of this server; it is a `realtime.transport.Transport`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if config.ws_per_message_deflate:
            raise RuntimeError("frames are shared: start uvicorn with ws_per_message_deflate=False")
        super().__init__(config, server_state, app_state, _loop)
        self.logger = self.conn.logger = _log
        self._receiver: Receiver | None = None
        self._inbound: Inbound | None = None
        self._early = b""
        self._open = False
        """Whether sends are taken: handed over, not closing, and the buffer below its bound."""
        self._socket: _Borrowed | None = None
        self._direct: Write | None = None
        """The socket's own send while nothing waits in the transport's buffer: two objects on the way, not six."""

    # ---- what the gateway calls

    def hand_over(self, receiver: Receiver) -> None:
        """Give the accepted socket to its receiver for good; call it right after the accept."""
        self._receiver = receiver
        self._inbound = Inbound(self.config.ws_max_size)
        self._let_go()
        if self.disconnected:
            receiver.lost()
            return
        self._open = not self.transport.is_closing()
        self._socket = _borrow(self.transport) if self._open else None
        early, self._early = self._early, b""
        if early:
            self.data_received(early)

    def _let_go(self) -> None:
        """Drop what only the handshake needed."""
        this = cast(Any, self)
        this.conn = this.request = this.response = None
        this.scope = _NO_SCOPE
        this.queue = this.writable = _NOTHING
        this.frames = this.app = None

    # ---- realtime.transport.Transport

    def send_framed(self, data: bytes) -> bool:
        """Write whole server frames; False when nothing was written."""
        if not self._open:
            return False
        send = self._direct or self._go_direct()
        if send is None:
            self.transport.write(data)
            return True
        try:
            taken = send(data)
        except OSError:  # no room, or the connection is gone: the transport finds out which
            taken = 0
        if taken != len(data):
            self.finish(data[taken:])
        return True

    def writer(self) -> Write | None:
        """Return the socket's own send, or what does as it would while bytes wait before it."""
        if not self._open:
            return None
        return self._direct or self._go_direct() or self._append

    def finish(self, rest: bytes) -> None:
        """Let the transport write what the socket had no room for, and all that follows until that is gone."""
        self._direct = None
        if self._receiver is not None:
            self._receiver.unwritable()
        if not self.disconnected:
            self.transport.write(rest)

    def _go_direct(self) -> Write | None:
        """Write past the transport from now on, if nothing waits in its buffer."""
        waits = self.transport.get_write_buffer_size() or self.transport.is_closing()
        if self._socket is not None and not waits:
            self._direct = self._socket.send
        return self._direct

    def _append(self, data: bytes) -> int:
        """Do as a socket that takes everything; refused, it is none to be written to unasked any more."""
        self.send_framed(data)
        return len(data)

    def _refuse(self) -> None:
        """Take no sends from now on, and tell the receiver if it thinks that they are taken."""
        self._direct = None
        if self._open:
            self._open = False
            if self._receiver is not None:
                self._receiver.unwritable()

    def close(self, code: int, reason: str) -> None:
        """Send a close frame and wait a little for the peer's."""
        if self.close_sent or self.disconnected:
            return
        self._refuse()
        self.close_sent = True
        if not self.transport.is_closing():
            self.transport.write(framed_close(code, reason))
            self.transport.resume_reading()
        self._cut_off_soon()

    def _cut_off_soon(self) -> None:
        """End the connection in a while, whether the peer reads what waits for it or not."""
        if self.close_timer is None:
            self.close_timer = self.loop.call_later(CLOSE_SECONDS, self.transport.abort)

    def hold(self) -> None:
        """Stop reading."""
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def release(self) -> None:
        """Read again."""
        if not self.transport.is_closing():
            self.transport.resume_reading()

    # ---- what uvicorn and the event loop call

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bound what may wait for this socket."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=HIGH_WATER, low=LOW_WATER)

    async def run_asgi(self) -> None:
        """Run the gateway with this object in its scope; the socket outlives it once it is handed over."""
        cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = self
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except Exception:
            self.logger.exception("the gateway failed")
        if self._receiver is None:
            self.send_500_response()  # does nothing when something was answered
            if self.close_timer is None:
                self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Hand messages to the receiver; what comes before the hand-over waits for it."""
        if self._receiver is None:
            self._wait_with(data)
            return
        if self._inbound is None:
            return  # the peer broke the protocol: nothing it says can be read any more
        try:
            for opcode, payload in self._inbound.feed(data):
                if opcode == TEXT:
                    self._receiver.receive(payload)
                else:
                    self._control(opcode, payload)
        except BrokenPeer:
            self._inbound = None
            self._receiver.bad()

    def _wait_with(self, data: bytes) -> None:
        if not self.handshake_initiated:
            super().data_received(data)
        elif len(self._early) + len(data) > EARLY_BYTES:
            self.transport.abort()
        else:
            self._early += data

    def _control(self, opcode: int, payload: bytes) -> None:
        """Answer a control frame, and count it; a part of a message is only counted."""
        assert self._receiver is not None
        if opcode == CLOSE:
            self._closed_by_peer(payload)
            return
        self._receiver.heard()
        if opcode == PING:
            self.send_framed(b"\x8a" + len(payload).to_bytes(1) + payload)

    def _closed_by_peer(self, payload: bytes) -> None:
        """Answer a close with a close, or take the answer to ours; either way it is over."""
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(b"\x88" + len(payload[:2]).to_bytes(1) + payload[:2])
        self._refuse()
        self.close_sent = True
        self.transport.close()
        self._cut_off_soon()

    def eof_received(self) -> None:
        """Take no more sends: the peer has hung up, and the event loop closes once it has read what waits."""
        self._refuse()
        if self._receiver is not None:
            self._cut_off_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the receiver, once, that it is over."""
        self._open, self._direct = False, None
        if self._socket is not None:
            self._socket.detach()  # the descriptor is closed after this, and may soon be somebody else's
        super().connection_lost(exc)
        if self._receiver is not None:
            self._receiver.lost()

    def pause_writing(self) -> None:
        """Refuse sends: the buffer is above its bound."""
        self._refuse()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Take sends again."""
        super().resume_writing()
        if self._receiver is not None and not self.close_sent and not self.transport.is_closing():
            self._open = True
            self._receiver.writable()

    def shutdown(self) -> None:
        """Let the receiver choose the moment of the close; who has no receiver is cut at once."""
        if self._receiver is not None:
            self._receiver.drain()
        else:
            super().shutdown()
