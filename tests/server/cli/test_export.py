"""`narthex tenant export`."""

from __future__ import annotations

import asyncio
import hashlib
import zipfile
from pathlib import Path

import msgspec
import pytest

from server.cli.export import FIRST_WORDS, MACHINERY, SEALED, SECLUDED, VOUCHING, write
from server.domains.accounts.models import Person
from server.domains.care.models import Settings as Rules
from server.domains.care.schemas import Ask
from server.domains.chat.schemas import Send
from server.domains.concerns.schemas import NewConcern
from server.domains.followups.schemas import NewTask
from server.domains.rota.schemas import Here
from server.kit import carry
from server.kit.scope import Actor, Scope
from server.settings import Settings
from server.wiring import Wiring, build
from tests.server.cli.conftest import Narthex
from tests.server.domains.prayers import ask, pastor
from tests.server.domains.queueing import deliver
from tests.server.domains.voices import guest, id_of
from tests.server.domains.voices import person as somebody

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


async def test_an_export_names_nobody_who_asked_in_secret(
    wiring: Wiring, system: Scope, settings: Settings, tmp_path: Path
) -> None:
    """Neither who asked for one-to-one prayer and how it began, nor what the team wrote down about them and the sealed.

    That it took place, and what belongs to all, comes along.
    """
    maria, vera = guest(system, "Maria"), await _volunteer(wiring, system)
    await wiring.care.set_settings(somebody(system, "Olga", "owner"), Rules(words="keep"), None)
    session = await wiring.care.ask(maria, Ask(topic="My husband beats me"))
    await deliver(wiring, system)
    async with wiring.database.transaction(system) as tx:
        waiting = await tx.connection.fetchval("select id from moderation_cases")
    await wiring.moderation.note(vera, waiting, "Noted in secret: care")
    session = await wiring.care.accept(vera, session.id)
    asked = await ask(wiring, system, "Heal my father", asker=guest(system, "Ruth"), anonymous=True)
    await deliver(wiring, system)
    assert session.room is not None
    await wiring.chat.post(vera, session.room, Send("Tell me"))
    await wiring.concerns.tell(maria, NewConcern(session.id, "unsafe", "Noted in secret: concern"))
    await deliver(wiring, system)
    async with wiring.database.transaction(system) as tx:
        cases = dict(await tx.connection.fetch("select kind, id from moderation_cases"))
    for kind in ("concern", "prayer"):
        await wiring.moderation.note(pastor(system), cases[kind], f"Noted in secret: {kind}")
    for title, of in (
        ("Noted in secret: session", {"session": session.id}),
        ("Noted in secret: request", {"request": asked.id}),
        ("Buy candles", {}),
    ):
        await wiring.followups.add(vera, NewTask(title, **of))
    await wiring.care.end(vera, session.id)
    await deliver(wiring, system)
    write(settings, await wiring.tenants.by_slug("grace"), tmp_path / "x.zip")
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        manifest = msgspec.json.decode(archive.read("manifest.json"))
        everything = b"".join(archive.read(name) for name in archive.namelist())
        named = [n for n in archive.namelist() if str(id_of(maria)).encode() in archive.read(n)]
        (row,) = archive.read("tables/care_sessions.jsonl").splitlines()
    for word in (b"husband", b"Maria", b"Noted in secret", str(id_of(maria)).encode()):
        assert word not in everything, (word, named)
    assert {"care_sessions.topic", "care_sessions.asker_name", "care_sessions.asker_id"} <= set(
        manifest["left_out"]
    )
    assert (
        set(SECLUDED)
        >= {one.partition(" ")[0] for one in manifest["left_out"] if " " in one}
        >= {
            "messages_messages",
            "followups_tasks",
            "moderation_notes",
        }
    )
    assert msgspec.json.decode(row)["state"] == "ended"
    assert b"Buy candles" in everything
    assert b"Heal my father" in everything


def test_no_table_about_one_to_one_prayer_is_forgotten(settings: Settings) -> None:
    """A table that names a room, a conversation, a request or a case says who is left out of it, or is named here."""
    open_to_all = {
        "audit_entries",  # what the team did and why, kept whole: each entry vouches for the one before
        "notes_notes",  # words for the hosts of a gathering
        "prayer_flags",  # a flag is raised by who reads the wall, without a name
        "prayer_links",
        "replies_replies",  # an asker without a name has none here either
    }
    names = {"room_id", "session_id", "request_id", "case_id", "asker_id", "asker_name", "topic"}
    with carry.snapshot(settings.owner_url) as moment:
        found = carry.tables(moment.connection, "g" * 16)
    known = {*SECLUDED, *FIRST_WORDS, *MACHINERY, *open_to_all, "prayer_requests"}
    assert [
        name
        for name, columns in found.items()
        if names & {column for column, _ in columns}
        and name not in known
        and not SEALED.search(name)
        and not VOUCHING.match(name)
    ] == []


async def _volunteer(wiring: Wiring, system: Scope) -> Scope:
    made = await wiring.accounts.create(
        system, email="v@grace.example", name="Vera", password=PASSWORD, roles=frozenset({"prayer_team"})
    )
    scope = Scope(system.tenant, Actor("person", made.id, "Vera", frozenset({"prayer_team", "member"})))
    await wiring.rota.be_here(scope, Here(True))
    return scope


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
