"""`narthex backup` and `narthex restore`: what comes back, what is refused, and what is left when it fails."""

from __future__ import annotations

import hashlib
import io
import tarfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from realtime.topics import Topic
from server.embedded import S3Endpoint
from server.kit import catalog
from server.kit.log import Draft
from server.kit.scope import Scope, schema_of
from server.settings import Settings
from server.wiring import build
from tests.server.cli.conftest import Narthex

GRACE = schema_of("g" * 16)


def unhurried(err: str) -> str:
    """Return what a command said apart from its progress, which a slow machine gets to see."""
    return "".join(line for line in err.splitlines(keepends=True) if " … " not in line)


def query(settings: Settings, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.owner_url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def lived_in(settings: Settings) -> Settings:
    """Give `grace` a topic with an event, an announcement that one listener heard, and one that died."""
    import asyncio

    async def live() -> None:
        wiring = build(settings)
        await wiring.start()
        church = await wiring.tenants.by_slug("grace")
        async with wiring.database.transaction(Scope.system(church.ref)) as tx:
            tx.append(
                Topic(church.id, "chat", "hall"),
                Draft(uuid.uuid4(), "said", b'{"text":"100% h\xc3\xb6rbar"}', True),
            )
        await wiring.stop()

    asyncio.run(live())
    announce = (
        "insert into shard.outbox (church, key, kind, data) values (%s, %s, 'test.said', %s) returning id"
    )
    (first,) = query(settings, announce, GRACE, "a", b"\x00\xff1")[0]
    query(settings, announce, GRACE, "b", b"2")
    query(settings, f"insert into {GRACE}.processed (signal, listener) values (%s, 'one.of.two')", first)
    query(
        settings, f"insert into {GRACE}.processed (signal, listener) values (%s, 'of.long.ago')", first + 1000
    )
    query(
        settings,
        "insert into shard.dead_letters (id, church, key, kind, data, at, attempts, error)"
        " values (%s, %s, 'c', 'test.said', '3', now(), 5, 'no')",
        first + 500,
        GRACE,
    )
    return settings


def contents(settings: Settings) -> dict[str, object]:
    """Return what makes `grace`, but for what a restore changes on purpose."""
    with psycopg.connect(settings.owner_url) as connection:
        shape = catalog.shapes(connection, [GRACE])[GRACE]
    return {
        "shape": list(shape),
        "events": query(
            settings,
            f"select topic_id, seq, entity, kind, data, at from {GRACE}.topic_events"
            f" where topic_id in (select id from {GRACE}.topics where name <> 'control:people') order by 1, 2",
        ),
        # not the topic that sends sockets away while a church is paused
        "topics": query(
            settings, f"select id, name, head from {GRACE}.topics where name <> 'control:people' order by 1"
        ),
        "announced": query(
            settings,
            "select key, kind, data from shard.outbox where church = %s and kind = 'test.said' order by id",
            GRACE,
        ),
    }


def back_up(narthex: Narthex, *words: str) -> str:
    outcome = narthex("backup", *words, "--json")
    assert (outcome.code, unhurried(outcome.err)) == (0, "")
    return str(outcome.lines()[-1]["archive"])


def test_a_church_comes_back_as_it_was(narthex: Narthex, lived_in: Settings) -> None:
    """What it did since is gone, announcements stand in line under new numbers, epochs are new, and it is open."""
    before = contents(lived_in)
    archive = back_up(narthex, "grace")
    query(lived_in, f"update {GRACE}.topic_events set data = 'x'")
    query(lived_in, f"alter table {GRACE}.topics add column later text")
    query(lived_in, "insert into shard.audit_heads (church, seq, hash) values (%s, 99, 'later')", GRACE)
    (epoch,) = query(lived_in, f"select max(epoch) from {GRACE}.topics")[0]
    outcome = narthex("restore", archive, "--yes")
    assert (outcome.code, unhurried(outcome.err)) == (0, "")
    assert "grace" in outcome.out.lower()
    after = contents(lived_in)
    assert after["announced"] == [
        ("a", "test.said", b"\x00\xff1"),
        ("b", "test.said", b"2"),
        ("c", "test.said", b"3"),
    ]
    assert {**after, "announced": None} == {**before, "announced": None}
    assert query(lived_in, f"select min(epoch) from {GRACE}.topics")[0][0] > epoch
    heard = query(
        lived_in,
        f"select o.key, p.listener from {GRACE}.processed p left join shard.outbox o on o.id = p.signal",
    )
    assert heard == [("a", "one.of.two")]
    assert query(lived_in, "select seq from shard.audit_heads where church = %s", GRACE) == []
    assert narthex("tenant", "show", "grace", "--json").lines()[0]["status"] == "active"
    assert query(lived_in, "select nspname from pg_namespace where nspname like %s", "%before") == []
    assert narthex("doctor", "--json").code in (0, 1)


def test_each_restore_begins_a_new_epoch(narthex: Narthex, lived_in: Settings) -> None:
    """No client can take a position of one life of the church for one of another."""
    archive = back_up(narthex, "grace")
    epochs = []
    for _ in range(2):
        assert narthex("restore", archive, "--yes").code == 0
        epochs.append(query(lived_in, f"select epoch from {GRACE}.topics")[0][0])
    assert epochs[1] > epochs[0] > 1


def test_a_deleted_church_comes_back(narthex: Narthex, lived_in: Settings) -> None:
    """With its id, its names and its rights; an epoch that was never seen."""
    before = contents(lived_in)
    archive = back_up(narthex, "grace")
    assert narthex("tenant", "delete", "grace", "--yes").code == 0
    outcome = narthex("restore", archive)
    assert (outcome.code, unhurried(outcome.err)) == (0, "")
    assert contents(lived_in)["shape"] == before["shape"]
    (tenant,) = narthex("tenant", "show", "grace", "--json").lines()
    assert (tenant["id"], tenant["status"]) == ("g" * 16, "active")
    assert query(lived_in, f"select min(epoch) from {GRACE}.topics")[0][0] > 1000


def test_a_taken_short_name_needs_another(narthex: Narthex, lived_in: Settings) -> None:
    """The sentence says how, nothing is left half done, and then it works."""
    archive = back_up(narthex, "grace")
    narthex("tenant", "delete", "grace", "--yes")
    narthex("tenant", "create", "grace", "Another Grace")
    refused = narthex("restore", archive)
    assert refused.code == 1
    assert "--slug" in refused.err
    assert narthex("restore", archive, "--slug", "old-grace").code == 0
    assert narthex("tenant", "show", "old-grace", "--json").lines()[0]["id"] == "g" * 16


def test_a_church_that_is_there_is_not_replaced_unasked(narthex: Narthex, lived_in: Settings) -> None:
    """Where nobody can be asked, --yes must be given."""
    archive = back_up(narthex, "grace")
    outcome = narthex("restore", archive)
    assert outcome.code == 2
    assert "--yes" in outcome.err


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Write a tar file anew with changed parts."""
    with tarfile.open(path) as tar:
        parts = {member.name: (tar.extractfile(member) or io.BytesIO()).read() for member in tar}
    change(parts)
    with tarfile.open(path, "w") as tar:
        for name, content in parts.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def drop(name: str) -> Callable[[Path], None]:
    return lambda path: rewritten(path, lambda parts: parts.pop(name) and None)


def add(path: Path) -> None:
    rewritten(path, lambda parts: parts.update({"../../evil": b"x"}))


def newer(path: Path) -> None:
    def change(parts: dict[str, bytes]) -> None:
        manifest = msgspec.json.decode(parts["manifest.json"])
        parts["manifest.json"] = msgspec.json.encode({**manifest, "revision": "9999"})
        parts["manifest.sha256"] = hashlib.sha256(parts["manifest.json"]).hexdigest().encode()

    rewritten(path, change)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (flip, "is damaged"),
        (lambda path: path.write_bytes(path.read_bytes()[:-60_000]), "is damaged"),
        (lambda path: path.write_bytes(b""), "is damaged"),
        (lambda path: path.write_bytes(b"not an archive at all" * 1000), "is damaged"),
        (drop("church.dump"), "is damaged"),
        (drop("manifest.sha256"), "is damaged"),
        (add, "more than its manifest says"),
        (newer, "newer Narthex"),
        (lambda path: path.unlink(), "There is no archive"),
    ],
)
def test_an_archive_that_is_not_as_it_was_is_refused(
    narthex: Narthex, settings: Settings, spoil: Callable[[Path], None], told: str
) -> None:
    """Before anything is touched: the church goes on, untouched and open."""
    before = contents(settings)
    archive = Path(back_up(narthex, "grace"))
    spoil(archive)
    outcome = narthex("restore", str(archive), "--yes")
    assert outcome.code == 1
    assert told in outcome.err
    assert outcome.err.count("\n") == 1
    assert contents(settings) == before
    assert narthex("tenant", "show", "grace", "--json").lines()[0]["status"] == "active"


def test_a_restore_that_fails_in_the_middle_leaves_what_was_there(
    narthex: Narthex, lived_in: Settings
) -> None:
    """The dump itself is refused by Postgres: the church is as before, and open."""
    archive = Path(back_up(narthex, "grace"))
    before = contents(lived_in)

    def change(parts: dict[str, bytes]) -> None:
        parts["church.dump"] = parts["church.dump"][:-2000]
        manifest = msgspec.json.decode(parts["manifest.json"])
        part = manifest["parts"]["church.dump"]
        part["size"] = len(parts["church.dump"])
        part["sha256"] = hashlib.sha256(parts["church.dump"]).hexdigest()
        parts["manifest.json"] = msgspec.json.encode(manifest)
        parts["manifest.sha256"] = hashlib.sha256(parts["manifest.json"]).hexdigest().encode()

    rewritten(archive, change)
    outcome = narthex("restore", str(archive), "--yes")
    assert outcome.code == 1
    assert "pg_restore failed" in outcome.err
    assert contents(lived_in) == before
    assert narthex("tenant", "show", "grace", "--json").lines()[0]["status"] == "active"


def test_all_churches_and_operators_come_back(narthex: Narthex, lived_in: Settings, tmp_path: Path) -> None:
    """A backup of all brings an emptied installation back."""
    query(
        lived_in,
        "insert into control.tenant_operators (email, name, password_hash) values ('ops@example.org', 'Olga', 'x')",
    )
    archive = back_up(narthex, "--all", "--to", str(tmp_path / "kept"))
    folder = str(Path(archive).parent)
    assert len(list(Path(folder).iterdir())) == 3
    for slug in ("grace", "hope"):
        narthex("tenant", "delete", slug, "--yes")
    query(lived_in, "delete from control.tenant_operators")
    assert narthex("restore", folder).code == 2
    outcome = narthex("restore", folder, "--yes")
    assert (outcome.code, unhurried(outcome.err)) == (0, "")
    assert [t["slug"] for t in narthex("tenant", "list", "--json").lines()] == ["grace", "hope"]
    assert query(lived_in, "select email from control.tenant_operators") == [("ops@example.org",)]


def test_a_bucket_keeps_archives_too(
    narthex: Narthex, lived_in: Settings, s3: S3Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where S3 is set it is the place, and the key that was told is what restore takes."""
    for name in ("url", "bucket", "access_key", "secret_key"):
        variable = "ENDPOINT" if name == "url" else name.upper()
        monkeypatch.setenv(f"NARTHEX_S3_{variable}", getattr(s3, name))
    archive = back_up(narthex, "grace", "--to", f"s3:t{uuid.uuid4().hex}")
    assert archive.startswith("s3:")
    query(lived_in, f"delete from {GRACE}.topic_events")
    assert narthex("restore", archive, "--yes").code == 0
    assert len(query(lived_in, f"select 1 from {GRACE}.topic_events")) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["backup"], "--all"),
        (["backup", "grace", "--all"], "--all"),
        (["backup", "nowhere"], "no church"),
        (["backup", "grace", "--to", "s3:somewhere"], "NARTHEX_S3_ENDPOINT"),
        (["restore", "/nowhere.narthex"], "There is no archive"),
        (["restore", "/nowhere"], "There is no archive in"),
        (["restore", "/nowhere.narthex", "--shard", "moon"], "There is no shard"),
        (["restore", "/nowhere.narthex", "--slug", "No Such"], "a to z"),
    ],
)
def test_what_cannot_be_done_is_said(narthex: Narthex, words: list[str], told: str) -> None:
    """One sentence each."""
    outcome = narthex(*words)
    assert outcome.code in (1, 2)
    assert told in outcome.err
    assert outcome.err.count("\n") == 1


def test_an_interrupted_restore_is_finished_by_the_next(narthex: Narthex, lived_in: Settings) -> None:
    """What a killed restore left, half a schema and the old one aside, is put right by running it again."""
    before = contents(lived_in)
    archive = back_up(narthex, "grace")
    query(lived_in, f"alter schema {GRACE} rename to {GRACE}_before")
    query(lived_in, f"create schema {GRACE}")
    query(lived_in, f"create table {GRACE}.half (id int)")
    query(lived_in, "update control.tenants set status = 'suspended' where slug = 'grace'")
    outcome = narthex("restore", archive, "--yes")
    assert (outcome.code, unhurried(outcome.err)) == (0, "")
    assert contents(lived_in)["events"] == before["events"]
    assert query(lived_in, "select nspname from pg_namespace where nspname like %s", "%before") == []
    assert "narthex tenant resume grace" in outcome.out
    assert narthex("tenant", "resume", "grace").code == 0
