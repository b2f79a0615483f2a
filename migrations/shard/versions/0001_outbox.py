"""The outbox and its relay's leases, dead letters, and the wakes that heal a lost publish."""

from server.kit.migrations import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the shard schema's first tables."""
    run(
        """
        create table outbox (
          id bigint generated always as identity primary key,
          church text not null default current_user,
          partition int not null generated always as (mod(hashtext(church) & 2147483647, 64)) stored,
          key text not null,
          kind text not null,
          data bytea not null,
          at timestamptz not null default now(),
          attempts smallint not null default 0,
          retry_at timestamptz,
          error text
        );
        create index outbox_partition on outbox (partition, id); -- the relay's page of one partition
        create table dead_letters (
          id bigint primary key,
          church text not null,
          key text not null,
          kind text not null,
          data bytea not null,
          at timestamptz not null,
          attempts smallint not null,
          error text not null,
          died_at timestamptz not null default now()
        );
        create table leases (
          name text primary key,
          holder text not null,
          until timestamptz not null
        );
        -- unlogged: after a crash of Postgres every node compares heads anyway
        create unlogged table wakes (
          id bigint generated always as identity,
          church text not null default current_user,
          topic text not null,
          seq bigint not null,
          epoch int not null,
          at timestamptz not null default clock_timestamp()
        );
        create index wakes_at on wakes (at); -- the healing read of the last 30 s, and the trim after 60 s
        grant usage on schema shard to narthex_shard;
        grant select, update, delete on outbox to narthex_shard;
        grant insert (church, key, kind, data) on outbox to narthex_shard; -- replay of a dead letter
        grant select, insert, update, delete on dead_letters, leases to narthex_shard;
        grant select, delete on wakes to narthex_shard;
        grant usage on schema shard to narthex_church;
        grant insert (key, kind, data) on outbox to narthex_church; -- the default signs with the role
        grant insert (topic, seq, epoch) on wakes to narthex_church;
        """
    )
