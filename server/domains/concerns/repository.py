"""Concerns' rows: the only user of this slice's queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any
from uuid import UUID

from server.domains.concerns.models import Concern
from server.domains.concerns.schemas import NewConcern
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


def _concern(row: Mapping[str, Any]) -> Concern:
    told, came = (
        zip_longest(row["about"], row["about_names"], fillvalue=""),
        zip(row["came"], row["came_names"], strict=True),
    )
    about = {id: name for id, name in (*came, *told) if id != row["by_id"]}
    own = {name: row[name] for name in Concern.__struct_fields__ if not name.startswith("about")}
    return Concern(**own, about=tuple(about), about_names=tuple(about.values()))


async def tell(
    connection: Connection, new: NewConcern, by: tuple[UUID, str], about: Mapping[UUID, str], now: datetime
) -> UUID:
    """Write down what somebody tells, in place of what they told of the same conversation before; return its id."""
    id: UUID = await _sql.tell(
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
    return id


async def by_ids(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Concern]:
    """Read concerns by their ids."""
    return {row["id"]: _concern(row) for row in await _sql.by_ids(connection, ids=list(ids))}


async def lock(connection: Connection, id: UUID) -> Concern | None:
    """Read one that nobody else may settle until COMMIT."""
    await _sql.lock(connection, id=id)
    return (await by_ids(connection, [id])).get(id)


async def open_ids(connection: Connection, most: int) -> list[UUID]:
    """Read which concerns wait."""
    return [row["id"] for row in await _sql.open_ids(connection, most=most)]


async def settle(connection: Connection, id: UUID, at: datetime | None) -> None:
    """Note that a pastor has seen to it, or has not after all."""
    await _sql.settle(connection, id=id, at=at)


async def came(connection: Connection, session_id: UUID, person: tuple[UUID, str], now: datetime) -> None:
    """Note that a volunteer came into a conversation."""
    await _sql.came(connection, session_id=session_id, person_id=person[0], name=person[1], now=now)


async def present(connection: Connection, session_id: UUID) -> dict[UUID, str]:
    """Read which volunteers came into a conversation, with their names."""
    rows = await _sql.present(connection, session_id=session_id)
    return {row["person_id"]: row["name"] for row in rows}


async def forget(connection: Connection, person_id: UUID) -> None:
    """Take somebody's name off."""
    await _sql.forget_teller(connection, person_id=person_id)
    await _sql.forget_about(connection, person_id=person_id)
    await _sql.forget_present(connection, person_id=person_id)


async def trim(connection: Connection, before: datetime) -> int:
    """Forget what was seen to before a moment, and who came before it; return how much."""
    gone = int(await _sql.trim(connection, before=before))
    return gone + int(await _sql.trim_present(connection, before=before))
