"""Gatherings: the least of a calendar that chat needs."""

from server.kit.migrations import run

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table of gatherings."""
    run(
        """
        create table events_gatherings (
          id uuid primary key default uuidv7(),
          title text not null check (char_length(title) between 1 and 200),
          starts_at timestamptz not null,
          ends_at timestamptz not null check (ends_at > starts_at),
          zone text not null check (char_length(zone) between 1 and 64), -- IANA name; times are shown in it
          video_url text not null default '' check (char_length(video_url) <= 500),
          opens_before int not null default 30 check (opens_before between 0 and 1440), -- minutes
          closes_after int not null default 30 check (closes_after between 0 and 1440), -- minutes
          cancelled_at timestamptz,
          created_at timestamptz not null,
          changed_at timestamptz not null
        );
        create index events_gatherings_start on events_gatherings (starts_at, id); -- the list by time, the next one
        create index events_gatherings_end on events_gatherings (ends_at) where cancelled_at is null; -- current one
        """
    )
