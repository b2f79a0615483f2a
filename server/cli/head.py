"""Make `migrations/tenant/head.sql` from the replay of the whole history, in a Postgres of its own."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from server.cli import pgtools
from server.cli.screen import note
from server.embedded import Embedded
from server.kit import migrations
from server.kit.scope import schema_of

SCHEMA = schema_of(migrations.TEMPLATE_CHURCH)
TITLE = """\
-- The schema of a new church. Made by `narthex migrate --write-head` from the history in versions/; do not edit.
-- The placeholder church's name is replaced when a church is made; a test holds this file against the replay.
"""
# pg_dump's remarks, the settings it makes, its guard against psql's commands, and what is made before this file runs.
_NOISE = re.compile(
    r"^--\n-- (?:Name|PostgreSQL)[^\n]*\n--\n"
    r"|^-- Dumped [^\n]*\n"
    r"|^SET [a-z_]+ = [^\n]*;\n"
    r"|^SELECT pg_catalog\.set_config\('search_path'[^\n]*\n"
    r"|^\\(?:un)?restrict [^\n]*\n"
    rf"|^CREATE SCHEMA {SCHEMA};\n"
    rf"|^GRANT USAGE ON SCHEMA {SCHEMA} TO {SCHEMA};\n",
    re.MULTILINE,
)


def write_head() -> bool:
    """Write the file; return whether it changed."""
    target = migrations.ROOT / "tenant" / "head.sql"
    with tempfile.TemporaryDirectory(prefix="narthex-head-") as folder:
        Path(folder).chmod(0o711)  # the account of the services passes through
        with Embedded(Path(folder) / "data", note, durable=False) as embedded:
            embedded.start({"postgres"})
            text = replayed(embedded.postgres_url("postgres"))
    if target.exists() and target.read_text() == text:
        return False
    target.write_text(text)
    return True


def replayed(admin_url: str) -> str:
    """Return what head.sql has to say, by replaying the history in a database that has no church yet."""
    migrations.bootstrap(admin_url, owner_password=None, app_password=None)
    # a superuser in the owner's role: no password of the server's roles is touched
    owner_url = f"{admin_url}{'&' if '?' in admin_url else '?'}options=-crole%3Dnarthex_owner"
    for history in ("control", "shard"):
        migrations.upgrade_fixed(owner_url, history)
    migrations.create_church(owner_url, migrations.TEMPLATE_CHURCH, from_history=True)
    try:
        return dumped(owner_url)
    finally:
        migrations.drop_church(owner_url, migrations.TEMPLATE_CHURCH)


def dumped(owner_url: str) -> str:
    """Return the template church's schema as statements for an owner who has made role and schema."""
    pg_dump = pgtools.find("pg_dump", pgtools.server_major(owner_url))
    words = ["--schema-only", f"--schema={SCHEMA}", "--no-owner"]
    text = _NOISE.sub("", pgtools.run(pg_dump, words, owner_url).decode())
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    head = migrations.script_directory("tenant").get_current_head()
    version = f"INSERT INTO {SCHEMA}.alembic_version (version_num) VALUES ('{head}');"  # noqa: S608 - our own file
    return f"{TITLE}\n{text}\n\n{version}\n"
