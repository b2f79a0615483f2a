"""The one row of a church: the only user of this slice's queries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from server.domains.widgets.models import Consent, Theme, Widgets
from server.kit.db import Connection
from server.kit.statements import load

_sql: Any = load(__file__)


async def read(connection: Connection) -> Widgets:
    """Read what the church has set, or that it has set nothing."""
    return _widgets(await _sql.read(connection))


async def lock(connection: Connection) -> Widgets:
    """Read the same and keep it as it is until COMMIT."""
    return _widgets(await _sql.lock(connection))


async def put(connection: Connection, widgets: Widgets, now: datetime) -> None:
    """Replace everything."""
    await _sql.put(
        connection,
        sites=list(widgets.sites),
        theme=msgspec.json.encode(widgets.theme).decode(),
        texts=msgspec.json.encode(widgets.texts).decode(),
        consent=msgspec.json.encode(widgets.consent).decode(),
        now=now,
    )


def _widgets(row: asyncpg.Record | None) -> Widgets:
    if row is None:
        return Widgets()
    return Widgets(
        tuple(row["sites"]),
        msgspec.json.decode(row["theme"], type=Theme),
        msgspec.json.decode(row["texts"], type=dict[str, dict[str, str]]),
        msgspec.json.decode(row["consent"], type=Consent),
    )
