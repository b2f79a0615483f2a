"""The duty rota, one-to-one prayer, what is kept of its words, and what is to be done afterwards."""

from server.kit.migrations import run

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make the tables of the slices rota, care, transcripts and followups."""
    run(_ROTA)
    run(_CARE)
    run(_TRANSCRIPTS)
    run(_FOLLOWUPS)


_ROTA = """
create table rota_shifts (
  id uuid primary key default uuidv7(),
  person_id uuid not null,
  duty text not null check (duty in ('prayer', 'leader')), -- leader: is called in a crisis
  starts_at timestamptz not null,
  ends_at timestamptz not null check (ends_at > starts_at),
  zone text not null check (char_length(zone) between 1 and 64), -- IANA name; a weekly 9:00 stays 9:00 in it
  weekly boolean not null default false,
  until date, -- last day of a weekly one; null: no end
  languages text[] not null default '{}',
  created_at timestamptz not null
);
create index rota_shifts_start on rota_shifts (starts_at); -- who is on duty, the plan
create index rota_shifts_person on rota_shifts (person_id); -- one person's; erase
create table rota_presence (
  person_id uuid primary key, -- who said "I am here now", whatever the plan says
  name text not null check (char_length(name) <= 200),
  languages text[] not null default '{}',
  here_since timestamptz not null,
  here_until timestamptz not null -- goes on duty again and again; a closed laptop is no duty
);
create index rota_presence_until on rota_presence (here_until);
"""

_CARE = """
create table care_settings (
  single boolean primary key default true check (single),
  version int not null default 1,
  settings jsonb not null default '{}'
);
create table care_sessions (
  id uuid primary key default gen_random_uuid(),
  version int not null default 1,
  state text not null check (state in ('waiting', 'active', 'ended', 'left', 'handed_off')),
  asker_id uuid not null, -- a person or a guest
  asker_name text not null check (char_length(asker_name) <= 60),
  language text not null check (language ~ '^[a-z]{2,3}$'),
  topic text not null default '' check (char_length(topic) <= 500), -- what it is about, in the asker's words
  minor boolean not null default false, -- the asker said that they are under 18
  crisis text not null default '' check (crisis in ('', 'self_harm', 'abuse')),
  room_id uuid unique, -- of rooms, kind care; made when somebody accepts
  first_id uuid, -- who accepted
  first_name text not null default '' check (char_length(first_name) <= 200),
  second_id uuid, -- who joined
  second_name text not null default '' check (char_length(second_name) <= 200),
  words text not null check (words in ('erase', 'keep', 'seal')), -- what the church had decided at that time
  asked_at timestamptz not null,
  accepted_at timestamptz,
  ended_at timestamptz,
  words_gone_at timestamptz -- erased, or sealed and erased
);
create index care_sessions_waiting on care_sessions (asked_at, id) where state = 'waiting'; -- the queue
create unique index care_sessions_open on care_sessions (asker_id) where state in ('waiting', 'active'); -- one each
create index care_sessions_asked on care_sessions (asked_at, id); -- the list, the week's figures, retention
"""

_TRANSCRIPTS = """
create table transcripts_sealed (
  room_id uuid primary key, -- of rooms, kind care
  box bytea not null, -- the words, encrypted with a key that is not in the database
  at timestamptz not null
);
"""

_FOLLOWUPS = """
create table followups_tasks (
  id uuid primary key default uuidv7(),
  session_id uuid, -- of care, when it came from a conversation
  request_id uuid, -- of prayer, when it came from a request
  title text not null check (char_length(title) between 1 and 200),
  note text not null default '' check (char_length(note) <= 1000),
  assigned_to uuid,
  assigned_name text not null default '' check (char_length(assigned_name) <= 200),
  due_on date,
  version int not null default 1,
  created_at timestamptz not null,
  done_at timestamptz,
  done_by_name text not null default '' check (char_length(done_by_name) <= 200)
);
create index followups_tasks_open on followups_tasks (id) where done_at is null; -- the list
create index followups_tasks_mine on followups_tasks (assigned_to, id) where assigned_to is not null; -- one person's
"""
