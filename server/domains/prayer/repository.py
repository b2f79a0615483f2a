"""Requests, envelopes, links and flags: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from server.domains.prayer.errors import NoSuchRequest
from server.domains.prayer.models import (
    FlagReason,
    OnWalls,
    Place,
    Request,
    Settings,
    Standing,
    Suggestion,
    Terms,
    Visibility,
    Wanted,
)
from server.domains.prayer.schemas import FlagShown
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)
_suggestions = msgspec.json.Decoder(tuple[Suggestion, ...])
_settings = msgspec.json.Decoder(Settings)


def _request(row: Mapping[str, Any]) -> Request:
    return Request(**{**row, "suggestions": _suggestions.decode(row["suggestions"])})


def _requests(rows: Iterable[Mapping[str, Any]]) -> list[Request]:
    return [_request(row) for row in rows]


def _columns(request: Request) -> dict[str, Any]:
    found = {name: getattr(request, name) for name in request.__struct_fields__}
    return {**found, "suggestions": msgspec.json.encode(request.suggestions).decode()}


async def insert(connection: Connection, request: Request, sketch: Sequence[int], search: str) -> Request:
    """Write a new request."""
    row = await _sql.insert(connection, sketch=list(sketch), search=search, **_columns(request))
    return _request(row)


async def seal(connection: Connection, request_id: UUID, box: bytes) -> None:
    """Keep who asked, sealed."""
    await _sql.seal(connection, request_id=request_id, box=box)


async def link(connection: Connection, request_id: UUID, token_hash: bytes) -> None:
    """Keep the hash of the asker's secret link."""
    await _sql.link(connection, request_id=request_id, token_hash=token_hash)


async def linked(connection: Connection, token_hash: bytes) -> UUID | None:
    """Read which request a secret link opens."""
    found: UUID | None = await _sql.linked(connection, token_hash=token_hash)
    return found


async def by_ids(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Request]:
    """Read requests."""
    return {row["id"]: _request(row) for row in await _sql.by_ids(connection, ids=list(ids))}


async def lock(connection: Connection, id: UUID) -> Request:
    """Read one request until COMMIT; raise NoSuchRequest."""
    row = await _sql.lock(connection, id=id)
    if row is None:
        raise NoSuchRequest()
    return _request(row)


async def update(connection: Connection, request: Request, search: str) -> Request:
    """Write a locked request as it stands now."""
    return _request(await _sql.update(connection, search=search, **_columns(request)))


async def sketches(connection: Connection, since: datetime, most: int) -> list[tuple[int, ...]]:
    """Read what near-duplicates of the newest requests are recognised by."""
    return [tuple(row["sketch"]) for row in await _sql.sketches(connection, since=since, most=most)]


# ---- envelopes and links


