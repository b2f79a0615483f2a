"""Concerns' rows: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from server.domains.concerns.models import Concern
from server.domains.concerns.schemas import NewConcern
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


def _concern(row: Mapping[str, Any]) -> Concern:
    return Concern(**{**row, "about": tuple(row["about"]), "about_names": tuple(row["about_names"])})


async def tell(
    connection: Connection, new: NewConcern, by: tuple[UUID, str], about: Mapping[UUID, str], now: datetime
) -> Concern:
    """Write down what somebody tells, in place of what they told of the same conversation before."""
    row = await _sql.tell(
        connection,
        session_id=new.session,
        by_id=by[0],
        by_name=by[1],
        about=list(about),
        about_names=list(about.values()),
        reason=new.reason,
        note=new.note,
        now=now,
    )
    return _concern(row)


async def by_ids(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Concern]:
    """Read concerns by their ids."""
    return {row["id"]: _concern(row) for row in await _sql.by_ids(connection, ids=list(ids))}


async def lock(connection: Connection, id: UUID) -> Concern | None:
    """Read one that nobody else may settle until COMMIT."""
    row = await _sql.lock(connection, id=id)
    return None if row is None else _concern(row)


async def settle(connection: Connection, id: UUID, at: datetime | None) -> None:
    """Note that a pastor has seen to it, or has not after all."""
    await _sql.settle(connection, id=id, at=at)


async def forget(connection: Connection, person_id: UUID) -> None:
    """Take somebody's name off."""
    await _sql.forget_person(connection, person_id=person_id)


async def trim(connection: Connection, before: datetime) -> int:
    """Forget what was seen to before a moment; return how much."""
    return int(await _sql.trim(connection, before=before))
