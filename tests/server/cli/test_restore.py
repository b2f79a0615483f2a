"""`narthex restore`, killed or stopped at each of its steps: no church that lives is ever thrown away."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from server.cli import pgtools
from server.cli.backup import restore
from server.kit import carry
from server.settings import Settings
from tests.server.cli.conftest import Narthex
from tests.server.cli.test_backup import GRACE, back_up, contents, query, rewritten

LEFT = "select nspname from pg_namespace where nspname like 'church%%' and nspname not in (%s, %s)"
HOPE = "church_" + "h" * 16
KILLED = """
import os, sys
from server.cli import pgtools, run
from server.cli.backup import restore
from server.kit import carry, migrations

step, when, archive = sys.argv[1:]
place = {"carry": carry, "migrations": migrations, "pgtools": pgtools}[step.split(".")[0]]
name = step.split(".")[1]
done = getattr(place, name)

calls = []

def die(*given, **named):
    calls.append(name)
    if when == "before":
        os._exit(9)
    done(*given, **named)
    if when == "after" or len(calls) == 2:
        os._exit(9)

setattr(place, name, die)
sys.exit(run(["restore", archive, "--yes"]))
"""
UNSETTLED = [
    ("carry.set_aside", "before"),
    ("carry.forget_replaced", "after"),
    ("carry.set_aside", "after"),
    ("migrations.create_empty", "after"),
    ("pgtools.run", "after"),
    ("carry.settle", "before"),
]
SETTLED = [("carry.settle", "after"), ("carry.forget_replaced", "second")]


def kill(archive: str, step: str, when: str) -> None:
    """Let a restore die for good at one of its steps: nothing of it runs any more."""
    died = subprocess.run(
        [sys.executable, "-c", KILLED, step, when, archive], check=False, capture_output=True, text=True
    )
    assert died.returncode == 9, died.stderr


def damaged(archive: str) -> str:
    """Return a copy of an archive that is only found to be damaged by pg_restore."""
    spoilt = Path(archive).with_name("spoilt.narthex")
    spoilt.write_bytes(Path(archive).read_bytes())

    def change(parts: dict[str, bytes]) -> None:
        parts["church.dump"] = parts["church.dump"][:-2000]
        manifest = msgspec.json.decode(parts["manifest.json"])
        manifest["parts"]["church.dump"] = {
            "size": len(parts["church.dump"]),
            "sha256": hashlib.sha256(parts["church.dump"]).hexdigest(),
        }
        parts["manifest.json"] = msgspec.json.encode(manifest)
        parts["manifest.sha256"] = hashlib.sha256(parts["manifest.json"]).hexdigest().encode()

    rewritten(spoilt, change)
    return str(spoilt)


def live_on(settings: Settings, text: str) -> None:
    """Let the church write."""
    query(
        settings, f"insert into {GRACE}.guests (nickname, consent, site) values (%s, 'v1', 'a.example')", text
    )


def written(settings: Settings) -> list[str]:
    return [name for (name,) in query(settings, f"select nickname from {GRACE}.guests order by 1")]


def left(settings: Settings) -> list[Any]:
    return query(settings, LEFT, GRACE, HOPE)


@pytest.mark.parametrize(("step", "when"), UNSETTLED)
def test_a_restore_killed_before_it_is_settled_leaves_the_church_that_was(
    narthex: Narthex, settings: Settings, step: str, when: str
) -> None:
    """It is shut, and the next restore brings it back when it fails, and the archive's when it does not."""
    archive = back_up(narthex, "grace")
    live_on(settings, "Since")
    before = contents(settings)
    kill(archive, step, when)
    assert narthex("tenant", "show", "grace", "--json").lines()[0]["status"] == "suspended"
    failed = narthex("restore", damaged(archive), "--yes")
    assert (failed.code, "pg_restore failed" in failed.err) == (1, True)
    assert (written(settings), left(settings)) == (["Since"], [])
    assert contents(settings)["shape"] == before["shape"]
    kill(archive, step, when)
    assert narthex("restore", archive, "--yes").code == 0
    assert (written(settings), left(settings)) == ([], [])


