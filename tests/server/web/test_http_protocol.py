"""server.web.http_protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.processes import bind_socket
from server.web import http_protocol
from server.web.app import Server
from server.web.http_protocol import BoundedHttpProtocol


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answer with the number of bytes received."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = str(size).encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]}
    )
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def address(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[str, int]]:
    """Give the address of a server whose patience is a second."""
    monkeypatch.setattr(http_protocol, "PATIENCE", 1.0)
    listener = bind_socket("127.0.0.1", 0)
    server = Server(echo, patience=1, http=BoundedHttpProtocol)
    running = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield listener.getsockname()
    server.should_exit = True
    await running


@pytest.mark.parametrize("begin", [b"", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_a_slow_head_is_given_up(address: tuple[str, int], begin: bytes) -> None:
    """A request whose head does not come in time is closed, whether it has begun or not."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(begin)
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()


async def test_a_slow_second_head_is_given_up(address: tuple[str, int]) -> None:
    """The wait begins anew with the first byte of the next request on a kept connection."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"200" in await reader.readuntil(b"\r\n\r\n0")
    await asyncio.sleep(1.5)  # idle is another matter: keep-alive's
    writer.write(b"GET /")
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()


async def test_a_slow_body_is_not_the_head_s_concern(address: tuple[str, int]) -> None:
    """A body may take longer and be larger than a head."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"x" * 50_000)
    await asyncio.sleep(1.5)
    writer.write(b"x" * 50_000)
    async with asyncio.timeout(20):
        assert (await reader.readuntil(b"100000")).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_an_endless_head_is_cut_off(address: tuple[str, int]) -> None:
    """Beyond the bound the connection ends, also within one header's value."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * (http_protocol.LARGEST_HEAD + 1))
    async with asyncio.timeout(20):
        assert (await reader.readline()).startswith(b"HTTP/1.1 400")
    writer.close()
