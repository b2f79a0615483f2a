"""People's accounts, links sent by mail, second factors, keys of programs, guests and sessions."""

from server.kit.migrations import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables of the slices accounts, guests, links, factors, keys, sessions and auth."""
    run(_ACCOUNTS)
    run(_GUESTS)
    run(_LINKS)
    run(_FACTORS)
    run(_KEYS)
    run(_SESSIONS)
    run(_AUTH)


_ACCOUNTS = """
create table accounts_people (
  id uuid primary key default uuidv7(),
  email text unique check (char_length(email) between 3 and 254), -- in the one form that accounts give it
  name text not null check (char_length(name) between 1 and 100),
  locale text not null default 'en' check (char_length(locale) between 2 and 35),
  status text not null default 'active' check (status in ('active', 'suspended')),
  roles text[] not null default '{member}'
    check (roles <@ array['owner', 'admin', 'pastor', 'moderator', 'prayer_team', 'member']),
  password_hash text,
  sessions_from timestamptz not null default '-infinity', -- sessions begun before are over …
  kept_session uuid, -- … except this one: a changed password does not throw out who changed it
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now()
);
create index accounts_people_staff on accounts_people (id) where roles <> '{member}'; -- staff list, owners left
"""

_LINKS = """
create table links_sent (
  id uuid primary key default uuidv7(),
  kind text not null check (kind in ('register', 'reset', 'email', 'invite')),
  token_hash bytea not null unique check (octet_length(token_hash) = 32),
  email text not null check (char_length(email) between 3 and 254),
  person_id uuid references accounts_people on delete cascade,
  name text not null default '',
  locale text not null default 'en',
  roles text[] not null default '{}'
    check (roles <@ array['owner', 'admin', 'pastor', 'moderator', 'prayer_team', 'member']),
  invited_by uuid references accounts_people on delete cascade,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index links_sent_email on links_sent (email, kind); -- a newer link ends the older ones
create index links_sent_person on links_sent (person_id); -- a reset ends the person's other links
create index links_sent_expires on links_sent (expires_at); -- the trim of what is over
"""

_FACTORS = """
create table factors_totp (
  person_id uuid primary key references accounts_people on delete cascade,
  secret_sealed bytea not null,
  confirmed_at timestamptz, -- null: enrolment was begun, the factor is not asked for yet
  last_step bigint not null default 0, -- the time step of the last accepted code: none is accepted twice
  created_at timestamptz not null default now()
);
create table factors_recovery (
  person_id uuid not null references accounts_people on delete cascade,
  code_hash bytea not null check (octet_length(code_hash) = 32),
  used_at timestamptz,
  primary key (person_id, code_hash)
);
"""

_KEYS = """
create table keys_api (
  id uuid primary key default uuidv7(),
  name text not null check (char_length(name) between 1 and 100),
  secret_hash bytea not null unique check (octet_length(secret_hash) = 32),
  hint text not null check (char_length(hint) <= 8), -- the last characters, so that people tell keys apart
  scopes text[] not null,
  created_by uuid references accounts_people on delete set null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create table keys_host (
  id uuid primary key default uuidv7(),
  name text not null check (char_length(name) between 1 and 100),
  kid text not null unique check (char_length(kid) between 1 and 100),
  issuer text not null check (char_length(issuer) between 1 and 200), -- whose people: outlives a change of keys
  algorithm text not null check (algorithm in ('EdDSA', 'ES256')),
  public_key text not null, -- JWK, RFC 7517; the public half only
  created_by uuid references accounts_people on delete set null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
"""

_GUESTS = """
create table guests (
  id uuid primary key default gen_random_uuid(), -- random: a guest's id must not tell when they came
  nickname text not null check (char_length(nickname) between 1 and 40),
  consent text not null check (char_length(consent) between 1 and 40), -- version of the text agreed to
  site text not null check (char_length(site) <= 253),
  locale text not null default 'en',
  created_at timestamptz not null default now(),
  person_id uuid references accounts_people on delete set null -- who the guest turned out to be
);
"""

_SESSIONS = """
create table sessions (
  id uuid primary key default gen_random_uuid(),
  kind text not null check (kind in ('app', 'console', 'widget')),
  guest_id uuid references guests on delete cascade,
  person_id uuid references accounts_people on delete cascade,
  seed bytea not null check (octet_length(seed) = 32), -- tokens are MACs over it: neither it nor our key is enough
  generation int not null default 0, -- of the refresh token; an older one shown again ends the family
  rotated_at timestamptz not null,
  device text not null default '' check (char_length(device) <= 200),
  place bytea, -- keyed hash of the network a person signed in from: a known one is never locked out
  site text not null default '' check (char_length(site) <= 253),
  strong boolean not null default false,
  created_at timestamptz not null,
  used_at timestamptz not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_why text check (ended_why in ('signed_out', 'everywhere', 'reuse', 'revoked', 'site')),
  check (num_nonnulls(guest_id, person_id) >= 1)
);
create index sessions_person on sessions (person_id, used_at); -- a person's list, and known places
create index sessions_guest on sessions (guest_id); -- a ban, an erasure
create index sessions_site on sessions (site) where site <> '' and ended_at is null; -- a site taken off
create index sessions_expires on sessions (expires_at); -- the trim of what is over
"""

_AUTH = """
create table auth_identities (
  issuer text not null, -- of the host key that vouched (keys_host)
  subject text not null check (char_length(subject) between 1 and 255),
  person_id uuid not null references accounts_people on delete cascade,
  created_at timestamptz not null default now(),
  primary key (issuer, subject)
);
create index auth_identities_person on auth_identities (person_id); -- export and erase of one person
create table auth_exchanged (
  token_hash bytea primary key check (octet_length(token_hash) = 32), -- a host's identity token works once
  expires_at timestamptz not null
);
create index auth_exchanged_expires on auth_exchanged (expires_at); -- the trim of what is over
"""
