"""Replies' rows: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from server.domains.replies.errors import NoSuchReply
from server.domains.replies.models import Reply, State
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


async def insert(connection: Connection, reply: Reply) -> Reply:
    """Write a reply that waits."""
    row = await _sql.insert(
        connection,
        id=reply.id,
        request_id=reply.request_id,
        kind=reply.kind,
        body=reply.body,
        reason=reply.reason,
        crisis=reply.crisis,
        author_id=reply.author_id,
        author_name=reply.author_name,
        now=reply.created_at,
    )
    return Reply(**row)


async def by_ids(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Reply]:
    """Read replies."""
    return {row["id"]: Reply(**row) for row in await _sql.by_ids(connection, ids=list(ids))}


async def lock(connection: Connection, id: UUID) -> Reply:
    """Read one reply until COMMIT; raise NoSuchReply."""
    row = await _sql.lock(connection, id=id)
    if row is None:
        raise NoSuchReply()
    return Reply(**row)


async def posted_of(connection: Connection, requests: Sequence[UUID], most: int) -> list[Reply]:
    """Read what stands below these requests."""
    rows = await _sql.posted_of(connection, requests=list(requests), most=most)
    return [Reply(**row) for row in rows]


async def all_of(connection: Connection, requests: Sequence[UUID], most: int) -> list[Reply]:
    """Read what stands or waits below these requests."""
    rows = await _sql.all_of(connection, requests=list(requests), most=most)
    return [Reply(**row) for row in rows]


async def set_state(
    connection: Connection,
    id: UUID,
    state: State,
    body: str,
    decided_at: datetime | None,
    decided_by: UUID | None,
) -> Reply:
    """Write what became of a locked reply."""
    row = await _sql.set_state(
        connection, id=id, state=state, body=body, decided_at=decided_at, decided_by=decided_by
    )
    return Reply(**row)


async def drop(connection: Connection, requests: Iterable[UUID]) -> list[tuple[UUID, UUID]]:
    """Forget what was added below these requests; return (reply, request) of what waited."""
    rows = await _sql.drop(connection, requests=list(requests))
    return [(row["id"], row["request_id"]) for row in rows]


async def requests_of(connection: Connection, author_id: UUID) -> list[UUID]:
    """Read below which requests one person has written."""
    return [row["request_id"] for row in await _sql.requests_of(connection, author_id=author_id)]


async def forget(connection: Connection, person_id: UUID) -> list[tuple[UUID, UUID]]:
    """Take out what one person wrote, and that they decided; return (reply, request) of what waited."""
    rows = await _sql.forget(connection, author_id=person_id)
    await _sql.forget_decider(connection, person_id=person_id)
    return [(row["id"], row["request_id"]) for row in rows]


async def take_over(connection: Connection, guest: UUID, person: UUID) -> None:
    """Let what a guest wrote be a person's."""
    await _sql.take_over(connection, guest=guest, person=person)
