"""How far each church's history was seen to hold, kept where the church itself cannot write."""

from server.kit.migrations import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Keep the head of each chain, so that a tail that is cut off is noticed."""
    run(
        """
        create table audit_heads (
          church text primary key,
          seq bigint not null,
          hash bytea not null,
          at timestamptz not null default now()
        );
        grant select, insert, update, delete on audit_heads to narthex_shard;
        """
    )
