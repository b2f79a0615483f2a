"""Frames that nobody should send, made from those that everybody sends; a seed makes the same ones again."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from realtime import closes
from realtime.limits import Limits, Rate
from server.web.fanout_protocol import BrokenPeer, Inbound
from tests.realtime.memory import Pipe, Plant

WIDE = Limits(Rate(1e9, 1e9), Rate(1e9, 1e9), Rate(1e12, 1e12))
LARGEST = 65_536
TYPES = (
    "join",
    "leave",
    "push",
    "push",
    "push",
    "token",
    "ping",
    "hello",
    "welcome",
    "nonsense",
    "__proto__",
)
TOPICS = (
    "chat:hall",
    "chat:hall",
    "chat:hall",
    "wall:x",
    "chat:",
    ":",
    "",
    "chat:hall:more",
    "me:anna",
    "chat:../hope",
    "CHAT:hall",
    "queue:x\0",
)
EVENTS = ("say", "say", "remove", "wave", "count", "message.send", "", "x" * 65, "\u202e", "__class__")
CURSORS: tuple[Any, ...] = (
    None,
    ["1.1", 0],
    ["1.1", 1],
    ["1.1", -1],
    ["1.1", 2**70],
    ["9.9", 1],
    ["", 0],
    [],
    ["1.1"],
    7,
    "1.1",
    [1, 2, 3],
)
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, -0.0, 2**53, 2**64, 2**200, "", "\0", "\ud800", "x" * 5_000, "\u202egnp.exe",
    "\x1b[2J", "\r\nforged=1", [], {}, [[[]]], {"type": "ping"}, "🙏" * 40, "0198", "null", "NaN",
)  # fmt: skip


def value(chance: random.Random, depth: int = 0) -> Any:
    """Return something that does not belong there."""
    if depth < 3 and chance.random() < 0.15:
        return [value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if depth < 3 and chance.random() < 0.1:
        return {str(value(chance, 3)): value(chance, depth + 1) for _ in range(chance.randrange(3))}
    return chance.choice(ODD)


def frame(chance: random.Random) -> dict[str, Any]:
    """Return a frame that is nearly right, or not at all."""
    made: dict[str, Any] = {"type": chance.choice(TYPES)}
    fields: dict[str, Callable[[], Any]] = {
        "ref": lambda: chance.choice((0, 1, 2, 2**53 - 1)),
        "topic": lambda: chance.choice(TOPICS),
        "after": lambda: chance.choice(CURSORS),
        "event": lambda: chance.choice(EVENTS),
        "id": lambda: chance.choice((str(UUID(int=chance.getrandbits(128), version=4)), "x", "", None)),
        "data": lambda: chance.choice(({"body": "hello"}, {"body": value(chance)}, value(chance))),
        "token": lambda: chance.choice(("anna", "bad", "expired", None, "x" * 9_000)),
    }
    for name, make in fields.items():
        if chance.random() < 0.7:
            made[name] = value(chance) if chance.random() < 0.12 else make()
    if chance.random() < 0.1:
        made[str(chance.choice(ODD))] = value(chance)
    return made


def text(chance: random.Random, damage: float) -> bytes:
    """Return the bytes of such a frame; so often damaged."""
    hurt = chance.random() < damage
    data = json.dumps(frame(chance), ensure_ascii=not hurt).encode("utf-8", "surrogatepass")
    return damaged(chance, data) if hurt else data


def damaged(chance: random.Random, data: bytes) -> bytes:
    """Return bytes with something done to them."""
    at = chance.randrange(len(data) + 1)
    match chance.randrange(9):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + chance.randbytes(chance.randrange(1, 5)) + data[at:]
        case 2:
            return data[:at] + data[at + chance.randrange(1, 8) :]
        case 3:
            return data + data
        case 4:
            return b"[" * chance.choice((1, 100, 30_000)) + data
        case 5:
            return chance.randbytes(chance.randrange(64))
        case 6:
            return data[:-1] + b',"type":"push","ref":' + b"9" * chance.choice((1, 30, 400)) + b"}"
        case 7:
            return data.replace(b'"', b"'")
    return b" " * chance.randrange(50) + data + b"\0" * chance.randrange(3)


def wire(chance: random.Random, payload: bytes, damage: float) -> bytes:
    """Frame a payload as a client does (RFC 6455, 5.2); so often wrongly."""
    opcode, first, masked, size = 1, 0x80, 0x80, len(payload)
    if chance.random() < damage:
        opcode = chance.choices((1, 2, 0, 8, 9, 10, 3, 11), (20, 2, 3, 1, 5, 3, 1, 1))[0]
        first = chance.choice((0x80, 0x80, 0, 0xC0))
        masked = chance.choice((0x80, 0x80, 0x80, 0))
        size = chance.choice((size, size, size, 0, 126, 2**16, 2**40, 2**63))
    first |= opcode
    if size < 126:
        head = bytes((first, masked | size))
    elif size < 2**16:
        head = bytes((first, masked | 126)) + size.to_bytes(2)
    else:
        head = bytes((first, masked | 127)) + size.to_bytes(8)
    key = chance.randbytes(4)
    return head + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


class Fuzzed(msgspec.Struct):
    """What came of it."""

    frames: int = 0
    answers: Counter[str] = msgspec.field(default_factory=Counter)
    crashes: list[str] = []

    def line(self) -> dict[str, Any]:
        """Return the figures under their keys."""
        return {"R7_frames": self.frames, "R7_frame_crashes": len(self.crashes)}


class _Ear(logging.Handler):
    """Hears what the engine complains of: nothing a client sends is worth a warning."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.heard.append(self.format(record))


