"""SQL is written down, never put together."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import literals
from tests.architecture.house import ROOT, plant

SERVICE = "server/domains/chat/service.py"
KIT = "server/kit/topics.py"
NONE: dict[str, str] = {}


def test_the_house_builds_no_sql() -> None:
    """No literal of SQL outside its rooms, no call of the driver outside the kit, no statement put together."""
    assert [str(finding) for finding in literals.sql_from_strings(ROOT)] == []


def test_the_house_keeps_no_session_state() -> None:
    """No SQL in Python sets, locks or listens for a whole session."""
    assert [str(finding) for finding in literals.session_literals(ROOT)] == []


@pytest.mark.parametrize(
    "line",
    [
        "TEXT = 'select id from chat_messages'",
        "TEXT = f'select {name} from chat_messages'",
        "TEXT = 'SELECT\\n  id\\nFROM chat_messages'",
        "TEXT = b'delete from chat_messages'",
        "TEXT = 'update chat_messages set body = %s' % body",
        "TEXT = 'insert into {} values (1)'.format(table)",
        "TEXT = 'with x as (' + inner + ') select 1'",
        "TEXT = 'select set_config($1, $2, true)'",
        "TEXT = 'drop schema church_a cascade'",
        "TEXT = 'set local role church_a'",
        "await connection.fetchrow(text)",
        "await tx.connection.execute(text)",
        "run = tx.connection.fetchval",
        "await pool.fetch(text, 1)",
        "c = tx.connection; await c.fetch(text)",
        "async def f(c: Connection): await c.prepare(text)",
        "async def f(d):\n    async with d.control() as c:\n        await c.fetch(text)",
        "await anything.execute(text)",
        "await getattr(tx.connection, 'execute')(text)",
        "operator.methodcaller('fetch', text)(thing)",
        "await connection.execute(query=text)",
        "await connection.copy_records_to_table('chat_messages', records=rows)",
    ],
)
@pytest.mark.parametrize("path", [SERVICE, "server/cli/demo.py", "realtime/hub.py", "server/web/pages.py"])
def test_sql_outside_its_rooms_is_found(tmp_path: Path, path: str, line: str) -> None:
    """Literals of SQL and every way to the driver are refused wherever people write product code."""
    plant(tmp_path, {path: f"{line}\n"})
    assert literals.sql_from_strings(tmp_path, NONE) != []


@pytest.mark.parametrize(
    "line",
    [
        "'''Select a church from the list.'''",
        "def f():\n    'Delete from the log what is old.'",
        "rows = await _sql.page(tx.connection, room=room)",
        "TEXT = 'Select your church, then sign in.'",
        "TEXT = 'Update your address in the settings.'",
        "TEXT = 'With thanks, Grace Church'",
        "TEXT = 'Create a table tennis group'",
        "await pipeline.execute()",
        "page = await egress.fetch(url)",
        "key = paging.cursor(row)",
        "self.prepare()",
    ],
)
def test_plain_words_and_other_libraries_are_not_sql(tmp_path: Path, line: str) -> None:
    """Documentation, sentences for people, named statements, Redis pipelines and HTTP are left alone."""
    plant(tmp_path, {SERVICE: f"{line}\n"})
    assert [str(finding) for finding in literals.sql_from_strings(tmp_path, NONE)] == []


@pytest.mark.parametrize(
    "lines",
    [
        "await connection.execute(f'select {x}')",
        "await connection.execute('select ' + x)",
        "await connection.execute('select %s' % x)",
        "await connection.execute('select {}'.format(x))",
        "await connection.execute(' '.join(parts))",
        "await connection.execute(text)",
        "await connection.execute(query=text)",
        "await connection.execute(*everything)",
        "_A = 'select 1'\n_A = _A + x\nawait connection.fetchrow(_A)",
        "_A = {'one': f'select {x}'}\nawait connection.fetchrow(_A['one'])",
        "_A = f'select {x}'\nawait connection.fetchrow(_A)",
        "_A = 'select 1'\ndef f():\n    global _A\n    _A = x\nc.fetchrow(_A)",
    ],
)
def test_a_statement_that_is_put_together_is_found(tmp_path: Path, lines: str) -> None:
    """Even the kit hands over constants of the module only."""
    plant(tmp_path, {KIT: f"{lines}\n"})
    assert len(literals.sql_from_strings(tmp_path, NONE)) == 1


def test_a_constant_of_the_module_is_a_statement(tmp_path: Path) -> None:
    """A literal, a name given one literal, and constants added to constants need no exception."""
    lines = [
        "_A = 'select 1'",
        "_B = _A + ' union all select 2'",
        "_C = {'one': 'select 1', 'both': _B}",
        "async def f(connection):",
        "    await connection.execute('commit')",
        "    await connection.fetch(_A)",
        "    await connection.fetchrow(_B, 1)",
        "    await connection.fetchrow(_C[kind])",
    ]
    plant(tmp_path, {KIT: "\n".join(lines)})
    assert literals.sql_from_strings(tmp_path, NONE) == []


@pytest.mark.parametrize("line", ["op.execute('select 1')", "run(f'drop table {name}')", "run(text)"])
def test_a_migration_runs_constants_by_run(tmp_path: Path, line: str) -> None:
    """A migration's `run` gets a literal, and `op.execute` is not used at all."""
    plant(tmp_path, {"migrations/tenant/versions/0001_log.py": f"def upgrade():\n    {line}\n"})
    assert len(literals.sql_from_strings(tmp_path, NONE)) == 1


def test_an_exception_holds_for_its_function_alone(tmp_path: Path) -> None:
    """What is excused in one method is found in the next."""
    body = "def a(c):\n    c.execute(x)\ndef b(c):\n    c.execute(x)\n"
    plant(tmp_path, {KIT: body})
    found = literals.sql_from_strings(tmp_path, {f"{KIT}:a": "a reason"})
    assert [finding.line for finding in found] == [4]


def test_an_exception_that_is_not_needed_is_found(tmp_path: Path) -> None:
    """A reason that lost its object does not stay on the list."""
    plant(tmp_path, {KIT: "x = 1\n"})
    assert len(literals.sql_from_strings(tmp_path, {f"{KIT}:a": "a reason"})) == 1


@pytest.mark.parametrize(
    "text",
    [
        "set search_path = church_a",
        "begin; set role church_a",
        "set session statement_timeout = 0",
        "select pg_advisory_lock(1)",
        "SELECT pg_try_advisory_lock($1)",
        "listen news",
        "discard all",
        "select set_config('role', 'church_a', false)",
        "create temp table t (id int)",
    ],
)
@pytest.mark.parametrize("path", [SERVICE, KIT, "migrations/shard/versions/0001_outbox.py"])
def test_session_state_in_a_literal_is_found(tmp_path: Path, path: str, text: str) -> None:
    """What outlives its transaction is refused in every room, plain or in an f-string."""
    plant(tmp_path, {path: f'A = """{text}"""\nB = f"""{text}"""\n'})
    assert [finding.line for finding in literals.session_literals(tmp_path)] == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "set local search_path = church_a",
        "select pg_advisory_xact_lock(1)",
        "Reset your password",
        "reset your password",
        "Listen to the service again",
        "Set a time zone for your church",
        "select set_config('role', $1, true)",
        "create temp table t (id int) on commit drop",
    ],
)
def test_local_state_and_plain_words_are_allowed(tmp_path: Path, text: str) -> None:
    """LOCAL forms, transaction locks and sentences for people are no findings."""
    plant(tmp_path, {KIT: f'A = """{text}"""\n'})
    assert literals.session_literals(tmp_path) == []
