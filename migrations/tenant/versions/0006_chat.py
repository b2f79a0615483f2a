"""Rooms, their messages and reactions."""

from server.kit.migrations import run

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables of the slices rooms, reactions, messages and hosting."""
    run(_ROOMS)
    run(_REACTIONS)
    run(_MESSAGES)
    run(_HOSTING)


_ROOMS = """
create table rooms_settings (
  single boolean primary key default true check (single),
  host_label text not null default 'Host' check (char_length(host_label) between 1 and 30),
  keep_days int not null default 365 check (keep_days between 1 and 3650)
);
create table rooms_rooms (
  id uuid primary key default uuidv7(),
  kind text not null check (kind in ('gathering', 'hosts', 'invited', 'group', 'direct', 'care')),
  title text not null check (char_length(title) between 1 and 200),
  gathering_id uuid unique, -- of events; the room of a gathering is found by it
  opens_at timestamptz, -- null: always open
  closes_at timestamptz,
  slow_seconds int not null default 0 check (slow_seconds between 0 and 600),
  hold text not null default 'none' check (hold in ('none', 'first', 'guests', 'all')),
  locked boolean not null default false,
  archived_at timestamptz,
  created_at timestamptz not null,
  changed_at timestamptz not null
);
create index rooms_rooms_closes on rooms_rooms (closes_at) where archived_at is null; -- the list of what is open
create table rooms_members (
  room_id uuid not null references rooms_rooms on delete cascade,
  person_id uuid not null,
  role text not null default 'member' check (role in ('member', 'host')),
  joined_at timestamptz not null,
  primary key (room_id, person_id)
);
create index rooms_members_person on rooms_members (person_id); -- the rooms of one person
create table rooms_reads (
  person_id uuid not null,
  room_id uuid not null references rooms_rooms on delete cascade,
  number bigint not null check (number >= 0), -- the last message this person has seen
  at timestamptz not null,
  primary key (person_id, room_id)
);
create index rooms_reads_room on rooms_reads (room_id); -- deleting a room
"""

_REACTIONS = """
create table reactions_given (
  subject uuid not null,
  person_id uuid not null,
  emoji text not null check (char_length(emoji) between 1 and 16),
  at timestamptz not null,
  primary key (subject, person_id, emoji)
);
create index reactions_given_person on reactions_given (person_id); -- export and erase of one person
create table reactions_totals (
  subject uuid not null,
  emoji text not null,
  count int not null,
  primary key (subject, emoji)
);
"""

_MESSAGES = """
create table messages_messages (
  id uuid primary key, -- made by the client, so that a retry is safe
  room_id uuid not null,
  number bigint check (number > 0), -- place in the room's order; null until posted
  state text not null check (state in ('posted', 'held', 'shadow', 'declined', 'removed')),
  reason text not null default '', -- why it is held
  author_id uuid not null,
  author_kind text not null check (author_kind in ('person', 'guest', 'api_key', 'system')),
  author_name text not null check (char_length(author_name) <= 200),
  author_mark text not null default '', -- tells two of one name apart
  author_label text not null default '', -- the badge of a host
  body text not null check (char_length(body) <= 2000),
  reply_to uuid,
  mentions uuid[] not null default '{}',
  sketch int[] not null default '{}', -- of the words; near-duplicates agree in most of it
  created_at timestamptz not null,
  posted_at timestamptz,
  edited_at timestamptz,
  pinned_at timestamptz,
  removed_at timestamptz,
  removed_by text check (removed_by in ('author', 'host', 'erasure')),
  unique (room_id, number), -- also: history by page, the newest, unread
  check ((state in ('posted', 'removed')) = (number is not null))
);
create index messages_messages_author on messages_messages (author_id, created_at); -- flood, clear all, own
create index messages_messages_pinned on messages_messages (room_id, pinned_at) where pinned_at is not null; -- pins
create index messages_messages_waiting on messages_messages (created_at, id) where state in ('held', 'shadow'); -- queue
create index messages_messages_created on messages_messages (created_at); -- retention
create table messages_voices (
  person_id uuid primary key,
  kind text not null,
  name text not null check (char_length(name) <= 200),
  name_key text not null, -- the name as it looks: case, marks and spaces apart
  known boolean not null default false, -- a message of theirs was posted: the first-message hold is over
  at timestamptz not null
);
create index messages_voices_name on messages_voices (name_key); -- somebody else of this name
"""

_HOSTING = """
create table hosting_reports (
  message_id uuid not null references messages_messages on delete cascade,
  room_id uuid not null,
  reporter_id uuid not null,
  reason text not null check (reason in ('unkind', 'spam', 'unsafe', 'private', 'other')),
  note text not null default '' check (char_length(note) <= 500),
  at timestamptz not null,
  decided_at timestamptz,
  primary key (message_id, reporter_id)
);
create index hosting_reports_open on hosting_reports (at) where decided_at is null; -- the list for hosts
"""
