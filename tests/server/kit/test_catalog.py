"""What a database says of itself, right and spoiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
import pytest

from server.kit import catalog, migrations
from server.kit.scope import schema_of
from server.settings import Settings

GRACE, HOPE = schema_of("g" * 16), schema_of("h" * 16)


@pytest.fixture
def admin(settings: Settings) -> Iterator[catalog.Connection]:
    """Give a superuser's connection to the test's own installation; what it spoils in roles is taken back."""
    with psycopg.connect(settings.admin_url, autocommit=True) as connection:
        yield connection


def test_an_installation_as_it_was_made_is_in_order(admin: catalog.Connection) -> None:
    """Nothing is readable, strange, rewritable, foreign or public, and the app may become only what it should."""
    looks: Sequence[Callable[[Any], Sequence[str]]] = (
        catalog.readable_by_app,
        catalog.strange_grants,
        catalog.rewritable_audits,
        catalog.not_ours,
        catalog.open_to_public,
    )
    assert [look(admin) for look in looks] == [[], [], [], [], []]
    assert catalog.roles(admin)["narthex_app"] == catalog.Role("narthex_app", True, ())
    assert catalog.roles(admin)["narthex_owner"].powers == ("createrole",)
    found = {m.role: m for m in catalog.memberships(admin)}
    assert {"narthex_control", "narthex_shard", GRACE, HOPE} <= set(found)
    assert all(m.may_set and not m.inherits for m in found.values())
    assert {"pg_trgm", "unaccent", "citext", "btree_gist"} <= set(catalog.extensions(admin))
    assert catalog.church_schemas(admin) == [GRACE, HOPE]
    assert catalog.waiting(admin) == catalog.Waiting(0, 0.0, 0, 0)


@pytest.mark.parametrize(
    ("spoil", "look", "told"),
    [
        (f"grant usage on schema {GRACE} to public", catalog.readable_by_app, GRACE),
        (f"grant select on {GRACE}.topics to narthex_app", catalog.readable_by_app, f"{GRACE}.topics"),
        (
            f"grant select on {GRACE}.topics to {HOPE}",
            catalog.strange_grants,
            f"SELECT on {GRACE}.topics for {HOPE}",
        ),
        (
            f"grant delete on {HOPE}.audit_entries to {HOPE}",
            catalog.rewritable_audits,
            f"{HOPE}.audit_entries",
        ),
        (f"alter table {HOPE}.topics owner to postgres", catalog.not_ours, f"{HOPE}.topics"),
    ],
)
def test_what_is_spoiled_is_named(
    admin: catalog.Connection, spoil: str, look: Callable[[Any], Sequence[str]], told: str
) -> None:
    """Each wrong right is found by the look that is for it."""
    admin.execute(spoil.encode())
    assert told in look(admin)


def test_two_churches_have_one_shape(admin: catalog.Connection) -> None:
    """The church's own name is no difference."""
    found = catalog.shapes(admin, [GRACE, HOPE])
    assert found[GRACE] == found[HOPE]


@pytest.mark.parametrize(
    "change",
    [
        "alter table {}.topics add column more text",
        "alter table {}.topics alter column head set default 1",
        "alter table {}.topics add constraint more check (head >= 0)",
        "create index more on {}.topics (head)",
        "revoke delete on {}.topics from {}",
        "create table {}.more (id int)",
        "alter default privileges for role narthex_owner in schema {} revoke delete on tables from {}",
    ],
)
def test_each_kind_of_difference_changes_the_shape(admin: catalog.Connection, change: str) -> None:
    """What a migration that failed half way could leave is seen."""
    admin.execute(change.format(HOPE, HOPE).encode())
    found = catalog.shapes(admin, [GRACE, HOPE])
    assert found[GRACE] != found[HOPE]


def test_a_church_from_head_is_one_from_the_history(admin: catalog.Connection, settings: Settings) -> None:
    """Same tables, columns, order, constraints, indexes and rights, whichever way it was made."""
    made = {"new": "n" * 16, "old": "r" * 16}
    migrations.create_church(settings.owner_url, made["new"])
    migrations.create_church(settings.owner_url, made["old"], from_history=True)
    try:
        found = catalog.shapes(admin, [schema_of(tenant_id) for tenant_id in made.values()])
        assert found[schema_of(made["new"])] == found[schema_of(made["old"])]
        assert len(found[schema_of(made["new"])]) > 50
    finally:
        for tenant_id in made.values():
            migrations.drop_church(settings.owner_url, tenant_id)
