"""Words that people leave for the hosts while a room is not open."""

from server.kit.migrations import run

revision = "0015"
down_revision = "0016"


def upgrade() -> None:
    """Make the table of the slice notes."""
    run("""
create table notes_notes (
  id uuid primary key,
  room_id uuid not null references rooms_rooms (id) on delete cascade,
  room_title text not null, -- as it was called then
  author_id uuid not null,
  author_name text not null,
  body text not null check (char_length(body) between 1 and 500),
  need text not null, -- the kind of need its words speak of; empty for none
  at timestamptz not null,
  read_at timestamptz,
  read_by uuid
);
create index notes_notes_unread on notes_notes (at, id) where read_at is null; -- what hosts read
create index notes_notes_author on notes_notes (author_id, at); -- the pace of one person, forgetting them
create index notes_notes_at on notes_notes (at); -- what is too old
""")
