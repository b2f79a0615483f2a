"""The durable topic log, the relay's memory of what was processed, and idempotency keys."""

from server.kit.migrations import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make what the kit needs in every church."""
    run(
        """
        create table topics (
          id bigint generated always as identity primary key,
          name text not null unique,
          head bigint not null default 0,
          epoch int not null default 1
        );
        create table topic_events (
          topic_id bigint not null references topics,
          seq bigint not null,
          entity uuid not null,
          kind text not null,
          data bytea,
          at timestamptz not null default now(),
          primary key (topic_id, seq)
        );
        create index topic_events_entity on topic_events (topic_id, entity); -- blanking what was taken down
        create index topic_events_at on topic_events (at); -- retention's trim
        create table processed (
          signal bigint not null,
          listener text not null,
          at timestamptz not null default now(),
          primary key (signal, listener)
        );
        create index processed_at on processed (at); -- the trim of what no relay can still ask about
        create table idempotency_keys (
          actor text not null,
          key text not null,
          request_hash bytea not null,
          status smallint,
          headers jsonb,
          body bytea,
          at timestamptz not null default now(),
          primary key (actor, key)
        );
        create index idempotency_keys_at on idempotency_keys (at); -- the trim after 24 h
        """
    )
