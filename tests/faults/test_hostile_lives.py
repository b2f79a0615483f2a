"""Those who do nothing, never read, or send at random, beside people who are served as ever."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from server.cli.bench.stage import pss_of
from server.kit.clock import SystemClock
from server.kit.crypto import Keyring
from server.kit.tokens import Tokens
from tests.faults import fuzz
from tests.faults.house import claims_of
from tests.faults.place import GUESTS, MOST_GROWTH, Place
from tests.faults.raw import Closed, Raw, masked

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

MARK = "zqmarkqz"  # stands in everything that must not reach the log
MORE_THAN_BUFFERS = 5_500_000  # bytes: what the kernel and our own bound hold for one socket, and more

# ---- sockets that do nothing


async def test_time_runs_out_for_who_says_nothing_and_for_old_tokens(place: Place, calm: Raw) -> None:
    """No hello for 10 s: 4003. A token 60 s behind its end on an open socket: 4001. A renewal keeps the socket."""
    tokens = Tokens(Keyring.parse(place.keyring), SystemClock())
    ended = datetime.now(UTC) - timedelta(seconds=50)  # readers of tokens allow for clocks 60 s apart
    begun = ended - timedelta(seconds=300)
    old = [tokens.sign(claims_of(place.tokens[guest]), at=begun, seconds=300) for guest in (7, 8)]
    silent = [await place.open() for _ in range(50)]
    late, renewed = await place.open(), await place.open()
    for raw, token in ((late, old[0]), (renewed, old[1])):
        raw.say({"type": "hello", "token": token})
        await raw.until("welcome")
    renewed.say({"type": "token", "token": place.tokens[8]})
    began = time.monotonic()
    assert await asyncio.gather(*(raw.closed(60) for raw in silent)) == [4003] * 50
    assert 8 < time.monotonic() - began < 50
    assert await late.closed(60) == 4001
    renewed.say({"type": "ping"})
    await renewed.until("pong")
    again = await place.open()
    again.say({"type": "hello", "token": tokens.sign(claims_of(place.tokens[7]), at=begun, seconds=200)})
    assert await again.closed() == 4001


async def test_a_renewal_is_for_the_same_person(place: Place, calm: Raw) -> None:
    """Somebody else's token on an open socket closes it with 4503, a bad one with 4501."""
    for token, code in ((place.tokens[10], 4503), ("x", 4501)):
        raw = await place.enter(9)
        raw.say({"type": "token", "token": token})
        assert await raw.closed() == code


async def test_half_open_connections_harm_nobody(place: Place, calm: Raw) -> None:
    """Hundreds that never finish a handshake or a frame stand beside somebody who is answered at once."""
    held: list[socket.socket] = []
    for number in range(200):
        sock = socket.create_connection(place.address)
        if number % 2:
            sock.sendall(b"GET /live/grace HTTP/1.1\r\nHost: x\r\n")
        held.append(sock)
    halves = [await place.enter(guest % 8, join=False) for guest in range(30)]
    for raw in halves:
        raw.send(masked(b"x" * 60_000)[:50_000])
    began = time.monotonic()
    calm.say({"type": "ping"})
    await calm.until("pong", 5)
    assert time.monotonic() - began < 5
    for sock in held:
        sock.close()
    for raw in halves:
        raw.cut()


async def test_who_never_reads_is_closed_and_costs_little(place: Place, calm: Raw) -> None:
    """A flood that one person does not read: they are closed as slow, all others are served, memory stays."""
    deaf = await place.enter(11, buffer=4096)
    deaf.pause()
    before, said = pss_of(place.pid), [0]
    talkers = [await place.enter(guest) for guest in range(GUESTS - 1) if guest != 11]
    ending = asyncio.Event()
    work = [asyncio.create_task(_flood(raw, place.topic, said, ending)) for raw in talkers]
    work.append(asyncio.create_task(_listen(calm, ending)))
    while said[0] * 6_100 < MORE_THAN_BUFFERS and not any(task.done() for task in work):
        await asyncio.sleep(0.1)
    assert pss_of(place.pid) - before < MOST_GROWTH
    await asyncio.sleep(12.0)  # behind for ten seconds is too long
    ending.set()
    await asyncio.gather(*work)
    deaf.resume()
    assert await deaf.closed(40) in (4008, 0)
    for raw in talkers:
        raw.cut()


