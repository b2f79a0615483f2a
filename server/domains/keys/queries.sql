-- name: insert_api^
-- Add an API key.
insert into keys_api (name, secret_hash, hint, scopes, created_by, expires_at)
values (:name, :secret_hash, :hint, :scopes::text[], :created_by, :expires_at)
returning id, name, hint, scopes, created_by, created_at, expires_at, last_used_at, revoked_at, now() as read_at;

-- name: api_by_hash^
-- Read the API key with this hash.
select id, name, hint, scopes, created_by, created_at, expires_at, last_used_at, revoked_at, now() as read_at
from keys_api where secret_hash = :secret_hash;

-- name: api_by_id^
-- Read one API key.
select id, name, hint, scopes, created_by, created_at, expires_at, last_used_at, revoked_at, now() as read_at
from keys_api where id = :id;

-- name: api_page
-- Read API keys in the order they were made, after a given one.
select id, name, hint, scopes, created_by, created_at, expires_at, last_used_at, revoked_at, now() as read_at
from keys_api where id > :after order by id limit :most;

-- name: revoke_api!
-- Revoke an API key.
update keys_api set revoked_at = now() where id = :id and revoked_at is null;

-- name: api_of
-- Read the API keys of one maker that were not revoked.
select id from keys_api where created_by = :created_by and revoked_at is null order by id;

-- name: revoke_api_of
-- Revoke every API key of one maker; returns those that counted until now.
update keys_api set revoked_at = now() where created_by = :created_by and revoked_at is null returning id;

-- name: touch_api!
-- Write down that an API key is in use.
update keys_api set last_used_at = now()
where id = :id and (last_used_at is null or last_used_at < now() - interval '1 minute');

-- name: insert_host^
-- Add a public key of the church's website.
insert into keys_host (name, kid, issuer, algorithm, public_key, created_by)
values (:name, :kid, :issuer, :algorithm, :public_key, :created_by)
returning id, name, kid, issuer, algorithm, public_key, created_at, revoked_at;

-- name: host_by_kid^
-- Read the public key that is named by a kid and was not revoked.
select id, name, kid, issuer, algorithm, public_key, created_at, revoked_at
from keys_host where kid = :kid and revoked_at is null;

-- name: host_page
-- Read public keys in the order they were added, after a given one.
select id, name, kid, issuer, algorithm, public_key, created_at, revoked_at
from keys_host where id > :after order by id limit :most;

-- name: revoke_host!
-- Revoke a public key.
update keys_host set revoked_at = now() where id = :id and revoked_at is null;
