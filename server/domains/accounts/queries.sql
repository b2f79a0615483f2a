-- name: insert^
-- Open an account.
insert into accounts_people (id, email, name, locale, roles, password_hash)
values (coalesce(:id::uuid, uuidv7()), :email, :name, :locale, :roles::text[], :password_hash)
returning id, email, name, locale, status, roles, password_hash is not null as has_password, created_at, changed_at;

-- name: by_id^
-- Read one account.
select id, email, name, locale, status, roles, password_hash is not null as has_password, created_at, changed_at
from accounts_people where id = :id;

-- name: by_email^
-- Read the account with this address.
select id, email, name, locale, status, roles, password_hash is not null as has_password, created_at, changed_at
from accounts_people where email = :email;

-- name: lock^
-- Read one account and keep others from changing it until COMMIT.
select id, email, name, locale, status, roles, password_hash is not null as has_password, created_at, changed_at
from accounts_people where id = :id for update;

-- name: standings
-- Read accounts and from when on their sessions count.
select id, email, name, locale, status, roles, password_hash is not null as has_password, created_at, changed_at,
  nullif(sessions_from, '-infinity') as sessions_from, kept_session
from accounts_people where id = any(:ids::uuid[]);

-- name: with_hash^
-- Read the account with this address and what its password is checked against.
select id, email, name, locale, status, roles, password_hash is not null as has_password, created_at, changed_at,
  password_hash
from accounts_people where email = :email;

-- name: hash_by_id^
-- Read what a password is checked against; nobody changes it before COMMIT.
select id, password_hash from accounts_people where id = :id for share;

-- name: page
-- Read accounts in the order they were opened, after a given one.
select id, email, name, locale, status, roles, password_hash is not null as has_password, created_at, changed_at
from accounts_people where id > :after order by id limit :most;

-- name: staff
-- Read the accounts that hold more than `member`, after a given one.
select id, email, name, locale, status, roles, password_hash is not null as has_password, created_at, changed_at
from accounts_people where id > :after and roles <> '{member}' order by id limit :most;

-- name: lock_owners
-- Read the active owners and keep them from being changed until COMMIT; one order, so that nobody deadlocks.
select id from accounts_people
where roles <> '{member}' and 'owner' = any(roles) and status = 'active' order by id for update;

-- name: set_roles^
-- Replace an account's roles.
update accounts_people set roles = :roles::text[], changed_at = now() where id = :id
returning id, email, name, locale, status, roles, password_hash is not null as has_password, created_at, changed_at;

-- name: set_status^
-- Suspend or resume an account.
update accounts_people set status = :status, changed_at = now() where id = :id
returning id, email, name, locale, status, roles, password_hash is not null as has_password, created_at, changed_at;

-- name: set_profile^
-- Change name and language.
update accounts_people set name = :name, locale = :locale, changed_at = now() where id = :id
returning id, email, name, locale, status, roles, password_hash is not null as has_password, created_at, changed_at;

-- name: set_email^
-- Change the address.
update accounts_people set email = :email, changed_at = now() where id = :id
returning id, email, name, locale, status, roles, password_hash is not null as has_password, created_at, changed_at;

-- name: set_password!
-- Change the password and end all sessions but one; the caller holds the row, so the time is after every sign-in
-- with the password before.
update accounts_people
set password_hash = :password_hash, sessions_from = clock_timestamp(), kept_session = :kept_session, changed_at = now()
where id = :id;

-- name: rehash!
-- Store the same password with today's parameters, unless it was changed meanwhile.
update accounts_people set password_hash = :password_hash where id = :id and password_hash = :before;

-- name: end_sessions!
-- End all sessions but one.
update accounts_people set sessions_from = clock_timestamp(), kept_session = :kept_session where id = :id;
