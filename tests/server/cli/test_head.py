"""`migrations/tenant/head.sql`: what the history makes, word for word."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from server.cli.head import replayed
from server.kit import migrations
from server.settings import Settings
from tests.server.cli.test_migrate import LATER


def test_head_is_the_replay_of_the_history(database_url: str) -> None:
    """The file is what `narthex migrate --write-head` would write; run it after every change of the history."""
    head = migrations.ROOT / "tenant" / "head.sql"
    assert head.read_text() == replayed(database_url), "run `narthex migrate --write-head`"


def test_head_is_the_same_each_time(database_url: str) -> None:
    """Nothing of one database, one moment or one run is in it."""
    text = replayed(database_url)
    assert replayed(database_url) == text
    assert "\\restrict" not in text
    assert "postgres" not in text.lower()


def test_a_head_that_lags_behind_costs_nothing_but_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A church made while head.sql is older than the history stands at the head of the history all the same."""
    root = tmp_path / "migrations"
    shutil.copytree(migrations.ROOT, root, ignore=shutil.ignore_patterns("__pycache__"))
    head = str(migrations.script_directory("tenant").get_current_head())
    monkeypatch.setattr(migrations, "ROOT", root)
    (root / "tenant" / "versions" / "9001_later.py").write_text(LATER.replace("{head}", head))
    migrations.create_church(settings.owner_url, "l" * 16)
    try:
        assert migrations.behind(settings.owner_url, ["l" * 16]) == []
    finally:
        migrations.drop_church(settings.owner_url, "l" * 16)
