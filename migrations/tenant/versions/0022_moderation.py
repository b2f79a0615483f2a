"""One queue for those who decide, alarms for what cannot wait, phrases to be used again."""

from server.kit.migrations import run

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Make the tables of the slices moderation, phrases and alarms."""
    run(
        """
        create table moderation_cases (
          id uuid primary key default gen_random_uuid(), -- may be about somebody anonymous
          kind text not null check (kind in ('prayer', 'flag', 'reply', 'message', 'report', 'care')),
          subject uuid not null,
          round int not null default 1,
          team text not null check (team in ('chat', 'prayer', 'pastors', 'care')),
          state text not null check (state in ('open', 'decided', 'closed')), -- closed: decided elsewhere
          weight int not null default 0 check (weight in (0, 1, 2)), -- 1 urgent, 2 crisis
          subject_version bigint not null default 1, -- of the subject when it was last looked at
          version int not null default 1,
          claimed_by uuid,
          claimed_by_name text not null default '' check (char_length(claimed_by_name) <= 200),
          claimed_until timestamptz,
          assigned_to uuid,
          assigned_to_name text not null default '' check (char_length(assigned_to_name) <= 200),
          verdict text not null default '',
          decided_by uuid,
          decided_by_name text not null default '' check (char_length(decided_by_name) <= 200),
          decided_at timestamptz,
          opened_at timestamptz not null,
          unique (kind, subject, round)
        );
        create index moderation_cases_open on moderation_cases (team, weight desc, opened_at, id)
          where state = 'open';
        create index moderation_cases_decided on moderation_cases (decided_at) where decided_at is not null; -- trim
        create index moderation_cases_opened on moderation_cases (opened_at); -- figures of the week
        create table moderation_notes (
          id uuid primary key default uuidv7(),
          case_id uuid not null references moderation_cases on delete cascade,
          body text not null check (char_length(body) between 1 and 1000),
          author_id uuid,
          author_name text not null check (char_length(author_name) <= 200),
          at timestamptz not null
        );
        create index moderation_notes_case on moderation_notes (case_id, at); -- a case's notes
        create table phrases_phrases (
          id uuid primary key default uuidv7(),
          title text not null check (char_length(title) between 1 and 80),
          body text not null check (char_length(body) between 1 and 1000),
          scripture text not null default '' check (char_length(scripture) <= 100),
          language text not null check (language ~ '^[a-z]{2,3}$'),
          version int not null default 1,
          changed_at timestamptz not null
        );
        create table alarms_alarms (
          id uuid primary key default gen_random_uuid(),
          kind text not null check (kind in ('self_harm', 'abuse', 'unattended')),
          about text not null check (about in ('prayer', 'flag', 'reply', 'message', 'report', 'care', 'queue')),
          subject uuid, -- of the domain's row; null for the queue itself
          raised_at timestamptz not null,
          told uuid[] not null default '{}', -- whose screens it appears on
          seen_by uuid,
          seen_by_name text not null default '' check (char_length(seen_by_name) <= 200),
          seen_at timestamptz
        );
        create index alarms_alarms_open on alarms_alarms (raised_at) where seen_at is null; -- those that ring
        create index alarms_alarms_subject on alarms_alarms (subject, kind); -- did it ring already?
        """
    )
