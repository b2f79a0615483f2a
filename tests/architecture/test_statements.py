"""Every statement is named, explained, called, and stays on its slice's tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture import statements
from tests.architecture.house import ROOT, Finding, plant

CHAT = "server/domains/chat"
CHECKS = [statements.table_owners, statements.sentences, statements.unused, statements.sessions]


@pytest.mark.parametrize("check", CHECKS)
def test_the_house_keeps_its_statements_in_order(check: Callable[[Path], list[Finding]]) -> None:
    """Each `queries.sql` holds named, explained, used statements on the slice's own tables."""
    assert [str(finding) for finding in check(ROOT)] == []


@pytest.mark.parametrize("check", CHECKS)
def test_a_tree_without_slices_has_nothing_to_find(
    tmp_path: Path, check: Callable[[Path], list[Finding]]
) -> None:
    """The checks hold before there is a slice."""
    assert check(tmp_path) == []


def queries(root: Path, *bodies: str) -> Path:
    """Plant a chat slice whose statements have these bodies."""
    blocks = [f"-- name: q{n}\n-- Read something.\n{body};\n" for n, body in enumerate(bodies)]
    calls = "".join(f"_sql.q{n}\n" for n in range(len(bodies)))
    return plant(root, {f"{CHAT}/queries.sql": "\n".join(blocks), f"{CHAT}/repository.py": calls})


@pytest.mark.parametrize(
    "body",
    [
        "select id from members",
        "select m.id from chat_messages m join members_people p on p.id = m.author_id",
        "select id from chat_messages where exists (select 1 from prayer_requests)",
        "insert into audit_entries (id) select id from chat_messages",
        "update chat_messages set body = '' from members_people p where p.id = author_id",
        "delete from chat_messages using members_people p where p.id = author_id",
        "with gone as (delete from member_people returning id) select id from gone",
        "select id from control.tenants",
        "select id from church_0123456789abcdef.chat_messages",
        "select id from chatter_lines",
        "select id from chat_messages union all select id from files",
        "lock table chat_messages",
        "selec id from chat_messages",
    ],
)
def test_a_table_of_another_slice_is_found(tmp_path: Path, body: str) -> None:
    """Joins, sub-queries, CTEs, other schemas, look-alike names and what cannot be read are refused."""
    assert len(statements.table_owners(queries(tmp_path, body))) == 1


def test_own_tables_are_nobody_elses_business(tmp_path: Path) -> None:
    """Own tables, CTEs, functions in FROM, casts, upserts and row locks are read without a finding."""
    root = queries(
        tmp_path,
        "with recent as (select * from chat_messages where room = :room::uuid) select id from recent r",
        "select c from unnest(:ids::uuid[]) as c join chat_rooms on chat_rooms.id = c",
        "insert into chat_marks (id, seen) values (:id, now()) on conflict (id) do update set seen = excluded.seen",
        "select id from chat_messages where body ->> 'k' = :k order by id limit :n for update skip locked",
        "select r.id, x.n from chat_rooms r cross join lateral (select count(*) n from chat_messages) x",
        "merge into chat_marks m using (select :id as id) s on m.id = s.id when matched then delete",
    )
    assert [str(finding) for finding in statements.table_owners(root)] == []


@pytest.mark.parametrize(
    ("slice_name", "table", "own"),
    [
        ("tenants", "tenants", True),
        ("tenants", "tenant_slugs", True),
        ("audit", "audit_entries", True),
        ("events", "event_places", True),
        ("chat", "chats", False),
        ("auth", "author_names", False),
        ("files", "file", True),
    ],
)
def test_a_table_is_owned_by_the_slice_it_is_named_after(slice_name: str, table: str, own: bool) -> None:
    """The name begins with the slice's, plural or singular, up to an underscore."""
    assert statements.owns(slice_name, table) is own


@pytest.mark.parametrize(
    "text",
    [
        "select 1;",
        "-- name: a\nselect 1;",
        "-- name: a\n-- read it\nselect 1;",
        "-- name: a\nselect 1; -- Read it.",
        "-- name: a\n-- Read it.\nselect 1;\n-- name: b\nselect 2;",
    ],
)
def test_a_statement_without_its_sentence_is_found(tmp_path: Path, text: str) -> None:
    """A name and one sentence with a capital and a full stop stand above each statement."""
    plant(tmp_path, {f"{CHAT}/queries.sql": text})
    assert len(statements.sentences(tmp_path)) == 1


def test_a_statement_nobody_calls_is_found(tmp_path: Path) -> None:
    """A name must be called in the repository beside it; a longer name is not the same one."""
    plant(
        tmp_path,
        {
            f"{CHAT}/queries.sql": "-- name: page^\n-- Read it.\nselect 1;\n-- name: by_id\n-- Read it.\nselect 1;",
            f"{CHAT}/repository.py": "await _sql.page_after(connection)\nawait _sql.by_id(connection)\n",
        },
    )
    assert [finding.text for finding in statements.unused(tmp_path)] == [
        "page is called by nobody; delete it"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "set search_path = church_a",
        "SET search_path TO church_a",
        "set session characteristics as transaction read only",
        "set role church_a",
        "set time zone 'UTC'",
        "select 1; set statement_timeout = 0",
        "reset all",
        "discard all",
        "listen news",
        "select pg_advisory_lock(1)",
        "select pg_try_advisory_lock(1, 2)",
        "select pg_catalog.pg_advisory_unlock_all()",
        "select set_config('search_path', 'church_a', false)",
        "create temp table t (id int)",
        "declare c cursor with hold for select 1",
        "/* harmless */ set role church_a",
    ],
)
def test_what_outlives_its_transaction_is_found(tmp_path: Path, text: str) -> None:
    """Session settings, session locks, LISTEN, prepared statements and temporary tables are refused."""
    plant(tmp_path, {"migrations/tenant/one.sql": f"{text};"})
    assert len(statements.sessions(tmp_path)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "set local lock_timeout = '2s'",
        "begin; set local role church_a; set local search_path = church_a, extensions",
        "update t set role = 'x'",
        "select pg_advisory_xact_lock(1)",
        "select set_config('search_path', 'church_a', true)",
        "set constraints all deferred",
        "alter role narthex_app set search_path = ''",
        "create temp table t (id int) on commit drop",
        "select 1 -- ; set role church_a",
    ],
)
def test_what_ends_with_its_transaction_is_allowed(text: str) -> None:
    """LOCAL settings, transaction locks and an ordinary UPDATE … SET are not session state."""
    assert statements.session_state(text) is None
