-- name: insert^
-- Plan a shift.
insert into rota_shifts (person_id, duty, starts_at, ends_at, zone, weekly, until, languages, created_at)
values (:person_id, :duty, :starts_at, :ends_at, :zone, :weekly, :until, :languages, :now)
returning id, person_id, duty, starts_at, ends_at, zone, weekly, until, languages, created_at;

-- name: lock^
-- Read a shift that is to be changed.
select id, person_id, duty, starts_at, ends_at, zone, weekly, until, languages, created_at from rota_shifts
where id = :id for update;

-- name: update^
-- Write a shift's new state.
update rota_shifts set person_id = :person_id, duty = :duty, starts_at = :starts_at, ends_at = :ends_at, zone = :zone,
  weekly = :weekly, until = :until, languages = :languages
where id = :id
returning id, person_id, duty, starts_at, ends_at, zone, weekly, until, languages, created_at;

-- name: delete^
-- Take a shift off the plan; returns whose it was.
delete from rota_shifts where id = :id returning person_id;

-- name: between
-- Read the shifts that may happen in a span of time: a weekly one from its first day on, until the day after its last.
select id, person_id, duty, starts_at, ends_at, zone, weekly, until, languages, created_at from rota_shifts
where starts_at < :until and (
  ends_at > :since or (weekly and (until is null or until >= ((:since)::timestamptz at time zone 'utc')::date - 1))
)
order by starts_at, id limit :most;

-- name: count$
-- Count the shifts.
select count(*) from rota_shifts;

-- name: here
-- Read who is here now, those longest here first.
select person_id, name, languages, here_since, here_until from rota_presence
where here_until > :now order by here_since, person_id;

-- name: come$
-- Say that somebody is here; returns whether they were not before.
with before as (select from rota_presence where person_id = :person_id and here_until > :now)
insert into rota_presence (person_id, name, languages, here_since, here_until)
values (:person_id, :name, :languages, :now, :here_until)
on conflict (person_id) do update set name = excluded.name, languages = excluded.languages,
  here_since = case when rota_presence.here_until > :now then rota_presence.here_since else excluded.here_since end,
  here_until = excluded.here_until
returning not exists (select from before);

-- name: go^
-- Say that somebody is not here any more.
delete from rota_presence where person_id = :person_id returning person_id;

-- name: trim!
-- Forget who was here, and shifts that were over long ago.
with gone as (delete from rota_presence where here_until < :now)
delete from rota_shifts
where (not weekly and ends_at < :before) or (weekly and until < ((:before)::timestamptz at time zone 'utc')::date);

-- name: forget_shifts!
-- Forget the shifts of one person.
delete from rota_shifts where person_id = :person_id;
