-- name: share!
-- Keep the church's rules and restraints as they are until COMMIT; those who want to change them get their turn.
select pg_advisory_xact_lock_shared(7209469, hashtext(current_schema()));

-- name: close!
-- Wait until nobody judges by the old state; those who come later wait for the COMMIT. A row lock could wait for ever.
select pg_advisory_xact_lock(7209469, hashtext(current_schema()));

-- name: read_church^
-- Read lockdown and rules.
select version, locked_at, locked_by, rules::text as rules from safety_church;

-- name: make_church!
-- Put the one row of a new church in place.
insert into safety_church default values on conflict do nothing;

-- name: move_church!
-- Count the change.
update safety_church set version = version + 1;

-- name: set_rules!
-- Replace the rules.
update safety_church set version = version + 1, rules = (:rules::text)::jsonb;

-- name: set_lock^
-- Close or open the church's rooms for all but hosts.
update safety_church set version = version + 1, locked_at = :at, locked_by = :by
returning locked_at, locked_by;

-- name: state
-- Read lockdown and rules (they travel only when they are new to the caller), what restrains each of these people, and
-- which of their traces are new: one row for each person who is restrained or new, and at least one.
with shown as (
  select s.person, s.value, s.kind from unnest(:owners::uuid[], :values::bytea[], :kinds::text[]) as s (person, value, kind)
), banned as (
  select s.person, bool_or(b.expires_at is null) as for_good, max(b.expires_at) as until
  from shown s join safety_marks m on m.value = s.value join safety_bans b on b.id = m.ban_id
  where b.lifted_at is null and (b.expires_at is null or b.expires_at > :now)
  group by s.person
), fresh as (
  select s.person, array_agg(s.value) as values
  from shown s
  where s.kind <> 'account' and not exists (
    select 1 from safety_traces t where t.person_id = s.person and t.kind = s.kind and t.value = s.value
      and t.seen_at > :now::timestamptz - interval '1 day'
  )
  group by s.person
), found as (
  select p.person, b.person is not null as banned, case when b.for_good then null else b.until end as banned_until,
    t.until as timeout_until, h.person_id is not null as shadow, f.values as fresh
  from unnest(:people::uuid[]) as p (person)
  left join banned b on b.person = p.person
  left join fresh f on f.person = p.person
  left join safety_restraints t on t.person_id = p.person and t.kind = 'timeout' and t.until > :now
  left join safety_restraints h on h.person_id = p.person and h.kind = 'shadow' and h.until > :now
  where b.person is not null or f.person is not null or t.person_id is not null or h.person_id is not null
)
select c.version, c.locked_at is not null as locked, case when c.version = :known then null else c.rules::text end as rules,
  f.person, f.banned, f.banned_until, f.timeout_until, f.shadow, f.fresh
from (values (1)) as one (row) left join safety_church c on true left join found f on true;

-- name: trace!
-- Remember what people were recognised by, so that a ban can cover it.
insert into safety_traces (person_id, kind, value, seen_at)
select x.person, x.kind, x.value, :now from unnest(:people::uuid[], :kinds::text[], :values::bytea[]) as x (person, kind, value)
on conflict (person_id, kind, value) do update set seen_at = excluded.seen_at;

-- name: traces_of
-- Read what a person was recognised by lately.
select kind, value from safety_traces where person_id = :person_id order by seen_at desc limit 20;

-- name: people_of
-- Read who else was recognised by the same.
select distinct person_id from safety_traces where value = any(:values::bytea[]) and person_id <> :person_id limit 200;

-- name: in_force
-- Read every mark that keeps somebody out now, for the door's memory.
select m.value, b.expires_at from safety_marks m join safety_bans b on b.id = m.ban_id
where b.lifted_at is null and (b.expires_at is null or b.expires_at > :now)
order by b.made_at desc limit :most;

-- name: insert_ban^
-- Write the decision to keep somebody out.
insert into safety_bans (person_id, person_name, reason, made_by, made_by_name, made_at, expires_at)
values (:person_id, :person_name, :reason, :made_by, :made_by_name, :now, :expires_at) returning id;

-- name: insert_marks!
-- Write what a ban recognises by.
insert into safety_marks (ban_id, kind, value)
select :ban_id, x.kind, x.value from unnest(:kinds::text[], :values::bytea[]) as x (kind, value)
on conflict do nothing;

-- name: ban^
-- Read one ban.
select b.id, b.person_id, b.person_name, b.reason, b.made_by_name, b.made_at, b.expires_at, b.lifted_at, b.lifted_by_name,
  (select coalesce(array_agg(distinct m.kind), '{}') from safety_marks m where m.ban_id = b.id) as kinds
from safety_bans b where b.id = :id;

-- name: lock_ban^
-- Read one ban that is about to be lifted.
select id, person_id, lifted_at from safety_bans where id = :id for update;

-- name: bans
-- Read bans, newest first, those in force only when asked.
select b.id, b.person_id, b.person_name, b.reason, b.made_by_name, b.made_at, b.expires_at, b.lifted_at, b.lifted_by_name,
  (select coalesce(array_agg(distinct m.kind), '{}') from safety_marks m where m.ban_id = b.id) as kinds
from safety_bans b
where b.id < :before and (not :active or (b.lifted_at is null and (b.expires_at is null or b.expires_at > :now)))
order by b.id desc limit :most;

-- name: lift!
-- End a ban.
update safety_bans set lifted_at = :now, lifted_by_name = :by where id = :id;

-- name: restrain!
-- Begin a timeout or shadow hold, or give a running one another end.
insert into safety_restraints (person_id, kind, person_name, until, made_by_name, made_at)
values (:person_id, :kind, :person_name, :until, :by, :now)
on conflict (person_id, kind) do update
  set until = excluded.until, made_by_name = excluded.made_by_name, made_at = excluded.made_at;

-- name: release!
-- End a timeout or shadow hold.
delete from safety_restraints where person_id = :person_id and kind = :kind;

-- name: restraints
-- Read the timeouts and shadow holds in force.
select person_id, kind, person_name, until, made_by_name, made_at from safety_restraints
where until > :now order by until, person_id, kind limit :most;

-- name: restraints_of
-- Read what restrains one person.
select person_id, kind, person_name, until, made_by_name, made_at from safety_restraints
where person_id = :person_id and until > :now order by kind;

-- name: trim_traces!
-- Forget what people were recognised by long ago.
delete from safety_traces where seen_at < :before;

-- name: trim_restraints!
-- Forget restraints that are over.
delete from safety_restraints where until < :before;

-- name: forget_traces!
-- Forget what one person was recognised by.
delete from safety_traces where person_id = :person_id;

-- name: forget_restraints!
-- Forget the timeout and shadow hold of one person.
delete from safety_restraints where person_id = :person_id;

-- name: bans_of
-- Read the bans of one person that are in force.
select id from safety_bans
where person_id = :person_id and lifted_at is null and (expires_at is null or expires_at > :now) order by id;

-- name: mark_account!
-- Let bans recognise one more account.
insert into safety_marks (ban_id, kind, value)
select b.id, 'account', :value from unnest(:bans::uuid[]) as b (id) on conflict do nothing;
