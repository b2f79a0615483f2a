"""Messages' rows: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from server.domains.messages.models import (
    Author,
    Earlier,
    Inputs,
    Known,
    Message,
    RemovedBy,
    State,
    Voice,
)
from server.kit.db import Connection
from server.kit.statements import load

MOST_NAMES = 20_000  # of a church, remembered so that no guest goes by one of them

_sql: Any = load(__file__)

_known = msgspec.json.Decoder(list[Known])
_pairs = msgspec.json.Decoder(list[tuple[UUID, UUID]])
_earlier = msgspec.json.Decoder(list[tuple[UUID, list[Earlier]]])
_last_in = msgspec.json.Decoder(list[tuple[UUID, UUID, datetime]])
_heads = msgspec.json.Decoder(list[tuple[UUID, int | None]])
_voices = msgspec.json.Decoder(list[Voice])


def _message(row: Mapping[str, Any]) -> Message:
    return Message(
        row["id"],
        row["room_id"],
        row["number"],
        row["state"],
        row["reason"],
        Author(
            row["author_id"], row["author_kind"], row["author_name"], row["author_mark"], row["author_label"]
        ),
        row["body"],
        row["reply_to"],
        tuple(row["mentions"]),
        tuple(row["sketch"]),
        row["created_at"],
        row["posted_at"],
        row["edited_at"],
        row["pinned_at"],
        row["removed_at"],
        row["removed_by"],
    )


def _messages(rows: Iterable[Mapping[str, Any]]) -> list[Message]:
    return [_message(row) for row in rows]


async def inputs(
    connection: Connection,
    *,
    ids: Sequence[UUID],
    rooms: Iterable[UUID],
    replies: Sequence[UUID],
    authors: Iterable[UUID],
    name_keys: Iterable[str],
    talkers: Iterable[UUID],
    depth: int,
    since: datetime,
    slow: Sequence[tuple[UUID, UUID]],
    slow_since: datetime,
) -> Inputs:
    """Read all that the decisions over a batch need, in one statement; the rooms must be locked before."""
    row = await _sql.inputs(
        connection,
        ids=list(ids),
        rooms=list(rooms),
        replies=list(replies),
        authors=list(authors),
        name_keys=list(name_keys),
        talkers=list(talkers) if depth else [],
        depth=depth,
        since=since,
        slow_rooms=[room for room, _ in slow],
        slow_authors=[author for _, author in slow],
        slow_since=slow_since,
    )
    return _inputs(row)


def _inputs(row: asyncpg.Record) -> Inputs:
    voices = _voices.decode(row["voices"] or "[]")
    namesakes: dict[str, list[Voice]] = {}
    for voice in voices:
        namesakes.setdefault(voice.name_key, []).append(voice)
    return Inputs(
        {known.id: known for known in _known.decode(row["known"] or "[]")},
        dict(_pairs.decode(row["replies"] or "[]")),
        dict(_earlier.decode(row["earlier"] or "[]")),
        {(room, author): at for room, author, at in _last_in.decode(row["last_in"] or "[]")},
        {room: head or 0 for room, head in _heads.decode(row["heads"] or "[]")},
        {voice.person_id: voice for voice in voices},
        namesakes,
    )


class _Row(msgspec.Struct, frozen=True):
    """A new message as the statement reads it."""

    id: UUID
    room_id: UUID
    number: int | None
    state: str
    reason: str
    author_id: UUID
    author_kind: str
    author_name: str
    author_mark: str
    author_label: str
    body: str
    reply_to: UUID | None
    mentions: tuple[UUID, ...]
    sketch: tuple[int, ...]


async def insert(connection: Connection, messages: Sequence[Message], now: datetime) -> None:
    """Write new messages, all in one statement."""
    rows = [_row(message) for message in messages]
    await _sql.insert(connection, rows=msgspec.json.encode(rows).decode(), now=now)


def _row(message: Message) -> _Row:
    author = message.author
    return _Row(
        message.id,
        message.room_id,
        message.number,
        message.state,
        message.reason,
        author.id,
        author.kind,
        author.name,
        author.mark,
        author.label,
        message.body,
        message.reply_to,
        message.mentions,
        message.sketch,
    )


async def put_voices(connection: Connection, voices: Sequence[Voice], now: datetime) -> None:
    """Remember who speaks, under which name."""
    await _sql.put_voices(
        connection,
        people=[voice.person_id for voice in voices],
        kinds=[voice.kind for voice in voices],
        names=[voice.name for voice in voices],
        keys=[voice.name_key for voice in voices],
        known=[voice.known for voice in voices],
        now=now,
    )


async def names(connection: Connection) -> dict[str, frozenset[UUID]]:
    """Read under which names people who are no guests have spoken, those of the latest first."""
    found: dict[str, frozenset[UUID]] = {}
    for row in await _sql.names(connection, most=MOST_NAMES):
        found[row["name_key"]] = found.get(row["name_key"], frozenset()) | {row["person_id"]}
    return found


async def make_known(connection: Connection, person_id: UUID) -> None:
    """Note that a message of somebody was posted."""
    await _sql.make_known(connection, person_id=person_id)


async def make_unknown(connection: Connection, person_id: UUID) -> None:
    """Note that no message of somebody is posted after all, unless one is."""
    await _sql.make_unknown(connection, person_id=person_id)


async def by_ids(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Message]:
    """Read messages."""
    return {row["id"]: _message(row) for row in await _sql.by_ids(connection, ids=list(ids))}


async def room_of(connection: Connection, id: UUID) -> UUID | None:
    """Read in which room a message is."""
    room: UUID | None = await _sql.room_of(connection, id=id)
    return room


async def lock(connection: Connection, room_id: UUID, ids: Sequence[UUID]) -> list[Message]:
    """Read messages of a room and let nobody else change them until COMMIT."""
    return _messages(await _sql.lock(connection, room_id=room_id, ids=list(ids)))


async def lock_rooms_of(connection: Connection, ids: Iterable[UUID]) -> list[tuple[UUID, UUID, State]]:
    """Lock messages of any rooms; return (id, room, state) of each."""
    rows = await _sql.lock_rooms_of(connection, ids=list(ids))
    return [(row["id"], row["room_id"], row["state"]) for row in rows]


async def lock_by_room(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Lock messages of any rooms in one order, before anything is done room by room."""
    found: dict[UUID, list[UUID]] = {}
    for id, room_id, _ in await lock_rooms_of(connection, ids):
        found.setdefault(room_id, []).append(id)
    return found


