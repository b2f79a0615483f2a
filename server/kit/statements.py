"""Load a slice's `queries.sql` (aiosql) for asyncpg: named parameters become $1, $2 … once, at import.

`name` returns a list of rows, `name^` a row or None, `name$` a value, `name!` a count, `name<!` a row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import aiosql
from aiosql.adapters.asyncpg import AsyncPGAdapter

_COUNT = re.compile(r"\d+$")


class _Adapter(AsyncPGAdapter):
    """Call the connection directly: aiosql's own adapter looks for a pool with `dir()` on each statement (30 µs).

    To aiosql it is not asynchronous: each call returns a coroutine, and `await` works for lists as well.
    """

    is_aio_driver = False

    def _order(self, query_name: str, parameters: Any) -> Sequence[Any]:
        ordered: Sequence[Any] = self.maybe_order_params(query_name, parameters)  # type: ignore[no-untyped-call]
        return ordered

    async def select(
        self, conn: Any, query_name: str, sql: str, parameters: Any, record_class: Any = None
    ) -> Sequence[Any]:
        """Return all rows as a list; a page is bounded by its query's LIMIT."""
        rows: Sequence[Any] = await conn.fetch(sql, *self._order(query_name, parameters))
        return rows

    async def select_one(
        self, conn: Any, query_name: str, sql: str, parameters: Any, record_class: Any = None
    ) -> Any:
        """Return the first row, or None."""
        return await conn.fetchrow(sql, *self._order(query_name, parameters))

    async def select_value(self, conn: Any, query_name: str, sql: str, parameters: Any) -> Any:
        """Return the first column of the first row, or None."""
        return await conn.fetchval(sql, *self._order(query_name, parameters))

    async def insert_returning(self, conn: Any, query_name: str, sql: str, parameters: Any) -> Any:
        """Return the row that was written."""
        return await conn.fetchrow(sql, *self._order(query_name, parameters))

    async def insert_update_delete(self, conn: Any, query_name: str, sql: str, parameters: Any) -> int:
        """Return how many rows were touched."""
        tag = await conn.execute(sql, *self._order(query_name, parameters))
        found = _COUNT.search(tag)
        return int(found[0]) if found else 0


def load(module: str) -> Any:
    """Load the `queries.sql` beside a repository: `load(__file__)`."""
    return aiosql.from_path(
        Path(module).with_name("queries.sql"),
        cast("Any", _Adapter),
        kwargs_only=True,
        mandatory_parameters=False,
    )