def many(seed: int, count: int) -> Fuzzed:
    """Send `count` frames into sessions of a running node, through the cutter of bytes; return what came of it."""
    return asyncio.run(_many(random.Random(seed), count))


async def _many(chance: random.Random, count: int) -> Fuzzed:
    found, ear, plant = Fuzzed(), _Ear(), Plant()
    logging.getLogger("realtime").addHandler(ear)
    try:
        node = await plant.node(WIDE)
        calm = await plant.enter(node, token="calm")
        while found.frames < count:
            await _one_connection(chance, plant.connect(node), found)
            if calm.receiver is not None:
                calm.receiver.heard()  # it answers pings; else a long run would close it as silent
        await _still_served(plant, node, calm, found)
        await plant.stop()
        found.crashes += ear.heard
    finally:
        logging.getLogger("realtime").removeHandler(ear)
    return found


async def _one_connection(chance: random.Random, pipe: Pipe, found: Fuzzed) -> None:
    """Talk nonsense until the server has had enough, or for 200 frames."""
    inbound, damage = Inbound(LARGEST), chance.choice((0.0, 0.0, 0.01, 0.05, 0.5))
    if chance.random() < 0.9:
        pipe.say({"type": "hello", "token": "anna"})
        pipe.say({"type": "join", "ref": 0, "topic": "chat:hall"})
        await _breathe()
    for payload in (text(chance, damage) for _ in range(200)):
        found.frames += 1
        try:
            for opcode, message in inbound.feed(wire(chance, payload, damage)):
                if opcode == 1 and pipe.receiver is not None:
                    pipe.receiver.receive(message)
        except BrokenPeer:
            if pipe.receiver is not None:
                pipe.receiver.bad()
        except Exception as crash:
            found.crashes.append(f"{type(crash).__name__}: {crash} at {payload[:200]!r}")
        if chance.random() < 0.1:
            await asyncio.sleep(0)
        if pipe.closed is not None:
            break
    await _answers(pipe, found)


async def _breathe() -> None:
    """Let the sessions carry out what they were told."""
    for _ in range(20):
        await asyncio.sleep(0)


async def _answers(pipe: Pipe, found: Fuzzed) -> None:
    """Read what was answered: whole frames of known shapes, and a listed close."""
    await _breathe()
    for answer in pipe.frames():
        found.answers[
            answer["type"] if answer["type"] != "reply" or answer["ok"] else answer["error"]["code"]
        ] += 1
    if pipe.closed is not None:
        found.answers[f"close {pipe.closed[0]}"] += 1
        if pipe.closed[0] not in closes.ALL or pipe.closed[0] == closes.INTERNAL.code:
            found.crashes.append(f"closed with {pipe.closed}")
    else:
        pipe.lose()


async def _still_served(plant: Plant, node: Any, calm: Pipe, found: Fuzzed) -> None:
    """Somebody who was there all the time, and somebody who comes now, are served as ever."""
    late = await plant.enter(node, token="late")
    late.say(
        {"type": "push", "ref": 2, "topic": "chat:hall", "event": "say", "id": "end", "data": {"id": "end"}}
    )
    end = asyncio.get_running_loop().time() + 20.0
    for who, pipe in (("calm", calm), ("late", late)):
        while (
            not (served := any(event["data"] == {"id": "end"} for event in pipe.frames("event")))
            and asyncio.get_running_loop().time() < end
        ):
            await asyncio.sleep(0.02)
        if not served:
            found.crashes.append(f"{who} was not served any more: {pipe.closed}")
    if node.figures.frames_in == 0 or found.answers["internal"]:
        found.crashes.append(f"answered internal: {found.answers}")
