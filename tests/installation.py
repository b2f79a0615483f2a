"""A migrated installation for each test: a fresh database cloned from a template, two churches in it, the wiring.

The two churches, `grace` and `hope`, stand in the template; a test that deletes a church makes its own first.
"""

from __future__ import annotations

import base64
import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from server.domains.tenants.models import Tenant
from server.embedded import Embedded
from server.kit import migrations
from server.kit.scope import Scope
from server.settings import Settings
from server.wiring import Wiring, build

OWNER_PASSWORD, APP_PASSWORD = uuid.uuid4().hex, uuid.uuid4().hex
CHURCHES = {"grace": "g" * 16, "hope": "h" * 16}


def url_of(postgres: Embedded, database: str, user: str, password: str) -> str:
    """Return the DSN of another login on the same server."""
    admin = postgres.postgres_url(database)
    return "postgresql://" + f"{user}:{password}@" + admin.split("@", 1)[1]


def migrate(postgres: Embedded, database: str) -> str:
    """Bootstrap and migrate a database that has no church yet; return the owner's DSN."""
    migrations.bootstrap(
        postgres.postgres_url(database), owner_password=OWNER_PASSWORD, app_password=APP_PASSWORD
    )
    owner = url_of(postgres, database, "narthex_owner", OWNER_PASSWORD)
    migrations.upgrade_fixed(owner, "control")
    migrations.upgrade_fixed(owner, "shard")
    return owner


@pytest.fixture(scope="session")
def template_database(postgres: Embedded) -> str:
    """Make the template once a worker: migrated, with two churches."""
    name = "narthex_template"
    with psycopg.connect(postgres.postgres_url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name}")
    owner = migrate(postgres, name)
    with psycopg.connect(owner, autocommit=True) as connection:
        for slug, tenant_id in CHURCHES.items():
            migrations.create_church(owner, tenant_id)
            connection.execute(
                "insert into control.tenants (id, slug, name, shard, status) values (%s, %s, %s, 'main', 'active')",
                (tenant_id, slug, f"{slug.title()} Church"),
            )
            connection.execute(
                "insert into control.tenant_slugs (slug, tenant_id) values (%s, %s)", (slug, tenant_id)
            )
    return name


@contextmanager
def cloned(postgres: Embedded, template_database: str, valkey_url: str, folder: Path) -> Iterator[Settings]:
    """Give settings of an installation of one's own, cloned from the template, and drop it at the end."""
    name = f"narthex_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres.postgres_url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {template_database}")
    # a clone has the template's schemas but not its rights on the database itself
    migrations.bootstrap(postgres.postgres_url(name), owner_password=None, app_password=None)
    yield Settings(
        database_url=url_of(postgres, name, "narthex_app", APP_PASSWORD),
        owner_url=url_of(postgres, name, "narthex_owner", OWNER_PASSWORD),
        admin_url=postgres.postgres_url(name),
        valkey_url=valkey_url,
        secret_key=base64.b64encode(os.urandom(32)).decode(),
        public_url="http://127.0.0.1:8000",
        internal_port=0,
        data_dir=folder,
        drain_seconds=0.2,
        log_format="json",
        pool_size=6,
    )
    with psycopg.connect(postgres.postgres_url("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def settings(
    postgres: Embedded, template_database: str, valkey_url: str, tmp_path: Path
) -> Iterator[Settings]:
    """Give settings of an installation of the test's own; `valkey_url` is the worker's Valkey, emptied."""
    with cloned(postgres, template_database, valkey_url, tmp_path) as settings:
        yield settings


@pytest.fixture
async def wiring(settings: Settings) -> AsyncIterator[Wiring]:
    """Give the started wiring of that installation."""
    wiring = build(settings)
    await wiring.start()
    try:
        yield wiring
    finally:
        await wiring.stop()


@pytest.fixture
async def church(wiring: Wiring) -> Tenant:
    """Give the church `grace`."""
    return await wiring.tenants.by_slug("grace")


@pytest.fixture
async def other_church(wiring: Wiring) -> Tenant:
    """Give the church `hope`."""
    return await wiring.tenants.by_slug("hope")


@pytest.fixture
def system(church: Tenant) -> Scope:
    """Give the scope of background work in `grace`."""
    return Scope.system(church.ref)


@pytest.fixture
def other_system(other_church: Tenant) -> Scope:
    """Give the scope of background work in `hope`."""
    return Scope.system(other_church.ref)
