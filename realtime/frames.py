"""Every frame of the wire protocol, as tagged Structs; encode once, decode.

The Structs are the specification: the AsyncAPI document and the TypeScript types are generated from them.
Where a frame is sent to many, or carries what was encoded before, bytes are spliced instead of encoded
again; the test of each such function compares it with its Struct.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from realtime.errors import BadFrame
from realtime.log import LogEvent, Position

PROTOCOL: Final = 1
SUBPROTOCOL: Final = "narthex.v1"

Ref = Annotated[int, Meta(ge=0, le=2**53 - 1, description="Chosen by the client; its reply carries it back.")]
TopicName = Annotated[str, Meta(max_length=96, description="kind:key, inside this church.")]
Name = Annotated[str, Meta(min_length=1, max_length=64)]


class Frame(msgspec.Struct, tag_field="type", frozen=True):
    """One text message on the socket, one JSON object, told apart by `type`; unknown fields are ignored."""


# ---- client to server


class Hello(Frame, tag="hello", frozen=True):
    """The first frame, within 10 s; without a token the session is an anonymous viewer."""

    token: Annotated[str, Meta(max_length=8192)] | None = None


class Join(Frame, tag="join", frozen=True):
    """Subscribe to a topic; `after` is the last position this client has, without it a snapshot comes."""

    ref: Ref
    topic: TopicName
    after: Position | None = None


class Leave(Frame, tag="leave", frozen=True):
    """End a subscription."""

    ref: Ref
    topic: TopicName


class Push(Frame, tag="push", frozen=True):
    """Ask a joined topic to do something; `id` is the client's own id of the thing, so that a retry is
    safe."""

    ref: Ref
    topic: TopicName
    event: Name
    data: Raw = msgspec.field(default_factory=lambda: Raw(b"{}"))  # a factory, or no JSON schema can be made
    id: Name | None = None


class Token(Frame, tag="token", frozen=True):
    """Renew the token on the open socket, for the same person."""

    token: Annotated[str, Meta(max_length=8192)]


class Ping(Frame, tag="ping", frozen=True):
    """Ask for a pong."""


ClientFrame = Hello | Join | Leave | Push | Token | Ping


# ---- server to client


class Welcome(Frame, tag="welcome", frozen=True):
    """The answer to hello; `ping` in seconds: something is heard from the server at least that often."""

    session: str
    person: Raw
    ping: int
    time: str
    protocol: int = PROTOCOL


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was refused; `retry_after` in seconds, `extra` whatever else the product tells with it."""

    code: str
    detail: str
    retry_after: float | None = None
    extra: Raw | UnsetType = UNSET


class Reply(Frame, tag="reply", frozen=True, omit_defaults=True):
    """The answer to a join, push or leave. `ref` is null when the request's could not be read."""

    ref: int | None
    ok: bool
    data: Raw | UnsetType = UNSET
    error: Problem | UnsetType = UNSET


class Joined(msgspec.Struct, frozen=True, omit_defaults=True):
    """The `data` of a join's reply: what was missed when `recovered`, else the channel's snapshot."""

    epoch: str
    seq: int
    recovered: bool
    events: list[Raw] | UnsetType = UNSET
    snapshot: Raw | UnsetType = UNSET


class Event(Frame, tag="event", frozen=True):
    """One event of a topic's log. `data` is the entity's full state, null when a later event took it away."""

    topic: str
    seq: int
    event: str
    at: str
    data: Raw


class Latest(Frame, tag="latest", frozen=True):
    """The newest value of something; older ones may have been skipped."""

    topic: str
    event: str
    data: Raw


class Ephemeral(Frame, tag="ephemeral", frozen=True):
    """Something passing, such as typing; never replayed."""

    topic: str
    event: str
    data: Raw


class Places(Frame, tag="position", frozen=True):
    """Where the server is in each joined topic; a client that is behind has lost something and joins
    again."""

    topics: dict[str, Position]


class PresenceFrame(Frame, tag="presence", frozen=True, omit_defaults=True):
    """Who is here. `full` replaces what was known before; otherwise `joined` and `left` (ids) change it.

    Without `joined` and `left` only the count is told: too many people, or a reader who sees no names.
    """

    topic: str
    count: int
    full: bool = False
    joined: list[Raw] | UnsetType = UNSET
    left: list[str] | UnsetType = UNSET


class Left(Frame, tag="left", frozen=True):
    """The server ends one subscription."""

    topic: str
    code: str


class Pong(Frame, tag="pong", frozen=True):
    """The answer to ping."""


class Drain(Frame, tag="drain", frozen=True):
    """This server is about to stop: the close comes within `after_ms`, come back after it."""

    after_ms: int


