-- name: insert_tenant!
-- Reserve a church's row while its schema is being made.
insert into tenants (id, slug, name, shard, region) values (:id, :slug, :name, :shard, :region);

-- name: insert_slug!
-- Remember a slug for ever, so that a pasted snippet keeps working.
insert into tenant_slugs (slug, tenant_id) values (:slug, :id);

-- name: by_id^
-- Read one church.
select id, slug, name, shard, region, status, limits, created_at, changed_at from tenants where id = :id;

-- name: by_slug^
-- Read the church that has or had this slug.
select t.id, t.slug, t.name, t.shard, t.region, t.status, t.limits, t.created_at, t.changed_at
from tenant_slugs s join tenants t on t.id = s.tenant_id where s.slug = :slug;

-- name: by_host^
-- Read the church whose own verified domain this is.
select t.id, t.slug, t.name, t.shard, t.region, t.status, t.limits, t.created_at, t.changed_at
from tenant_domains d join tenants t on t.id = d.tenant_id where d.host = :host and d.verified_at is not null;

-- name: page
-- Read churches in order of their slug, after a given one.
select id, slug, name, shard, region, status, limits, created_at, changed_at
from tenants where slug > :after order by slug limit :most;

-- name: ids
-- Read the ids of the churches of one shard that have or should have a schema.
select id from tenants where shard = :shard and status in ('active', 'suspended') order by id;

-- name: set_status^
-- Move a church to another status and return it.
update tenants set status = :status, changed_at = now() where id = :id
returning id, slug, name, shard, region, status, limits, created_at, changed_at;

-- name: delete_tenant!
-- Forget a church with its slugs and domains.
delete from tenants where id = :id;

-- name: insert_operator^
-- Add somebody who runs the installation.
insert into tenant_operators (email, name, password_hash) values (:email, :name, :password_hash)
returning id, email, name, password_hash, totp_sealed, disabled_at, totp_step,
  coalesce(generation, 0) as generation;

-- name: operator_by_email^
-- Read an operator for sign-in.
select id, email, name, password_hash, totp_sealed, disabled_at, totp_step,
  coalesce(generation, 0) as generation
from tenant_operators where email = :email;

-- name: operator_by_id^
-- Read an operator whose token is shown.
select id, email, name, password_hash, totp_sealed, disabled_at, totp_step,
  coalesce(generation, 0) as generation
from tenant_operators where id = :id;

-- name: use_operator_step!
-- Remember the step of an accepted code; of two at once one is accepted.
update tenant_operators set totp_step = :step where id = :id and totp_step < :step;

-- name: set_operator_totp!
-- Give an operator an authenticator, with the step of the code that confirmed it.
update tenant_operators set totp_sealed = :totp_sealed, totp_step = :step where id = :id;

-- name: operators
-- Read everybody who runs the installation.
select id, email, name, password_hash, totp_sealed, disabled_at, totp_step,
  coalesce(generation, 0) as generation
from tenant_operators order by email limit 1000;

-- name: disable_operator!
-- Let an operator in no more; their tokens end.
update tenant_operators set disabled_at = coalesce(disabled_at, now()), generation = coalesce(generation, 0) + 1
where id = :id;

-- name: enable_operator!
-- Let a disabled operator in again.
update tenant_operators set disabled_at = null where id = :id;

-- name: set_operator_password!
-- Give an operator another password; their tokens end.
update tenant_operators set password_hash = :password_hash, generation = coalesce(generation, 0) + 1 where id = :id;

-- name: drop_operator_totp!
-- Ask an operator for no codes any more; their tokens end.
update tenant_operators set totp_sealed = null, totp_step = 0, generation = coalesce(generation, 0) + 1 where id = :id;

-- name: end_operator_tokens!
-- End an operator's tokens.
update tenant_operators set generation = coalesce(generation, 0) + 1 where id = :id;

-- name: see_operator_at!
-- Remember from where an operator signed in.
insert into tenant_operator_places (operator_id, place) values (:id, :place)
on conflict (operator_id, place) do update set seen_at = now();

-- name: forget_operator_places!
-- Forget places where an operator was long ago.
delete from tenant_operator_places where operator_id = :id and seen_at < now() - interval '90 days';

-- name: operator_was_at$
-- Tell whether an operator signed in from this place in the last 90 days.
select exists (
  select from tenant_operator_places
  where operator_id = :id and place = :place and seen_at > now() - interval '90 days'
);

-- name: rename^
-- Give a church another name and short name.
update tenants set slug = :slug, name = :name, changed_at = now() where id = :id
returning id, slug, name, shard, region, status, limits, created_at, changed_at;

-- name: own_slug!
-- Remember a slug for ever; one that the church had before is its own already.
insert into tenant_slugs (slug, tenant_id) values (:slug, :id)
on conflict (slug) do update set since = tenant_slugs.since where tenant_slugs.tenant_id = :id;

-- name: set_limits^
-- Replace what overrides the installation's limits for a church.
update tenants set limits = :limits::text::jsonb, changed_at = now() where id = :id
returning id, slug, name, shard, region, status, limits, created_at, changed_at;

-- name: slugs
-- Read every slug that a church has or had.
select slug from tenant_slugs where tenant_id = :id order by slug;

-- name: hosts
-- Read a church's own verified domains.
select host from tenant_domains where tenant_id = :id and verified_at is not null order by host;

-- name: add_host!
-- Let a domain show a church; another church's is left alone.
insert into tenant_domains (host, tenant_id, verified_at) values (:host, :id, now())
on conflict (host) do update set verified_at = now() where tenant_domains.tenant_id = :id;

-- name: remove_host!
-- Let a domain show a church no more.
delete from tenant_domains where host = :host and tenant_id = :id;
