"""What must be asked before a message is taken: bans, timeouts, rules, lockdown; and who blocked whom."""

from server.kit.migrations import run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables of the slices safety and blocks."""
    run(
        """
        -- one row; its version counts every change that decides over words, so that rules are compiled once a version
        create table safety_church (
          single boolean primary key default true check (single),
          version bigint not null default 1,
          rules jsonb not null default '{}',
          locked_at timestamptz,
          locked_by text check (char_length(locked_by) <= 200)
        );
        create table safety_bans (
          id uuid primary key default uuidv7(),
          person_id uuid not null,
          person_name text not null check (char_length(person_name) <= 200),
          reason text not null default '' check (char_length(reason) <= 500),
          made_by uuid,
          made_by_name text not null check (char_length(made_by_name) <= 200),
          made_at timestamptz not null,
          expires_at timestamptz,
          lifted_at timestamptz,
          lifted_by_name text check (char_length(lifted_by_name) <= 200)
        );
        create index safety_bans_person on safety_bans (person_id); -- is this person banned already?
        create table safety_marks (
          value bytea not null, -- a keyed hash: the table tells nobody's device or address
          ban_id uuid not null references safety_bans on delete cascade,
          kind text not null check (kind in ('account', 'device', 'address')),
          primary key (value, ban_id)
        );
        create index safety_marks_ban on safety_marks (ban_id); -- what one ban covers
        create table safety_restraints (
          person_id uuid not null,
          kind text not null check (kind in ('timeout', 'shadow')),
          person_name text not null check (char_length(person_name) <= 200),
          until timestamptz not null,
          made_by_name text not null check (char_length(made_by_name) <= 200),
          made_at timestamptz not null,
          primary key (person_id, kind)
        );
        create index safety_restraints_until on safety_restraints (until); -- the list of those in force, the trim
        create table safety_traces (
          person_id uuid not null,
          kind text not null check (kind in ('device', 'address')),
          value bytea not null,
          seen_at timestamptz not null,
          primary key (person_id, kind, value)
        );
        create index safety_traces_seen on safety_traces (seen_at); -- the trim after 30 days
        create table blocks_people (
          blocker_id uuid not null,
          blocked_id uuid not null,
          at timestamptz not null,
          primary key (blocker_id, blocked_id)
        );
        create index blocks_people_blocked on blocks_people (blocked_id); -- who must not hear of this person
        """
    )