async def _flood(raw: Raw, topic: str, said: list[int], ending: asyncio.Event) -> None:
    """Send long messages as fast as they are taken, and read everything."""
    while not ending.is_set():
        reply = await raw.push(topic, "message.send", {"body": "語" * 2_000}, str(uuid4()))
        said[0] += reply["ok"]
        if not reply["ok"]:
            assert reply["error"]["code"] == "limited", reply
            await _listen(raw, ending, reply["error"]["retry_after"])


async def _listen(raw: Raw, ending: asyncio.Event, seconds: float = 120.0) -> None:
    """Read what comes, for a while or until the end."""
    end = time.monotonic() + seconds
    while not ending.is_set() and (left := end - time.monotonic()) > 0:
        with contextlib.suppress(TimeoutError):
            await raw.next(min(left, 0.5))


# ---- at random, and in the log


async def test_fuzzed_frames_on_real_sockets(place: Place, calm: Raw) -> None:
    """Thousands of frames made at random: each connection is answered or closed with a listed code."""
    seed = random.randrange(2**31)
    print(f"seed {seed}")
    chance = random.Random(seed)
    codes: set[int] = set()
    for _ in range(30):
        raw = await place.enter(chance.randrange(8))
        damage = chance.choice((0.0, 0.0, 0.02, 0.2))
        for _ in range(100):
            raw.send(
                fuzz.wire(
                    chance, fuzz.text(chance, damage).replace(b"chat:hall", place.topic.encode()), damage
                )
            )
        raw.send(
            masked(b'{"type":"ping","ref":"the end"}') + masked(b'{"type":"hello"}')
        )  # a second hello: 4510
        try:
            while True:
                frame = await raw.next()
                assert frame.get("error", {}).get("code") != "internal", frame
        except Closed as closed:
            codes.add(closed.args[0])
        except TimeoutError:  # a frame said that more would come
            raw.cut()
    assert codes <= {4510, 4029, 4001, 4501, 4503, 1000, 1005, 0}, codes


async def test_nothing_a_client_sends_reaches_the_log_unescaped(place: Place, calm: Raw) -> None:
    """Every line of the log is one JSON object in ASCII, none is an error, and no word of a client is in it."""
    evil = f'{MARK}\r\n{{"level":"error"}}\x1b[2J\u202e'
    raw = await place.enter(0)
    push: dict[str, Any] = {"type": "push", "topic": place.topic}
    for frame in (
        {"type": evil, "ref": 1},
        {"type": "join", "ref": 2, "topic": evil},
        {"type": "join", "ref": 2, "topic": f"chat:{MARK}"},
        {**push, "ref": 3, "event": evil, "id": evil, "data": {evil: evil}},
        {**push, "ref": 4, "event": "message.send", "id": str(uuid4()), "data": {"body": evil}},
        {**push, "ref": 5, "event": "message.edit", "id": MARK, "data": evil},
    ):
        raw.say(frame)
        await raw.until("reply")
    raw.say({"type": "token", "token": evil})
    await raw.closed()
    with pytest.raises(Closed):
        await place.open(
            **{"User-Agent": f"{MARK}\x1b[2J", "Origin": f"http://{MARK}\xff", "X-Request-Id": MARK}
        )
    with pytest.raises(Closed):
        await Raw.open(place.address, f"/live/{MARK}%0d%0a%1b")
    async with httpx.AsyncClient(timeout=30) as http:
        await http.get(f"http://{place.address[0]}:{place.address[1]}/live/{MARK}", params={MARK: MARK})
    await asyncio.sleep(1.0)
    lines = place.log.read_bytes().rpartition(b"\n")[0].splitlines()  # the last may be half written
    assert lines
    for line in lines:
        assert line.isascii(), line
        assert not any(byte < 0x20 for byte in line), line
        entry = msgspec.json.decode(line)
        assert entry["level"] in ("debug", "info", "warning"), entry
        assert MARK.encode() not in line, line
