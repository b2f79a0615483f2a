"""`narthex doctor`, on an installation in order and on spoiled ones."""

from __future__ import annotations

import psycopg
import pytest

from server.embedded import S3Endpoint
from server.kit.scope import schema_of
from server.settings import Settings
from tests.server.cli.conftest import Narthex, Outcome
from tests.services import Mailbox

GRACE, HOPE = schema_of("g" * 16), schema_of("h" * 16)


def wrong(outcome: Outcome) -> list[str]:
    """Return what is wrong, as one text a finding."""
    return [f"{f['part']}: {f['says']} {f['do']}" for f in outcome.lines() if f["state"] == "wrong"]


def test_an_installation_in_order_is_well(
    narthex: Narthex, mail: Mailbox, s3: S3Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is wrong, exit code 0, and each part was asked."""
    monkeypatch.setenv("NARTHEX_SMTP_URL", f"smtp://{mail.host}:{mail.port}")
    monkeypatch.setenv("NARTHEX_S3_ENDPOINT", s3.url)
    monkeypatch.setenv("NARTHEX_S3_BUCKET", s3.bucket)
    monkeypatch.setenv("NARTHEX_S3_ACCESS_KEY", s3.access_key)
    monkeypatch.setenv("NARTHEX_S3_SECRET_KEY", s3.secret_key)
    outcome = narthex("doctor", "--json")
    assert wrong(outcome) == []
    assert outcome.code == 0
    well = {f["part"] for f in outcome.lines() if f["state"] == "ok"}
    assert {
        "secret key",
        "public address",
        "disk",
        "control database",
        "migrations of control",
        "migrations of shard main",
        "churches of main",
        "valkey",
        "file store",
        "mail",
    } <= well
    people = narthex("doctor")
    assert people.code == 0
    assert people.out.endswith("All is well.\n")


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (f"grant usage on schema {GRACE} to narthex_app", "can use churches' data"),
        (f"grant select on {GRACE}.topics to {HOPE}", "rights inside churches"),
        (
            f"alter table {HOPE}.topics add column more text",
            "hope is not like the others: it has column topics",
        ),
        (f"update {HOPE}.alembic_version set version_num = '0001'", "1 are not migrated: hope"),
        (f"alter schema {HOPE} rename to elsewhere", "Listed, but without data: hope"),
        (f"create schema {HOPE}_before", "A restore was interrupted: hope"),
        (f"create schema {HOPE}_replaced", f"Left over from a restore that went well: {HOPE}_replaced"),
        ("update control.alembic_version set version_num = '9999'", "which this program does not know"),
        (
            "update control.tenants set status = 'creating', changed_at = now() - interval '1 hour'"
            " where slug = 'hope'",
            "hope has been creating since",
        ),
        (
            "insert into shard.outbox (church, key, kind, data, at)"
            " values ('x', 'k', 's', '', now() - interval '1 hour')",
            "1 announcements wait, the oldest for 36",
        ),
        (
            "insert into shard.dead_letters (id, church, key, kind, data, at, attempts, error)"
            " values (1, 'x', 'k', 's', '', now(), 5, 'no')",
            "1 announcements failed too often",
        ),
    ],
)
def test_what_is_spoiled_is_named_with_what_to_do(
    narthex: Narthex, settings: Settings, statement: str, told: str
) -> None:
    """One finding that says it, and exit code 1."""
    with psycopg.connect(settings.admin_url) as connection:
        connection.execute(statement.encode())
    outcome = narthex("doctor", "--json")
    assert outcome.code == 1
    assert [finding for finding in wrong(outcome) if told in finding], wrong(outcome)


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("DATABASE_URL", "postgresql://narthex_app:geheim@127.0.0.1:1/narthex", "Cannot connect"),
        ("OWNER_URL", "postgresql://narthex_owner:geheim@127.0.0.1:1/narthex", "Cannot connect"),
        ("DATABASE_URL", "nonsense", "URL cannot be read"),
        ("VALKEY_URL", "redis://:geheim@127.0.0.1:1/0", "does not answer"),
        ("VALKEY_URL", "nonsense", "cannot be read"),
        ("SMTP_URL", "smtp://me:geheim@127.0.0.1:1", "does not serve us"),
        ("SMTP_URL", "mail.example", "begins with smtp://"),
        ("S3_ENDPOINT", "http://127.0.0.1:1", "does not answer"),
        ("SECRET_KEY", "geheim", "32 random bytes"),
        ("PUBLIC_URL", "http://church.example", "plain http"),
        ("PORT", "eighty", "NARTHEX_PORT"),
    ],
)
def test_a_part_that_is_away_or_set_wrongly_is_named(
    narthex: Narthex, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    """One finding says it, the other parts are looked at all the same, and no secret is shown."""
    monkeypatch.setenv(f"NARTHEX_{variable}", value)
    outcome = narthex("doctor", "--json")
    assert outcome.code == 1
    assert [finding for finding in wrong(outcome) if told in finding], wrong(outcome)
    assert "geheim" not in outcome.out + outcome.err
    assert len(outcome.lines()) > 3 or variable == "PORT"


def test_without_the_owners_login_the_rest_is_looked_at(
    narthex: Narthex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not looked at is said."""
    monkeypatch.delenv("NARTHEX_OWNER_URL")
    outcome = narthex("doctor", "--json")
    assert outcome.code == 0
    assert any("were not looked at" in str(finding["says"]) for finding in outcome.lines())


def test_settings_are_listed_without_secrets(narthex: Narthex, settings: Settings) -> None:
    """Every variable is there, and what is secret is masked."""
    (values,) = narthex("doctor", "--settings", "--json").lines()
    assert values["NARTHEX_POOL_SIZE"] == "6"
    assert values["NARTHEX_DATABASE_URL"] == "•••"
    assert settings.secret_key not in narthex("doctor", "--settings").out
