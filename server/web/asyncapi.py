"""The sockets' document: AsyncAPI 3.0, made from the Structs of `realtime.frames` and of the channels' payloads.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from types import UnionType
from typing import Any, get_args

import msgspec

from realtime import closes, frames
from server.domains.alarms.schemas import AlarmShown
from server.domains.blocks.schemas import Blocked
from server.domains.care.schemas import CareErased, CareGiven, CareSnapshot, Place, SessionShown
from server.domains.chat.schemas import Edit, EmojiBody, Send
from server.domains.crowd.models import Floats, Typing
from server.domains.hosting.schemas import HeldList, WordsRead
from server.domains.messages.schemas import (
    Decision,
    HeldShown,
    MeSnapshot,
    MessageShown,
    ReactionTotals,
    ReadMark,
    ReadState,
    RoomSnapshot,
    Seen,
)
from server.domains.moderation.schemas import Assign, CaseShown, Decide, NewNote, QueueSnapshot, Waiting
from server.domains.prayer.schemas import PrayerMoved, RequestShown
from server.domains.rooms.schemas import RoomShown
from server.domains.safety.schemas import Pause
from server.domains.wall.schemas import AskMine, Pray, Prayed, WallSnapshot
from server.kit.pulse import Behind

VERSION = "3.0.0"
REF = "#/components/schemas/{name}"


class Nothing(msgspec.Struct, frozen=True):
    """Nothing more is needed than the push's own fields."""


class TopicDoc(msgspec.Struct, frozen=True):
    """What one kind of topic says and hears: payloads by event name; `snapshot` is what a join without cursor gets."""

    kind: str
    about: str
    pushes: Mapping[str, type] = {}
    events: Mapping[str, type] = {}
    latest: Mapping[str, type] = {}
    ephemeral: Mapping[str, type] = {}
    snapshot: type | None = None


def document(server_url: str, topics: Sequence[TopicDoc]) -> dict[str, Any]:
    """Return the whole document; it is JSON already."""
    scheme, _, host = server_url.partition("://")
    payloads = [kind for topic in topics for kind in _payloads(topic)]
    client, server = _members(frames.ClientFrame), _members(frames.ServerFrame)
    _, schemas = msgspec.json.schema_components(
        [*client, *server, frames.Problem, frames.Joined, *dict.fromkeys(payloads)], ref_template=REF
    )
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Narthex live",
            "version": str(frames.PROTOCOL),
            "description": _about(),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"live": {"host": host, "protocol": "wss" if scheme == "https" else "ws"}},
        "channels": {
            "live": {
                "address": "/live/{church}",
                "description": f"One socket a church, subprotocol `{frames.SUBPROTOCOL}`, text frames.",
                "parameters": {"church": {"description": "The church's short name."}},
                "messages": {
                    _name(kind): {"$ref": f"#/components/messages/{_name(kind)}"} for kind in client + server
                },
                "x-topics": [_topic(topic) for topic in topics],
            }
        },
        "operations": {
            "send": _operation("receive", "What a client says.", client),
            "hear": _operation("send", "What the server says.", server),
        },
        "components": {
            "messages": {_name(kind): _message(kind) for kind in client + server},
            "schemas": schemas,
        },
    }


def _about() -> str:
    codes = "\n".join(
        f"| {close.code} | {close.reason} | {'no' if close.final else 'yes'} |"
        for close in closes.ALL.values()
    )
    return (
        "Say hello within ten seconds, join topics, keep each topic's position, come back with it.\n\n"
        f"| close code | reason | may the client come back by itself |\n| --- | --- | --- |\n{codes}"
    )


def _members(union: UnionType) -> list[type]:
    return list(get_args(union))


def _name(kind: type) -> str:
    tag = msgspec.inspect.type_info(kind)
    assert isinstance(tag, msgspec.inspect.StructType)
    return str(tag.tag)


def _message(kind: type) -> dict[str, Any]:
    about = inspect.getdoc(kind) or ""
    return {
        "name": _name(kind),
        "title": _name(kind),
        "summary": " ".join(about.split("\n\n")[0].split()),
        "payload": {"$ref": REF.format(name=kind.__name__)},
    }


def _operation(action: str, summary: str, kinds: Iterable[type]) -> dict[str, Any]:
    return {
        "action": action,  # as AsyncAPI 3 has it, from the server's side
        "summary": summary,
        "channel": {"$ref": "#/channels/live"},
        "messages": [{"$ref": f"#/channels/live/messages/{_name(kind)}"} for kind in kinds],
    }


def _payloads(topic: TopicDoc) -> list[type]:
    groups = (topic.pushes, topic.events, topic.latest, topic.ephemeral)
    found = [kind for group in groups for kind in group.values()]
    return [*found, topic.snapshot] if topic.snapshot is not None else found


