"""What relays and workers need beside the outbox: a fence, replay, ticks of schedules, mail on its way."""

from server.kit.migrations import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Fence deliveries, let dead letters come back under their own id, remember ticks and mail."""
    run(
        """
        create index outbox_parked on outbox (church, key, id)
          where retry_at is not null; -- the relay's page leaves out what stands behind a row that waits
        -- a dead letter comes back with its id, so that listeners that were done with it are not asked again
        grant insert (id, church, key, kind, data, at) on outbox to narthex_shard;

        -- Asked inside the listener's own transaction: is this row still there, is its partition still ours, and does
        -- no other relay hold it? The row stays locked until that transaction ends, so a relay that was stopped for
        -- longer than its lease can neither repeat nor overtake the one that took over.
        create function hold_signal(signal bigint, lease text, holder text) returns boolean
        language sql volatile security definer set search_path = shard, pg_temp
        as $$
          select true from outbox o
          where o.id = $1 and o.church = current_setting('role')
            and exists (
              select from leases l where l.name = $2 and l.holder = $3 and l.until > clock_timestamp()
            )
          for update of o skip locked
        $$;
        revoke execute on function hold_signal from public;
        grant execute on function hold_signal to narthex_church;

        create table ticks (
          schedule text not null,
          tick timestamptz not null,
          put_at timestamptz, -- null: the leader ended before the jobs were in the queue
          primary key (schedule, tick) -- two leaders never send one tick twice
        );
        grant select, insert, update, delete on ticks to narthex_shard;

        create table mails (
          id bigint generated always as identity primary key,
          church text not null default current_user,
          message_id text not null,
          state text not null default 'waiting'
            check (state in ('waiting', 'claimed', 'sent', 'failed', 'unknown')),
          data bytea, -- the letter; forgotten as soon as nobody will send it any more
          attempts smallint not null default 0,
          doubt boolean not null default false, -- a server may have taken it without our hearing so
          due_at timestamptz not null default now(),
          give_up_at timestamptz not null,
          claimed_at timestamptz,
          reason text,
          at timestamptz not null default now(),
          changed_at timestamptz not null default now(),
          unique (church, message_id)
        );
        create index mails_due on mails (give_up_at, id)
          where state = 'waiting'; -- what is to be sent now, the soonest useless first
        create index mails_claimed on mails (claimed_at) where state = 'claimed'; -- what a dead worker left behind
        create index mails_over on mails (changed_at)
          where state in ('sent', 'failed', 'unknown'); -- the trim after 30 days
        grant select, update, delete on mails to narthex_shard;
        grant insert (message_id, data, give_up_at) on mails to narthex_church;
        """
    )