async def edit(
    connection: Connection, message: Message, body: str, sketch: Sequence[int], now: datetime
) -> Message:
    """Write new words into a message that is locked, and its reason."""
    id, reason = message.id, message.reason
    return _message(
        await _sql.edit(connection, id=id, reason=reason, body=body, sketch=list(sketch), now=now)
    )


async def decide(connection: Connection, id: UUID, posted_at: datetime | None) -> Message:
    """Post a message that is locked and waits, with its room locked too; decline it when no time is given."""
    state = "declined" if posted_at is None else "posted"
    return _message(await _sql.decide(connection, id=id, state=state, posted_at=posted_at))


async def remove(connection: Connection, ids: Sequence[UUID], how: RemovedBy, now: datetime) -> list[Message]:
    """Take messages down; return those that changed, in the order of their rooms."""
    gone = _messages(await _sql.remove(connection, ids=list(ids), how=how, now=now))
    gone += _messages(await _sql.withdraw(connection, ids=list(ids), how=how, now=now))
    return sorted(gone, key=lambda message: (message.room_id, message.number or 0))


async def put_back(connection: Connection, message: Message) -> Message:
    """Write a locked message as it stood before a host acted."""
    return _message(
        await _sql.put_back(
            connection,
            id=message.id,
            state=message.state,
            body=message.body,
            reply_to=message.reply_to,
            mentions=list(message.mentions),
            sketch=list(message.sketch),
            posted_at=message.posted_at,
            pinned_at=message.pinned_at,
        )
    )


async def set_pin(connection: Connection, id: UUID, at: datetime | None) -> Message:
    """Pin a message that is locked, or take it off."""
    return _message(await _sql.set_pin(connection, id=id, at=at))


async def count_pins(connection: Connection, room_id: UUID) -> int:
    """Count a room's pins."""
    return int(await _sql.count_pins(connection, room_id=room_id))


async def pins(connection: Connection, room_id: UUID, most: int) -> list[Message]:
    """Read a room's pins, newest first."""
    return _messages(await _sql.pins(connection, room_id=room_id, most=most))


