"""Totals of reactions say which of two is the newer."""

from server.kit.migrations import run

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Give totals a version: it grows with each change, whoever counts."""
    run("alter table reactions_totals add column version bigint not null default 0")
