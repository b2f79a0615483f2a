"""`narthex tenant export`."""

from __future__ import annotations

import asyncio
import hashlib
import zipfile
from pathlib import Path

import msgspec
import pytest

from server.domains.accounts.models import Person
from server.kit.scope import Scope
from server.settings import Settings
from server.wiring import build
from tests.server.cli.conftest import Narthex

PASSWORD = "walnut-compass-thursday"


@pytest.fixture
def person(settings: Settings) -> Person:
    """Give an account in `grace` with a password."""

    async def make() -> Person:
        wiring = build(settings)
        await wiring.start()
        church = await wiring.tenants.by_slug("grace")
        made = await wiring.accounts.create(
            Scope.system(church.ref),
            email="zoë@grace.example",
            name="Zoë",
            password=PASSWORD,
            roles=frozenset({"owner"}),
        )
        await wiring.stop()
        return made

    return asyncio.run(make())


def test_an_export_holds_what_the_church_wrote(narthex: Narthex, person: Person, tmp_path: Path) -> None:
    """Each table is JSON lines, counted and hashed in the manifest; the README says how to read it."""
    outcome = narthex("tenant", "export", "grace", "--to", str(tmp_path), "--json")
    assert (outcome.code, outcome.err) == (0, "")
    with zipfile.ZipFile(str(outcome.lines()[0]["export"])) as archive:
        manifest = msgspec.json.decode(archive.read("manifest.json"))
        people = [
            msgspec.json.decode(line) for line in archive.read("tables/accounts_people.jsonl").splitlines()
        ]
        assert "Grace Church" in archive.read("README.txt").decode()
        for name, table in manifest["tables"].items():
            content = archive.read(f"tables/{name}.jsonl")
            assert hashlib.sha256(content).hexdigest() == table["sha256"]
            assert len(content.splitlines()) == table["rows"]
    assert [(line["id"], line["name"]) for line in people] == [(str(person.id), "Zoë")]
    assert manifest["tables"]["audit_entries"]["rows"] == 1
    assert manifest["church"] == {"id": "g" * 16, "slug": "grace", "name": "Grace Church"}


def test_an_export_holds_no_secret(narthex: Narthex, person: Person, tmp_path: Path) -> None:
    """Nothing in it lets anybody sign in, and what was left out is said."""
    outcome = narthex("tenant", "export", "grace", "--to", str(tmp_path), "--json")
    with zipfile.ZipFile(str(outcome.lines()[0]["export"])) as archive:
        manifest = msgspec.json.decode(archive.read("manifest.json"))
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"argon2" not in everything
    assert {"accounts_people.password_hash", "sessions", "links_sent", "factors_totp"} <= set(
        manifest["left_out"]
    )
    assert not {"sessions", "links_sent", "factors_totp"} & set(manifest["tables"])
    columns = {f"{t}.{c}" for t, table in manifest["tables"].items() for c in table["columns"]}
    assert not [
        name for name in columns if any(word in name for word in ("secret", "seed", "token", "sealed"))
    ]


def test_an_export_holds_no_word_of_one_to_one_prayer(
    narthex: Narthex, settings: Settings, tmp_path: Path
) -> None:
    """What was said in private stays here, kept or not; what was said in a gathering comes along."""
    asyncio.run(_said(settings, {"care": "for one pair of ears", "gathering": "for everybody"}))
    outcome = narthex("tenant", "export", "grace", "--to", str(tmp_path), "--json")
    with zipfile.ZipFile(str(outcome.lines()[0]["export"])) as archive:
        manifest = msgspec.json.decode(archive.read("manifest.json"))
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"for everybody" in everything
    assert b"for one pair of ears" not in everything
    assert {"prayer_sealed", "transcripts_sealed", "messages_messages of one-to-one prayer"} <= set(
        manifest["left_out"]
    )


async def _said(settings: Settings, words: dict[str, str]) -> None:
    wiring = build(settings)
    await wiring.start()
    church = await wiring.tenants.by_slug("grace")
    async with wiring.database.transaction(Scope.system(church.ref)) as tx:
        for kind, body in words.items():
            room = await tx.connection.fetchval(
                "insert into rooms_rooms (kind, title, created_at, changed_at) values ($1, $1, now(), now())"
                " returning id",
                kind,
            )
            await tx.connection.execute(
                "insert into messages_messages (id, room_id, number, state, author_id, author_kind, author_name, body,"
                " created_at) values (uuidv7(), $1, 1, 'posted', uuidv7(), 'guest', 'Ada', $2, now())",
                room,
                body,
            )
    await wiring.stop()


def test_a_church_that_is_not_there_cannot_be_exported(narthex: Narthex, tmp_path: Path) -> None:
    """Exit code 1 and nothing is written."""
    outcome = narthex("tenant", "export", "nowhere", "--to", str(tmp_path / "kept"))
    assert (outcome.code, outcome.err) == (1, "There is no church at this address.\n")
    assert not (tmp_path / "kept").exists()