async def sealed_among(connection: Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Read which requests have an envelope."""
    return {row["request_id"] for row in await _sql.sealed_among(connection, ids=list(ids))}


async def box(connection: Connection, request_id: UUID) -> bytes | None:
    """Read an envelope."""
    found: bytes | None = await _sql.box(connection, request_id=request_id)
    return found


async def boxes(connection: Connection, after: UUID, most: int) -> list[tuple[UUID, bytes]]:
    """Read envelopes by the ids of their requests."""
    rows = await _sql.boxes(connection, after=after, most=most)
    return [(row["request_id"], row["box"]) for row in rows]


async def unseal(connection: Connection, ids: Sequence[UUID]) -> None:
    """Throw envelopes away."""
    await _sql.unseal(connection, ids=list(ids))


async def unlink(connection: Connection, ids: Sequence[UUID]) -> None:
    """Let no secret link open these requests any more."""
    await _sql.unlink(connection, ids=list(ids))


# ---- flags


async def flag(
    connection: Connection,
    request: Request,
    mark: bytes,
    reason: FlagReason,
    note: str,
    now: datetime,
    *,
    team: bool,
) -> bool:
    """Add a flag of this round; tell whether it is new."""
    return bool(
        await _sql.flag(
            connection,
            request_id=request.id,
            round=request.round,
            mark=mark,
            team=team,
            reason=reason,
            note=note,
            now=now,
        )
    )


async def count_flags(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, tuple[int, int]]:
    """Count open flags: of the team, and of others."""
    rows = await _sql.count_flags(connection, ids=list(ids))
    return {row["request_id"]: (row["team"], row["others"]) for row in rows}


async def flags(connection: Connection, request_id: UUID, most: int) -> list[FlagShown]:
    """Read the open flags of one request."""
    rows = await _sql.flags(connection, request_id=request_id, most=most)
    return [FlagShown(**row) for row in rows]


async def flagged(connection: Connection) -> list[UUID]:
    """Read which requests have flags."""
    return [row["request_id"] for row in await _sql.flagged(connection)]


async def forget_flags(connection: Connection, marks: Sequence[tuple[UUID, bytes]]) -> None:
    """Take flags out."""
    await _sql.forget_flags(connection, requests=[id for id, _ in marks], marks=[mark for _, mark in marks])


# ---- lists


async def team_list(
    connection: Connection, wanted: Wanted, terms: Terms | None, *, pastors: bool
) -> list[Request]:
    """Read requests for the team; those for pastors alone only when asked by one."""
    asked: dict[str, Any] = {
        "state": wanted.state,
        "visibility": wanted.visibility,
        "category": wanted.category,
        "pastors": pastors,
        "at": wanted.before[0],
        "id": wanted.before[1],
        "most": wanted.most,
    }
    if terms is None:
        return _requests(await _sql.team_page(connection, **asked))
    found = await _sql.team_search(connection, words=terms.words, begun=terms.begun, **asked)
    if not found and terms.plain is not None:  # nothing holds these very words: perhaps a letter is wrong
        await _sql.loosen(connection)
        found = await _sql.team_alike(connection, plain=terms.plain, part=terms.part, **asked)
    return _requests(found)


async def wall_list(connection: Connection, wanted: OnWalls, terms: Terms | None) -> list[Request]:
    """Read what stands on walls, or stood there."""
    asked: dict[str, Any] = {
        "visibilities": list(wanted.visibilities),
        "category": wanted.category,
        "at": wanted.before[0],
        "id": wanted.before[1],
        "most": wanted.most,
    }
    states = list(wanted.states)
    if terms is not None:
        found = await _sql.wall_search(
            connection, states=states, words=terms.words, begun=terms.begun, **asked
        )
    elif set(states) == {"approved", "answered"}:
        found = await _sql.wall_page(connection, **asked)
    else:
        found = await _sql.wall_archive(connection, states=states, **asked)
    return _requests(found)


async def standing(connection: Connection, visibilities: Sequence[Visibility], most: int) -> list[Standing]:
    """Read what stands and is not answered, as far as an order needs it."""
    rows = await _sql.standing(connection, visibilities=list(visibilities), most=most)
    return [Standing(**row) for row in rows]


async def own_list(connection: Connection, asker_id: UUID, before: Place, most: int) -> list[Request]:
    """Read the requests of one person, newest first."""
    rows = await _sql.own_page(connection, asker_id=asker_id, at=before[0], id=before[1], most=most)
    return _requests(rows)


async def week(connection: Connection, since: datetime) -> Mapping[str, Any]:
    """Count what happened since a moment."""
    return dict(await _sql.week(connection, since=since))


# ---- by themselves


async def expired(connection: Connection, now: datetime, most: int) -> list[Request]:
    """Lock requests whose days are over."""
    return _requests(await _sql.expired(connection, now=now, most=most))


async def old(connection: Connection, before: datetime, most: int) -> list[Request]:
    """Lock answered and expired requests that need not be found any more."""
    return _requests(await _sql.old(connection, before=before, most=most))


async def over(connection: Connection, before: datetime, most: int) -> list[UUID]:
    """Lock requests that are over for good."""
    return [row["id"] for row in await _sql.over(connection, before=before, most=most)]


async def delete(connection: Connection, ids: Sequence[UUID]) -> None:
    """Forget requests, their envelopes, links and flags."""
    await _sql.delete(connection, ids=list(ids))


async def ids_of(connection: Connection, asker_id: UUID, most: int) -> list[UUID]:
    """Read what somebody asked under their own name."""
    return [row["id"] for row in await _sql.ids_of(connection, asker_id=asker_id, most=most)]


async def take_over(connection: Connection, guest: UUID, person: UUID) -> None:
    """Let what a guest asked for be a person's."""
    await _sql.take_over(connection, guest=guest, person=person)


async def forget_decider(connection: Connection, person_id: UUID) -> None:
    """Take somebody's name off what they decided."""
    await _sql.forget_decider(connection, person_id=person_id)


# ---- settings


async def settings(connection: Connection) -> tuple[int, Settings]:
    """Read the church's rules with their version."""
    return _with_version(await _sql.settings(connection))


async def lock_settings(connection: Connection) -> tuple[int, Settings]:
    """Read the church's rules until COMMIT."""
    return _with_version(await _sql.lock_settings(connection))


async def set_settings(connection: Connection, settings: Settings) -> None:
    """Write the church's rules."""
    await _sql.set_settings(connection, settings=msgspec.json.encode(settings).decode())


def _with_version(row: Mapping[str, Any] | None) -> tuple[int, Settings]:
    return (1, Settings()) if row is None else (row["version"], _settings.decode(row["settings"]))
