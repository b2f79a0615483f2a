"""Prayer requests, who prayed, what is added below them, and the identity of those who want to be nobody."""

from server.kit.migrations import run

revision = "0020"
down_revision = "0010"


def upgrade() -> None:
    """Make the tables of the slices intercession, replies and prayer."""
    run(_INTERCESSION)
    run(_REPLIES)
    run(_PRAYER)


_INTERCESSION = """
create table intercession_prayed (
  subject uuid not null,
  mark bytea not null check (octet_length(mark) = 32), -- keyed hash over subject and person: joins nothing
  on_day date not null,
  primary key (subject, mark)
);
create table intercession_totals (
  subject uuid primary key,
  prayed int not null default 0 check (prayed >= 0),
  changed_at timestamptz not null
);
create index intercession_totals_least on intercession_totals (prayed); -- the session: least prayed first
create table intercession_followers (
  subject uuid not null,
  person_id uuid not null,
  at timestamptz not null,
  primary key (subject, person_id)
);
create index intercession_followers_person on intercession_followers (person_id); -- my list; erase of one person
"""

_REPLIES = """
create table replies_replies (
  id uuid primary key default gen_random_uuid(), -- may belong to somebody anonymous: a v7 id would be a time
  request_id uuid not null,
  kind text not null check (kind in ('update', 'testimony', 'encouragement')),
  state text not null check (state in ('held', 'posted', 'declined', 'removed')),
  version int not null default 1,
  body text not null check (char_length(body) <= 1000),
  reason text not null default '', -- why it is held
  crisis text not null default '',
  author_id uuid, -- null: the asker of an anonymous request
  author_name text not null default '' check (char_length(author_name) <= 60),
  created_at timestamptz not null,
  decided_at timestamptz,
  decided_by uuid,
  check ((state = 'posted' or state = 'held') or body = '')
);
create index replies_replies_request on replies_replies (request_id, created_at); -- what stands below a request
create index replies_replies_author on replies_replies (author_id) where author_id is not null; -- caps; erase
"""

_PRAYER = """
create table prayer_settings (
  single boolean primary key default true check (single),
  version int not null default 1,
  settings jsonb not null default '{}'
);
create table prayer_requests (
  id uuid primary key default gen_random_uuid(), -- never v7: a v7 id tells when an anonymous person wrote
  version int not null default 1, -- counts every change of words or state
  round int not null default 1, -- how often it went to the team
  state text not null
    check (state in ('held', 'pastor', 'approved', 'declined', 'answered', 'expired', 'archived', 'withdrawn')),
  visibility text not null check (visibility in ('wall', 'members', 'team', 'pastors')),
  for_whom text not null check (for_whom in ('self', 'other')),
  category text not null
    check (category in ('health', 'family', 'grief', 'work', 'faith', 'thanks', 'world', 'other')),
  urgent boolean not null default false,
  language text not null check (language ~ '^[a-z]{2,3}$'),
  anonymous boolean not null,
  asker_id uuid, -- a person or guest of this church; null for an anonymous one, whoever it was
  name text not null default '' check (char_length(name) <= 60),
  body text not null check (char_length(body) <= 5000), -- what was written; the team reads it
  public_body text not null default '' check (char_length(public_body) <= 5000), -- what the wall may show
  suggestions jsonb not null default '[]', -- names, numbers, addresses found in the public wording
  reason text not null default '', -- why it waits: rules that found something
  crisis text not null default '' check (crisis in ('', 'self_harm', 'abuse')),
  tell_prayed boolean not null default true,
  testimony text not null default '' check (char_length(testimony) <= 2000), -- shown once the team lets it stand
  sketch int[] not null default '{}',
  search text not null default '', -- folded words; never holds a name of an anonymous one
  created_at timestamptz not null,
  changed_at timestamptz not null,
  approved_at timestamptz,
  decided_at timestamptz,
  decided_by uuid,
  decided_by_name text not null default '' check (char_length(decided_by_name) <= 200),
  expires_at timestamptz,
  closed_at timestamptz, -- answered, expired, archived, declined or withdrawn
  check (not anonymous or (asker_id is null and name = ''))
);
create index prayer_requests_wall on prayer_requests (visibility, approved_at desc, id)
  where state in ('approved', 'answered');
create index prayer_requests_waiting on prayer_requests (created_at, id) where state in ('held', 'pastor'); -- the team
create index prayer_requests_expires on prayer_requests (expires_at) where state = 'approved'; -- expiry
create index prayer_requests_asker on prayer_requests (asker_id, created_at) where asker_id is not null; -- own; erase
create index prayer_requests_created on prayer_requests (created_at, id); -- the list; near-duplicates; retention
create index prayer_requests_words on prayer_requests using gin (to_tsvector('simple', search)); -- search by words
create index prayer_requests_parts on prayer_requests using gin (search gin_trgm_ops); -- … and by parts of words
create table prayer_sealed (
  request_id uuid primary key references prayer_requests on delete cascade,
  box bytea not null -- who asked, encrypted with a key that is not in the database
);
create table prayer_links (
  token_hash bytea primary key check (octet_length(token_hash) = 32), -- the asker's secret link
  request_id uuid not null references prayer_requests on delete cascade
);
create index prayer_links_request on prayer_links (request_id); -- deleting a request
create table prayer_flags (
  request_id uuid not null references prayer_requests on delete cascade,
  round int not null, -- flags of an earlier round were decided about
  mark bytea not null check (octet_length(mark) = 32), -- keyed hash over request and person
  team boolean not null,
  reason text not null check (reason in ('private', 'unkind', 'spam', 'unsafe', 'other')),
  note text not null default '' check (char_length(note) <= 500),
  at timestamptz not null,
  primary key (request_id, round, mark)
);
create index prayer_flags_open on prayer_flags (at); -- newest first for the team
"""
