"""`narthex migrate`, on a server with nothing on it and on one with churches."""

from __future__ import annotations

import base64
import json
import shutil
import threading
from pathlib import Path

import psycopg
import pytest

from server.cli import migrate as command
from server.embedded import Embedded
from server.kit import migrations
from server.kit.scope import schema_of
from server.settings import Settings
from tests.installation import APP_PASSWORD, OWNER_PASSWORD, url_of
from tests.server.cli.conftest import Narthex

LATER = '''"""A later migration."""
from server.kit.migrations import run
revision = "9001"
down_revision = "{head}"
def upgrade() -> None:
    run("alter table topics add column later text")
'''


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Add a migration to a copy of the history."""
    root = tmp_path / "migrations"
    shutil.copytree(migrations.ROOT, root, ignore=shutil.ignore_patterns("__pycache__"))
    head = migrations.script_directory("tenant").get_current_head()
    monkeypatch.setattr(migrations, "ROOT", root)
    (root / "tenant" / "versions" / "9001_later.py").write_text(LATER.replace("{head}", str(head)))


def test_an_empty_server_becomes_an_installation(
    bare: Narthex, postgres: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a superuser's URL of a database that is not there yet, one run makes all; a second finds nothing to do."""
    name = "not_there_yet"
    monkeypatch.setenv("NARTHEX_ADMIN_URL", postgres.postgres_url(name))
    monkeypatch.setenv("NARTHEX_OWNER_URL", url_of(postgres, name, "narthex_owner", OWNER_PASSWORD))
    monkeypatch.setenv("NARTHEX_DATABASE_URL", url_of(postgres, name, "narthex_app", APP_PASSWORD))
    try:
        first = bare("migrate", "--json")
        assert (first.code, first.err) == (0, "")
        (result,) = first.lines()
        assert result["control"] == len(list(migrations.script_directory("control").walk_revisions()))
        (again,) = bare("migrate", "--json").lines()
        assert (again["control"], again["shards"], again["migrated"]) == (0, {"main": 0}, 0)
    finally:
        with psycopg.connect(postgres.postgres_url("postgres"), autocommit=True) as connection:
            connection.execute(f"drop database if exists {name} with (force)")


def test_other_logins_than_ours_are_refused(narthex: Narthex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Roles are made by name, so a URL with another login is told which one to use."""
    monkeypatch.setenv("NARTHEX_DATABASE_URL", "postgresql://me:secret@127.0.0.1:1/narthex")
    outcome = narthex("migrate")
    assert outcome.code == 2
    assert "'me'" in outcome.err
    assert "'narthex_app'" in outcome.err


def test_churches_that_are_up_to_date_are_left_alone(narthex: Narthex) -> None:
    """Nothing is migrated twice."""
    outcome = narthex("migrate")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == "All 2 churches are up to date.\n"


@pytest.mark.usefixtures("later")
def test_a_church_that_fails_is_named_and_the_others_go_on(narthex: Narthex, settings: Settings) -> None:
    """Exit code 1, the failed church by its short name; mended, the next run moves only that one."""
    bad = schema_of("g" * 16)
    with psycopg.connect(settings.owner_url) as connection:
        connection.execute(f"alter table {bad}.topics add column later text")
    outcome = narthex("migrate")
    assert outcome.code == 1
    assert outcome.out == "1 of 2 churches migrated.\n"
    assert "The church grace could not be migrated" in outcome.err
    with psycopg.connect(settings.owner_url) as connection:
        connection.execute(f"alter table {bad}.topics drop column later")
    again = narthex("migrate", "--json")
    assert (again.code, again.lines()[0]["migrated"]) == (0, 1)


@pytest.mark.usefixtures("later")
def test_a_second_run_waits_for_the_first(
    narthex: Narthex, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another run holds the lease this one says that it waits, then does what is left."""
    held, go_on, plain = threading.Event(), threading.Event(), command.note

    def note(text: str) -> None:
        plain(text)
        go_on.set()

    def hold() -> None:
        with migrations.migration_lease(settings.owner_url, "another"):
            held.set()
            go_on.wait(60)

    monkeypatch.setattr(command, "note", note)
    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(30)
    outcome = narthex("migrate")
    go_on.set()
    holder.join()
    assert outcome.code == 0
    assert "waiting for it" in outcome.err
    assert outcome.out == "2 of 2 churches migrated.\n"


def test_two_shards_are_prepared_and_migrated(
    bare: Narthex, postgres: Embedded, monkeypatch: pytest.MonkeyPatch, valkey_url: str
) -> None:
    """A shard in another database of the server is made too; churches live where they are told to, and are listed."""
    names = ("two_shards_control", "two_shards_north")
    owner, app = (
        [url_of(postgres, name, role, word) for name in names]
        for role, word in (("narthex_owner", OWNER_PASSWORD), ("narthex_app", APP_PASSWORD))
    )
    shards = {
        "main": {"primary": app[0], "owner": owner[0]},
        "north": {"primary": app[1], "owner": owner[1]},
    }
    for name, value in {
        "ADMIN_URL": postgres.postgres_url(names[0]),
        "OWNER_URL": owner[0],
        "DATABASE_URL": app[0],
        "SHARDS": json.dumps(shards),
        "SECRET_KEY": base64.b64encode(bytes(range(32))).decode(),
        "VALKEY_URL": valkey_url,
    }.items():
        monkeypatch.setenv(f"NARTHEX_{name}", value)
    try:
        assert bare("migrate").code == 0
        for slug, shard in (("grace-main", "main"), ("grace-north", "north")):
            made = bare("tenant", "create", slug, "Grace", "--shard", shard)
            assert (made.code, made.err) == (0, "")
        assert [t["shard"] for t in bare("tenant", "list", "--json").lines()] == ["main", "north"]
        assert bare("migrate").out == "All 2 churches are up to date.\n"
        for slug in ("grace-main", "grace-north"):
            assert bare("tenant", "delete", slug, "--yes").code == 0
    finally:
        with psycopg.connect(postgres.postgres_url("postgres"), autocommit=True) as connection:
            for name in names:
                connection.execute(f"drop database if exists {name} with (force)")
