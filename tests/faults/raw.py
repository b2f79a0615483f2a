"""A WebSocket client of bytes: it sends what it is told, right or wrong, and tells what came back."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
from typing import Any, Self

import msgspec

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def masked(payload: bytes, opcode: int = TEXT, *, fin: bool = True) -> bytes:
    """Frame a client's message (RFC 6455, 5.2) with the zero mask."""
    size, first = len(payload), (0x80 if fin else 0) | opcode
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 65536:
        head = bytes((first, 0x80 | 126)) + size.to_bytes(2)
    else:
        head = bytes((first, 0x80 | 127)) + size.to_bytes(8)
    return head + bytes(4) + payload


class Closed(Exception):
    """The server closed the connection; the code is the argument, 0 for a cut."""


class Raw:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._ref = 0
        self._coming: asyncio.Task[tuple[int, bytes]] | None = None  # a frame of which a part may be read

    @classmethod
    async def open(cls, address: tuple[str, int], path: str, *, buffer: int = 0, **headers: str) -> Self:
        """Connect and shake hands; `buffer` makes the receive buffer small. Raise Closed with the HTTP status."""
        sock = socket.socket()
        if buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, address)
        limit = 2**20
        reader, writer = await asyncio.open_connection(sock=sock, limit=limit)
        self = cls(reader, writer)
        host = f"{address[0]}:{address[1]}"
        lines = {
            "Host": host, "Origin": f"http://{host}", "Upgrade": "websocket", "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Protocol": "narthex.v1", **headers,
        }  # fmt: skip
        head = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.send(head.encode("latin-1") + b"\r\n")
        answer = await self.reader.readuntil(b"\r\n\r\n")
        status = int(answer.split()[1])
        if status != 101:
            self.cut()
            raise Closed(status)
        return self

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)

    def say(self, frame: dict[str, Any] | bytes) -> None:
        """Send a text frame."""
        self.send(masked(frame if isinstance(frame, bytes) else msgspec.json.encode(frame)))

    async def next(self, seconds: float = 20.0) -> dict[str, Any]:
        """Return the next text frame; raise Closed, TimeoutError."""
        async with asyncio.timeout(seconds):
            while True:
                opcode, payload = await self._whole()
                if opcode == TEXT:
                    found: dict[str, Any] = msgspec.json.decode(payload)
                    return found
                if opcode == CLOSE:
                    raise Closed(int.from_bytes(payload[:2]))
                if opcode == PING:
                    self.send(masked(payload, PONG))

    async def until(self, kind: str, seconds: float = 20.0, **fields: Any) -> dict[str, Any]:
        """Return the next frame of a type whose fields are these."""
        async with asyncio.timeout(seconds):
            while True:
                frame = await self.next(seconds)
                if frame["type"] == kind and all(frame.get(name) == value for name, value in fields.items()):
                    return frame

    async def closed(self, seconds: float = 20.0) -> int:
        """Return the code the server closes with, whatever comes before."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self.next(seconds)
        except Closed as closed:
            return int(closed.args[0])

    async def ask(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Send a frame with a ref and return its reply."""
        self._ref += 1
        self.say({**frame, "ref": self._ref})
        return await self.until("reply", ref=self._ref)

    async def push(self, topic: str, event: str, data: Any, id: str | None = None) -> dict[str, Any]:
        """Push and return the reply."""
        named = {} if id is None else {"id": id}
        return await self.ask({"type": "push", "topic": topic, "event": event, "data": data, **named})

    def pause(self) -> None:
        """Read nothing from now on."""
        self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        self._transport.resume_reading()

    @property
    def _transport(self) -> asyncio.ReadTransport:
        transport = self.writer.transport
        assert isinstance(transport, asyncio.ReadTransport)
        return transport

    def cut(self) -> None:
        """Drop the connection."""
        self.writer.transport.abort()
        if self._coming is not None:
            self._coming.cancel()

    async def _whole(self) -> tuple[int, bytes]:
        """Return the next frame; who gives up waiting leaves what is read of it to the next one."""
        if self._coming is None:
            self._coming = asyncio.create_task(self._frame())
        found = await asyncio.shield(self._coming)
        self._coming = None
        return found

    async def _frame(self) -> tuple[int, bytes]:
        try:
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size >= 126:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8))
            return first & 0x0F, await self.reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise Closed(0) from None
