"""The audit history: a church's role may add to it and read it, nothing else."""

from server.kit.migrations import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the append-only table of audit entries."""
    run(
        """
        create table audit_entries (
          seq bigint primary key check (seq > 0),
          at timestamptz not null,
          actor_kind text not null
            check (actor_kind in ('anonymous', 'guest', 'person', 'api_key', 'operator', 'system')),
          actor_id uuid,
          actor_name text not null check (char_length(actor_name) <= 200),
          action text not null check (action ~ '^[a-z_]+[.][a-z_]+$'),
          subject text not null check (char_length(subject) <= 200),
          details json not null, -- json, not jsonb: the hash covers the text as it was written
          request_id text not null check (char_length(request_id) <= 200),
          address text check (char_length(address) <= 64),
          prev_hash bytea not null check (octet_length(prev_hash) = 32),
          hash bytea not null check (octet_length(hash) = 32)
        );
        create index audit_entries_actor on audit_entries (actor_id, seq); -- what one person did
        create index audit_entries_subject on audit_entries (subject, seq); -- what was done to one thing
        revoke update, delete, truncate on audit_entries from {church};
        """
    )