async def before(connection: Connection, room_id: UUID, number: int, most: int) -> list[Message]:
    """Read the messages in front of a place, in the room's order."""
    rows = await _sql.before(connection, room_id=room_id, number=number, most=most)
    return _messages(reversed(rows))


async def newest(connection: Connection, room_id: UUID, most: int) -> list[UUID]:
    """Read which messages are the newest that stand in a room."""
    return [row["id"] for row in await _sql.newest(connection, room_id=room_id, most=most)]


async def after(connection: Connection, room_id: UUID, number: int, most: int) -> list[Message]:
    """Read the messages behind a place, in the room's order."""
    return _messages(await _sql.after(connection, room_id=room_id, number=number, most=most))


async def find(connection: Connection, room_id: UUID, text: str, number: int, most: int) -> list[Message]:
    """Read messages in front of a place that hold a text, newest first; its signs have no meaning."""
    plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = await _sql.find(connection, room_id=room_id, pattern=f"%{plain}%", number=number, most=most)
    return _messages(rows)


async def head(connection: Connection, room_id: UUID) -> int:
    """Read the number of a room's last message; 0 when it has none."""
    return int(await _sql.head(connection, room_id=room_id))


async def unread(
    connection: Connection, person_id: UUID, marks: Mapping[UUID, int], most: int
) -> dict[UUID, int]:
    """Count what others posted after these marks, in each room up to a bound."""
    rows = await _sql.unread(
        connection, person_id=person_id, rooms=list(marks), numbers=list(marks.values()), most=most
    )
    return {row["room_id"]: row["unread"] for row in rows}


async def waiting(
    connection: Connection, rooms: Iterable[UUID], after: tuple[datetime, UUID], most: int
) -> list[Message]:
    """Read what waits for hosts in these rooms, oldest first."""
    at, id = after
    return _messages(await _sql.waiting(connection, rooms=list(rooms), at=at, id=id, most=most))


async def own_waiting(
    connection: Connection, authors: Sequence[UUID], room_id: UUID | None, since: datetime, most: int
) -> dict[UUID, list[Message]]:
    """Read what each of these people sees as sent though nobody else does, newest first."""
    found: dict[UUID, list[Message]] = {author: [] for author in authors}
    rows = await _sql.own_waiting(connection, authors=list(authors), room_id=room_id, since=since, most=most)
    for message in _messages(rows):
        found[message.author.id].append(message)
    return found


async def ids_of(
    connection: Connection, author_id: UUID, rooms: Iterable[UUID] | None, most: int
) -> list[UUID]:
    """Read what one person wrote that can still be taken down, newest first."""
    among = None if rooms is None else list(rooms)
    rows = await _sql.ids_of(connection, author_id=author_id, rooms=among, most=most)
    return [row["id"] for row in rows]


async def ids_in(connection: Connection, room_id: UUID, most: int) -> list[UUID]:
    """Read messages of one room, in whatever state."""
    return [row["id"] for row in await _sql.ids_in(connection, room_id=room_id, most=most)]


async def older_than(connection: Connection, before: datetime, most: int) -> list[UUID]:
    """Read which messages are older than they may be."""
    rows = await _sql.older_than(connection, before=before, most=most)
    return [row["id"] for row in rows]


async def delete(connection: Connection, ids: Sequence[UUID]) -> None:
    """Forget messages for good."""
    await _sql.delete(connection, ids=list(ids))


async def forget(connection: Connection, person_id: UUID, nobody: UUID) -> None:
    """Take one person's name off everything."""
    await _sql.forget_author(connection, author_id=person_id, nobody=nobody)
    await _sql.forget_voice(connection, person_id=person_id)


async def hand_over(connection: Connection, before: UUID, after: UUID, most: int) -> list[Message]:
    """Let what one account wrote be of another of the same person, some at a time; return it in its rooms' order."""
    ids = [row["id"] for row in await _sql.ids_by(connection, author_id=before, most=most)]
    await lock_rooms_of(connection, ids)
    moved = _messages(await _sql.hand_over(connection, ids=ids, after=after))
    await _sql.hand_over_voice(connection, before=before, after=after)
    await _sql.forget_voice(connection, person_id=before)
    return sorted(moved, key=lambda message: (message.room_id, message.number or 0))