@pytest.mark.parametrize(("step", "when"), SETTLED)
def test_a_restore_killed_once_it_is_settled_is_the_church(
    narthex: Narthex, settings: Settings, step: str, when: str
) -> None:
    """What is written after it stays when the next restore fails; what it replaced goes with the next."""
    live_on(settings, "Old")
    archive = back_up(narthex, "grace")
    live_on(settings, "Lost on purpose")
    kill(archive, step, when)
    assert narthex("tenant", "resume", "grace").code == 0
    live_on(settings, "Days of work")
    failed = narthex("restore", damaged(archive), "--yes")
    assert (failed.code, "pg_restore failed" in failed.err) == (1, True)
    assert (written(settings), left(settings)) == (["Days of work", "Old"], [])
    assert narthex("tenant", "show", "grace", "--json").lines()[0]["status"] == "active"


def test_what_was_replaced_and_cannot_be_dropped_does_not_undo_the_restore(
    narthex: Narthex, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The church is restored and open; the next restore, though it fails, drops what was replaced and nothing else."""
    archive = back_up(narthex, "grace")
    live_on(settings, "Lost on purpose")

    forget, calls = carry.forget_replaced, []

    def full(owner_url: str, tenant_id: str) -> None:
        calls.append(tenant_id)
        if len(calls) > 1:  # the first looks for what an earlier restore has left
            raise psycopg.OperationalError("the disk is full")
        forget(owner_url, tenant_id)

    with monkeypatch.context() as patched:
        patched.setattr(carry, "forget_replaced", full)
        outcome = narthex("restore", archive, "--yes")
    assert (outcome.code, "still kept" in outcome.err) == (0, True)
    assert left(settings) == [(f"{GRACE}_replaced",)]
    assert narthex("tenant", "show", "grace", "--json").lines()[0]["status"] == "active"
    live_on(settings, "Days of work")
    assert narthex("restore", damaged(archive), "--yes").code == 1
    assert (written(settings), left(settings)) == (["Days of work"], [])


def test_a_settlement_whose_answer_is_lost_is_not_taken_back(
    narthex: Narthex, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks after the COMMIT: the church is restored, and the restore says so."""
    live_on(settings, "Old")
    archive = back_up(narthex, "grace")
    settle = carry.settle

    def settled_unheard(*given: Any) -> None:
        settle(*given)
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(carry, "settle", settled_unheard)
    outcome = narthex("restore", archive, "--yes")
    assert (outcome.code, written(settings), left(settings)) == (0, ["Old"], [])


def test_a_church_opened_over_a_restore_that_never_ended_is_not_dropped_unasked(
    narthex: Narthex, settings: Settings
) -> None:
    """Somebody opened what was half done, and it lives: pausing it is the word that it may go."""
    archive = back_up(narthex, "grace")
    kill(archive, "pgtools.run", "after")
    assert narthex("tenant", "resume", "grace").code == 0
    live_on(settings, "Days of work")
    refused = narthex("restore", archive, "--yes")
    assert (refused.code, "narthex tenant suspend grace" in refused.err) == (1, True)
    assert written(settings) == ["Days of work"]
    assert narthex("tenant", "suspend", "grace").code == 0
    assert narthex("restore", archive, "--yes").code == 0
    assert (written(settings), left(settings)) == ([], [])


def test_a_deleted_church_whose_restore_was_killed_comes_back(narthex: Narthex, settings: Settings) -> None:
    """A schema that was only begun to be filled stands in nobody's way."""
    archive = back_up(narthex, "grace")
    before = contents(settings)
    assert narthex("tenant", "delete", "grace", "--yes").code == 0
    kill(archive, "migrations.create_empty", "after")
    outcome = narthex("restore", archive, "--yes")
    assert (outcome.code, left(settings)) == (0, [])
    assert contents(settings)["shape"] == before["shape"]


def test_an_interrupted_restore_opens_nothing_that_is_half_done(
    narthex: Narthex, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C stops the waiting, not the thread that loads: the church stays shut until that has ended."""
    archive = back_up(narthex, "grace")
    live_on(settings, "Since")
    loading, go_on = threading.Event(), threading.Event()
    run = pgtools.run
    seen: list[Any] = []

    def slow(*given: Any) -> bytes:
        loading.set()
        go_on.wait(20)
        seen.extend(query(settings, "select status from control.tenants where slug = 'grace'"))
        return run(*given)

    monkeypatch.setattr(pgtools, "run", slow)

    async def interrupted() -> None:
        restoring = asyncio.create_task(restore.restore(archive, yes=True))
        await asyncio.to_thread(loading.wait, 20)
        restoring.cancel()
        await asyncio.sleep(0.5)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await restoring

    asyncio.run(interrupted())
    assert seen == [("suspended",)]
    assert (written(settings), left(settings)) == ([], [])
    assert narthex("tenant", "show", "grace", "--json").lines()[0]["status"] == "active"
