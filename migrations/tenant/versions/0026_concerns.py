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
        create index concerns_concerns_open on concerns_concerns (at) where settled_at is null; -- each has its case
        create table concerns_present (
          session_id uuid not null,
          person_id uuid not null, -- a volunteer who came, whoever went on
          name text not null check (char_length(name) <= 200),
          at timestamptz not null,
          primary key (session_id, person_id)
        );
        create index concerns_present_at on concerns_present (at); -- trim
        """
    )
    # what was reported out of a conversation so far stood on the pastors' queue as a report
    run(
        """
        insert into concerns_concerns (session_id, by_id, about, about_names, reason, note, at)
        select distinct on (s.id, r.reporter_id) s.id, r.reporter_id,
          array_remove(array_remove(array[s.asker_id, s.first_id, s.second_id], r.reporter_id), null), '{}',
          case r.reason when 'spam' then 'other' else r.reason end, r.note, r.at
        from hosting_reports r join care_sessions s on s.room_id = r.room_id
        where r.decided_at is null order by s.id, r.reporter_id, r.at desc
        """
    )
    run(
        "update moderation_cases set state = 'closed', version = version + 1"
        " where kind = 'report' and team = 'pastors' and state = 'open'"
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
