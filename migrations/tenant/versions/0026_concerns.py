"""What was not right in one-to-one prayer is told to the pastors, and outlives the words; alarms about notes."""

from server.kit.migrations import run

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Make the table of the slice concerns; let queue and alarms know what is new."""
    run(
        """
        create table concerns_concerns (
          id uuid primary key default gen_random_uuid(), -- tells nothing of when
          session_id uuid not null,
          by_id uuid, -- null: they were forgotten
          by_name text not null default '' check (char_length(by_name) <= 200),
          about uuid[] not null, -- who else was there
          about_names text[] not null,
          reason text not null check (reason in ('unsafe', 'unkind', 'private', 'other')),
          note text not null default '' check (char_length(note) <= 2000),
          round int not null default 1, -- grows when it is told again after it was seen to
          version int not null default 1, -- of what is told
          at timestamptz not null,
          settled_at timestamptz,
          unique (session_id, by_id)
        );
        create index concerns_concerns_settled on concerns_concerns (settled_at) where settled_at is not null; -- trim
        """
    )
    run("alter table moderation_cases drop constraint moderation_cases_kind_check")
    run(
        "alter table moderation_cases add constraint moderation_cases_kind_check check"
        " (kind in ('prayer', 'flag', 'reply', 'message', 'report', 'care', 'concern'))"
    )
    run("alter table alarms_alarms drop constraint alarms_alarms_about_check")
    run(
        "alter table alarms_alarms add constraint alarms_alarms_about_check check"
        " (about in ('prayer', 'flag', 'reply', 'message', 'report', 'note', 'care', 'queue'))"
    )