ServerFrame = Welcome | Reply | Event | Latest | Ephemeral | Places | PresenceFrame | Left | Pong | Drain


class _Loose(msgspec.Struct):
    """What can still be read of a frame of the wrong shape."""

    ref: Ref | None = None


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_encode = msgspec.json.Encoder().encode
_client: msgspec.json.Decoder[ClientFrame] = msgspec.json.Decoder(ClientFrame)
_server: msgspec.json.Decoder[ServerFrame] = msgspec.json.Decoder(ServerFrame)
_loose = msgspec.json.Decoder(_Loose)
_null = Raw(b"null")
PONG: Final = _encode(Pong())


def encode(frame: Frame) -> bytes:
    """Return the frame's JSON."""
    return _encode(frame)


def decode(payload: bytes) -> ClientFrame:
    """Read a client's frame; raise msgspec.ValidationError on a wrong shape, BadFrame when it is no JSON
    object.

    `data` of a push is a view into `payload` and not yet looked at. Half a surrogate pair, which a browser
    sends when text was cut inside an emoji, is a wrong shape and no reason to end the connection.
    """
    try:
        if not payload.isascii():
            payload.decode()
        return _client.decode(payload)
    except msgspec.ValidationError:
        _require_object(payload)
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if (mended := _mended(payload)) == payload:
            raise BadFrame("not a JSON object") from error
        _require_object(mended)
        raise msgspec.ValidationError("half of a surrogate pair") from error


def _mended(payload: bytes) -> bytes:
    """Put U+FFFD in the place of every escaped surrogate, so that the rest can be read."""
    return _SURROGATE.sub(rb"\\ufffd", payload)


def _require_object(payload: bytes) -> None:
    """Raise BadFrame unless the payload is a whole JSON object, whatever its fields."""
    try:
        whole = msgspec.json.decode(payload)
    except msgspec.ValidationError:
        return  # JSON, with a number that is out of range
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadFrame("not JSON") from error
    if not isinstance(whole, dict):
        raise BadFrame("not an object")


def ref_of(payload: bytes) -> int | None:
    """Fish the ref out of a frame that could not be read as a whole."""
    try:
        return _loose.decode(_mended(payload)).ref
    except msgspec.DecodeError:
        return None


def decode_server(payload: bytes | str) -> ServerFrame:
    """Read a server's frame, for clients; raise BadFrame otherwise."""
    try:
        return _server.decode(payload)
    except msgspec.DecodeError as error:
        raise BadFrame(str(error)) from error


def event(logged: LogEvent) -> bytes:
    """Encode one event of the log, with its data unchanged."""
    data = _null if logged.data is None else logged.data
    return _encode(Event(logged.topic.name, logged.seq, logged.event, logged.at, data))


def blanked(payload: bytes) -> bytes:
    """Take the data out of an encoded event; inside its strings every quote is escaped, so the cut is
    certain."""
    return payload[: payload.index(b',"data":')] + b',"data":null}'


def reply(ref: int | None, data: bytes | Raw | None = None) -> bytes:
    """Encode a good answer around data that is JSON already."""
    if data is None:
        return _encode(Reply(ref, True))
    return _encode(Reply(ref, True, data if isinstance(data, Raw) else Raw(data)))


def refusal(ref: int | None, problem: Problem) -> bytes:
    """Encode a bad answer."""
    return _encode(Reply(ref, False, UNSET, problem))


def recovered(position: Position, events: Sequence[bytes]) -> bytes:
    """Encode the data of a join's reply from events that are encoded already."""
    head = b'{"epoch":%b,"seq":%d,"recovered":true,"events":[' % (_encode(position.epoch), position.seq)
    return head + b",".join(events) + b"]}"


def snapshot(position: Position, data: bytes | Raw) -> bytes:
    """Encode the data of a join's reply around a channel's snapshot."""
    raw = data if isinstance(data, Raw) else Raw(data)
    return _encode(Joined(position.epoch, position.seq, False, UNSET, raw))


def framed(payload: bytes) -> bytes:
    """Wrap a payload as one unmasked, unfragmented text frame of a server (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        return b"\x81" + size.to_bytes(1) + payload
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2) + payload
    return b"\x81\x7f" + size.to_bytes(8) + payload


def framed_close(code: int, reason: str) -> bytes:
    """Wrap a close code and its reason as a close frame (RFC 6455, 5.5.1); the reason is cut at 123 bytes."""
    body = code.to_bytes(2) + reason.encode()[:123]
    return b"\x88" + len(body).to_bytes(1) + body


PING_FRAME: Final = b"\x89\x00"
"""A ping of the WebSocket protocol itself; browsers answer it without any script."""