def _topic(topic: TopicDoc) -> dict[str, Any]:
    def refs(group: Mapping[str, type]) -> dict[str, Any]:
        return {event: {"$ref": REF.format(name=kind.__name__)} for event, kind in group.items()}

    shown: dict[str, Any] = {"kind": topic.kind, "description": topic.about}
    for name in ("pushes", "events", "latest", "ephemeral"):
        if group := getattr(topic, name):
            shown[name] = refs(group)
    if topic.snapshot is not None:
        shown["snapshot"] = {"$ref": REF.format(name=topic.snapshot.__name__)}
    return shown


TOPICS: Sequence[TopicDoc] = (
    TopicDoc(
        kind="chat",
        about="One room, `chat:<room id>`. Whoever may join sees every byte; pushes need a name.",
        pushes={
            "message.send": Send,
            "message.edit": Edit,
            "message.delete": Nothing,
            "message.pin": Nothing,
            "message.unpin": Nothing,
            "reaction.add": EmojiBody,
            "reaction.remove": EmojiBody,
            "typing": Nothing,
            "float": EmojiBody,
            "read": ReadMark,
            "mine": Nothing,
        },
        events={
            **dict.fromkeys(
                (
                    "message.posted",
                    "message.edited",
                    "message.pinned",
                    "message.unpinned",
                    "message.removed",
                    "message.restored",
                    "message.handed_over",
                ),
                MessageShown,
            ),
            "room.changed": RoomShown,
        },
        latest={"reactions": ReactionTotals, "seen": Seen},
        ephemeral={"typing": Typing, "floats": Floats},
        snapshot=RoomSnapshot,
    ),
    TopicDoc(
        kind="me",
        about="What concerns one person alone, `me:<their id>`: their own held messages, blocks, reading, pauses.",
        events={
            **dict.fromkeys(("message.posted", "message.held"), MessageShown),
            **dict.fromkeys(("message.approved", "message.declined"), Decision),
            **dict.fromkeys(("prayer.own", "prayer.followed"), PrayerMoved),
            **dict.fromkeys(("alarm.raised", "alarm.seen"), AlarmShown),
            **dict.fromkeys(("person.blocked", "person.unblocked"), Blocked),
            "care.given": CareGiven,
        },
        latest={"read": ReadState, "prayed": Prayed, "timeout": Pause},
        snapshot=MeSnapshot,
    ),
    TopicDoc(
        kind="held",
        about="What waits for a decision in one room, `held:<room id>`, for its hosts. `behind` comes from each node"
        " on which somebody in the room has not been written everything, every few seconds while that lasts.",
        pushes={"message.approve": WordsRead, "message.decline": WordsRead},
        events={
            "message.held": HeldShown,
            **dict.fromkeys(("message.approved", "message.declined"), Decision),
        },
        latest={"behind": Behind},
        snapshot=HeldList,
    ),
    *(
        TopicDoc(
            kind=kind,
            about=about,
            pushes={"pray": Pray, "mine": AskMine},
            events=dict.fromkeys(("prayer.posted", "prayer.changed", "prayer.removed"), RequestShown),
            latest={"prayed": Prayed},
            snapshot=WallSnapshot,
        )
        for kind, about in (
            (
                "wall",
                "Prayer requests that stand on a wall: `wall:public` for everybody, `wall:members` for members.",
            ),
            ("prayer", "The same for those who look after them: `prayer:team` and `prayer:pastors`."),
        )
    ),
    TopicDoc(
        kind="care",
        about="How a conversation for two stands, `care:<id>`; its words are in `chat:<room>`.",
        events={"care.changed": SessionShown, "care.erased": CareErased},
        latest={"place": Place},
        snapshot=CareSnapshot,
    ),
    TopicDoc(
        kind="queue",
        about="What waits for a decision, `queue:chat`, `queue:prayer`, `queue:pastors`, `queue:care`, for each team.",
        pushes={
            "claim": Nothing,
            "release": Nothing,
            "decide": Decide,
            "undo": Nothing,
            "assign": Assign,
            "note": NewNote,
        },
        events=dict.fromkeys(
            ("case.opened", "case.changed", "case.decided", "case.closed", "case.reopened"), CaseShown
        ),
        latest={"waiting": Waiting},
        snapshot=QueueSnapshot,
    ),
)


class SocketDocument:
    """The document of one installation, encoded when it is asked for first."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url

    @cached_property
    def encoded(self) -> bytes:
        """Return the document as JSON."""
        return msgspec.json.encode(document(self._public_url, TOPICS))
