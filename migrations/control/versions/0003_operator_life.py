"""Operators' tokens can be taken back, and nobody can lock an operator out of a place they signed in from before."""

from server.kit.migrations import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Count what ends an operator's tokens, and remember from which networks each has signed in."""
    run(
        """
        -- every token names it; a null, as in an older backup, is 0
        alter table tenant_operators add column generation bigint default 0;
        create table tenant_operator_places (
          operator_id uuid not null references tenant_operators on delete cascade,
          place bytea not null, -- a keyed hash of a network, never an address
          seen_at timestamptz not null default now(),
          primary key (operator_id, place)
        );
        grant select, insert, update, delete on tenant_operator_places to narthex_control;
        """
    )
