"""Everything that a reader of the prayer wall receives, and the ways in which somebody could be found in it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect

from realtime.frames import SUBPROTOCOL

HASHES = ("md5", "sha1", "sha256", "blake2b", "blake2s")
_RUN = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
_HEX = re.compile(rb"[0-9a-fA-F]{16,}")
_ESCAPED = re.compile(rb"\\u([0-9a-fA-F]{4})")
DEPTH = 2  # wrappings within one another that are taken off


class Heard(msgspec.Struct):
    """What came over the wire, by where it came from: whole answers with their headers, and frames."""

    sources: dict[str, list[bytes]] = {}

    def add(self, source: str, heard: bytes) -> None:
        self.sources.setdefault(source, []).append(heard)

    def answer(self, source: str, answer: httpx.Response) -> None:
        """Keep a whole answer, without the two headers that are about the reader's own request."""
        own = ("date", "x-request-id")
        lines = [f"{name}: {value}" for name, value in answer.headers.items() if name not in own]
        self.add(source, "\n".join(lines).encode() + b"\n\n" + answer.content)

    def everything(self) -> Iterator[tuple[str, bytes]]:
        for source, pieces in self.sources.items():
            for piece in pieces:
                yield source, piece

    def frames(self) -> list[dict[str, Any]]:
        """Return the frames of every socket, decoded."""
        sockets = [name for name in self.sources if name.startswith("socket") and "headers" not in name]
        return [msgspec.json.decode(piece) for name in sockets for piece in self.sources[name]]


class Reader:
    """Reads a wall by its socket as any browser does, and keeps every frame."""

    def __init__(self, url: str, heard: Heard, source: str = "socket", token: str | None = None) -> None:
        self._url = url
        self._heard = heard
        self._source = source
        self._token = token
        self._ref = 0
        self._news = asyncio.Condition()
        self.frames: list[dict[str, Any]] = []

    async def __aenter__(self) -> Reader:
        self._socket: ClientConnection = await connect(
            f"{self._url.replace('http', 'ws')}/live/grace",
            origin=self._url,  # type: ignore[arg-type]
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
        )
        answer = self._socket.response
        assert answer is not None
        self._heard.add(f"{self._source}-headers", str(answer.headers).encode())
        self._listening = asyncio.create_task(self._listen())
        await self.send({"type": "hello"} | ({"token": self._token} if self._token else {}))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.cancel()
        await self._socket.close()

    async def send(self, frame: dict[str, Any]) -> None:
        await self._socket.send(msgspec.json.encode(frame).decode())

    async def join(self, topic: str, after: list[Any] | None = None) -> dict[str, Any]:
        """Join a topic and return the reply."""
        more = {} if after is None else {"after": after}
        return await self._ask({"type": "join", "topic": topic, **more})

    async def push(self, topic: str, event: str, data: Any, id: str | None = None) -> dict[str, Any]:
        return await self._ask({"type": "push", "topic": topic, "event": event, "data": data, "id": id})

    async def until(self, wanted: Any, seconds: float = 30) -> dict[str, Any]:
        """Return the first frame that is wanted, also of those that have come."""
        async with asyncio.timeout(seconds), self._news:
            while True:
                for frame in self.frames:
                    if wanted(frame):
                        return frame
                await self._news.wait()

    async def _ask(self, frame: dict[str, Any]) -> dict[str, Any]:
        self._ref += 1
        ref = self._ref
        await self.send({**frame, "ref": ref})
        return await self.until(lambda found: found["type"] == "reply" and found["ref"] == ref)

    async def _listen(self) -> None:
        async for text in self._socket:
            data = text.encode() if isinstance(text, str) else text
            frame: dict[str, Any] = msgspec.json.decode(data)
            if frame["type"] != "welcome":  # it is about the reader alone, with the time of their coming
                self._heard.add(self._source, data)
            async with self._news:
                self.frames.append(frame)
                self._news.notify_all()


def layers(data: bytes, depth: int = DEPTH) -> Iterator[bytes]:
    """Return the bytes as they are, and whatever is wrapped in them as base64, base64url or hex."""
    yield data
    if b"\\u" in data:
        yield _ESCAPED.sub(lambda found: chr(int(found[1], 16)).encode("utf-8", "surrogatepass"), data)
    if depth == 0:
        return
    for run in _RUN.findall(data):
        for start in range(4):
            text = run[start:].replace(b"-", b"+").replace(b"_", b"/")
            text = text[: len(text) // 4 * 4] if len(text) % 4 == 1 else text + b"=" * (-len(text) % 4)
            with contextlib.suppress(ValueError):
                yield from layers(base64.b64decode(text), depth - 1)
    for run in _HEX.findall(data):
        for start in range(2):
            text = run[start:]
            yield from layers(bytes.fromhex(text[: len(text) // 2 * 2].decode()), depth - 1)


def spellings(value: str | UUID) -> set[bytes]:
    """Return the ways to write an id or a word, its digests among them; what wraps it is taken off by `layers`."""
    if isinstance(value, UUID):
        plain = {str(value).encode(), value.hex.encode(), value.bytes, str(value.int).encode()}
        plain |= {value.bytes_le, value.urn.encode()}
    else:
        plain = {value.encode(), value.lower().encode(), value.encode("utf-16-le")}
    digests = {hashlib.new(name, one).digest() for name in HASHES for one in plain}
    upper = {one.upper() for one in plain if one.isascii()}
    return plain | upper | digests | {digest.hex().encode() for digest in digests}


def leaves(value: Any) -> Iterator[Any]:
    """Return every value in a JSON document that is none of its objects and lists."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value


def ids(data: bytes) -> set[UUID]:
    """Return whatever looks like a UUID."""
    found = re.findall(rb"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}", data)
    return {UUID(one.decode()) for one in found}
