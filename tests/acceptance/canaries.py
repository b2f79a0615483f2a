"""Put a canary into every table of a church, whatever its columns are, so that a leak of any of them is heard."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from server.settings import Settings

CANARY = "canary"
Connection = psycopg.Connection[tuple[Any, ...]]
_WORDS = ("text", "bytea", "jsonb", "ARRAY", "character varying", "USER-DEFINED")
_LITERAL = re.compile(r"'((?:[^']|'')*)'::text")


class Column(msgspec.Struct, frozen=True):
    """A column that has to be given, or could hold words."""

    name: str
    kind: str
    needed: bool
    choices: Sequence[str] = ()  # what its check allows, when that is a list

    def value(self) -> object:
        """Return something that fits, a canary where it may be one."""
        if self.choices:
            return self.choices[0]
        values: dict[str, object] = {
            "text": CANARY,
            "USER-DEFINED": CANARY,
            "bytea": CANARY.encode(),
            "jsonb": msgspec.json.encode({"canary": CANARY}).decode(),
            "ARRAY": [],
            "uuid": uuid.uuid4(),
            "boolean": False,
            "timestamp with time zone": "2026-01-01T00:00:00Z",
            "date": "2026-01-01",
            "interval": "1 day",
            "time without time zone": "10:00",
        }
        return values.get(self.kind, 1)


def plant(settings: Settings, schema: str) -> Sequence[str]:
    """Put a row with a canary into each table that has none; return the tables that have none all the same.

    Checks are dropped and constraints between tables are off: nobody reads these rows but who should not.
    """
    with psycopg.connect(settings.admin_url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        columns = {table: _columns(connection, schema, table) for table in tables(connection, schema)}
        _drop_checks(connection, schema)
        for table in tables(connection, schema):
            if not sings(connection, schema, table):
                _insert(connection, schema, table, columns[table])
        return [table for table in tables(connection, schema) if not sings(connection, schema, table)]


def tables(connection: Connection, schema: str) -> Sequence[str]:
    """Return the tables of a church that have a column for words."""
    rows = connection.execute(
        "select distinct table_name from information_schema.columns"
        " where table_schema = %s and data_type = any(%s) order by 1",
        (schema, list(_WORDS)),
    ).fetchall()
    return [row[0] for row in rows]


def sings(connection: Connection, schema: str, table: str) -> bool:
    """Tell whether a canary is in any row, as text or in bytes."""
    query = sql.SQL(
        "select exists (select from {} t where position(%s in t::text) > 0 or position(%s in t::text) > 0)"
    )
    found = connection.execute(
        query.format(sql.Identifier(schema, table)), (CANARY, CANARY.encode().hex())
    ).fetchone()
    return found == (True,)


def _drop_checks(connection: Connection, schema: str) -> None:
    rows = connection.execute(
        "select c.conrelid::regclass::text, c.conname from pg_constraint c"
        " where c.connamespace = %s::regnamespace and c.contype = 'c'",
        (schema,),
    ).fetchall()
    for table, name in rows:
        query = sql.SQL("alter table {} drop constraint {}")
        connection.execute(query.format(sql.SQL(table), sql.Identifier(name)))


def _insert(connection: Connection, schema: str, table: str, columns: Sequence[Column]) -> None:
    given = [one for one in columns if one.needed or one.kind in _WORDS]
    query = sql.SQL("insert into {} ({}) values ({}) on conflict do nothing").format(
        sql.Identifier(schema, table),
        sql.SQL(", ").join(sql.Identifier(one.name) for one in given),
        sql.SQL(", ").join(sql.Placeholder() for _ in given),
    )
    connection.execute(query, [one.value() for one in given])
    if not sings(connection, schema, table):  # a table of one row
        _write_over(connection, schema, table, given)


def _write_over(connection: Connection, schema: str, table: str, columns: Sequence[Column]) -> None:
    """Change what is there instead; what is read as JSON stays readable."""
    for one in columns:
        if not one.choices and one.kind in ("text", "jsonb"):
            change = (
                "update {} set {} = {} || %s::jsonb" if one.kind == "jsonb" else "update {} set {} = {} || %s"
            )
            query = sql.SQL(change).format(
                sql.Identifier(schema, table), sql.Identifier(one.name), sql.Identifier(one.name)
            )
            connection.execute(query, [one.value()])


def _columns(connection: Connection, schema: str, table: str) -> Sequence[Column]:
    checks = connection.execute(
        "select pg_get_constraintdef(c.oid) from pg_constraint c"
        " where c.conrelid = format('%%I.%%I', %s::text, %s::text)::regclass and c.contype = 'c'",
        (schema, table),
    ).fetchall()
    rows = connection.execute(
        "select column_name, data_type, is_nullable = 'NO' and column_default is null"
        " from information_schema.columns where table_schema = %s and table_name = %s"
        " and is_generated = 'NEVER' and is_identity = 'NO' order by ordinal_position",
        (schema, table),
    ).fetchall()
    return [
        Column(name, kind, needed, _choices(name, [row[0] for row in checks])) for name, kind, needed in rows
    ]


def _choices(column: str, checks: Sequence[str]) -> Sequence[str]:
    """Return what a check lists for this column."""
    for check in checks:
        if re.search(rf"\b{column}\b = ANY", check):
            return _LITERAL.findall(check.partition(f"{column} = ANY")[2])
    return ()
