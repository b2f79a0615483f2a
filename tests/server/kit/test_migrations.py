"""Three histories, one church at a time, resumable, and nothing half done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from server.embedded import Embedded
from server.kit import migrations
from server.kit.ids import new_tenant_id
from server.kit.scope import schema_of
from tests.installation import migrate

LATER = '''"""A later migration."""
from server.kit.migrations import run
revision = "9001"
down_revision = "{head}"
def upgrade() -> None:
    run("""{sql}""")
'''


@pytest.fixture
def owner(postgres: Embedded, database_url: str) -> str:
    """Give the owner's login of a migrated database without churches."""
    return migrate(postgres, database_url.split("@/")[1].split("?")[0])


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Give a function that adds a migration to a copy of the history."""
    import shutil

    root = tmp_path / "migrations"
    shutil.copytree(migrations.ROOT, root, ignore=shutil.ignore_patterns("__pycache__"))
    head = migrations.script_directory("tenant").get_current_head()
    monkeypatch.setattr(migrations, "ROOT", root)

    def add(sql: str) -> None:
        text = LATER.replace("{head}", str(head)).replace("{sql}", sql)
        (root / "tenant" / "versions" / "9001_later.py").write_text(text)

    return add


def churches(owner: str, count: int) -> list[str]:
    ids = [new_tenant_id() for _ in range(count)]
    for tenant_id in ids:
        migrations.create_church(owner, tenant_id)
    return ids


def has_column(owner: str, tenant_id: str) -> bool:
    with psycopg.connect(owner) as connection:
        found = connection.execute(
            "select 1 from information_schema.columns"
            " where table_schema = %s and table_name = 'topics' and column_name = 'later'",
            (schema_of(tenant_id),),
        ).fetchone()
    return found is not None


def test_a_new_church_is_at_the_head(owner: str) -> None:
    """A church that was just made needs no migration."""
    ids = churches(owner, 2)
    assert migrations.behind(owner, ids) == []


def test_churches_that_are_behind_are_found_and_moved(owner: str, later: Callable[[str], None]) -> None:
    """Every church gets the new column; a second run finds nothing to do."""
    ids = churches(owner, 3)
    later("alter table topics add column later text default '100%'")
    assert migrations.behind(owner, ids) == ids
    seen: list[str] = []
    assert migrations.upgrade_churches(owner, ids, threads=3, done=seen.append) == []
    assert sorted(seen) == sorted(ids)
    assert all(has_column(owner, tenant_id) for tenant_id in ids)
    assert migrations.behind(owner, ids) == []


@pytest.mark.timeout(600)
def test_the_37th_of_60_fails_and_the_others_go_on(owner: str, later: Callable[[str], None]) -> None:
    """The church that fails is named with its reason and left as it was; mended, the next run moves only it."""
    ids = churches(owner, 60)
    bad = ids[36]
    with psycopg.connect(owner) as connection:
        connection.execute(f"create table {schema_of(bad)}.in_the_way (id int)")
    later("create table in_the_way (id int); alter table topics add column later text")
    failed = migrations.upgrade_churches(owner, ids)
    assert [f.tenant_id for f in failed] == [bad]
    assert "in_the_way" in failed[0].error
    assert migrations.behind(owner, ids) == [bad]
    assert not has_column(owner, bad)
    with psycopg.connect(owner) as connection:
        connection.execute(f"drop table {schema_of(bad)}.in_the_way")
    assert migrations.upgrade_churches(owner, migrations.behind(owner, ids)) == []
    assert has_column(owner, bad)


def test_a_locked_table_is_tried_again(owner: str, later: Callable[[str], None]) -> None:
    """A migration gives way after 2 s to whoever holds the table, then tries again."""
    (tenant_id,) = churches(owner, 1)
    later("alter table topics add column later text")

    def hold(connection: psycopg.Connection[tuple[object, ...]]) -> None:
        time.sleep(2.5)
        connection.rollback()

    with psycopg.connect(owner) as connection:
        connection.execute(f"lock table {schema_of(tenant_id)}.topics in share mode")
        holder = threading.Thread(target=hold, args=(connection,))
        holder.start()
        assert migrations.upgrade_churches(owner, [tenant_id]) == []
        holder.join()
    assert has_column(owner, tenant_id)


def test_one_migration_runs_at_a_time(owner: str) -> None:
    """The second run is told that another holds the lease; when the first ends it may begin."""
    with migrations.migration_lease(owner, "first") as first:
        assert first
        with migrations.migration_lease(owner, "second") as second:
            assert not second
    with migrations.migration_lease(owner, "second") as second:
        assert second


def test_a_church_can_be_dropped_and_leaves_no_role(owner: str) -> None:
    """Schema and role are gone, and dropping again is no error."""
    (tenant_id,) = churches(owner, 1)
    for _ in range(2):
        migrations.drop_church(owner, tenant_id)
    with psycopg.connect(owner) as connection:
        assert not connection.execute(
            "select 1 from pg_roles where rolname = %s", (schema_of(tenant_id),)
        ).fetchone()


def test_bootstrap_and_fixed_histories_can_be_repeated(postgres: Embedded, database_url: str) -> None:
    """Running everything twice, and by two at once, changes nothing and raises nothing."""
    name = database_url.split("@/")[1].split("?")[0]
    migrate(postgres, name)
    errors: list[BaseException] = []

    def again() -> None:
        try:
            migrate(postgres, name)
        except BaseException as error:  # collected for the assertion below
            errors.append(error)

    threads = [threading.Thread(target=again) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
