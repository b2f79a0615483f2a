-- name: insert^
-- Begin a session.
insert into sessions
  (kind, guest_id, person_id, seed, device, place, site, strong, rotated_at, created_at, used_at, expires_at)
values (:kind, :guest_id, :person_id, :seed, :device, :place, :site, :strong, now(), now(), now(), now() + :life)
returning id, kind, guest_id, person_id, seed, generation, rotated_at, device, site, strong, created_at, used_at,
  expires_at, ended_at, clock_timestamp() as read_at;

-- name: by_ids
-- Read sessions.
select id, kind, guest_id, person_id, seed, generation, rotated_at, device, site, strong, created_at, used_at,
  expires_at, ended_at, clock_timestamp() as read_at
from sessions where id = any(:ids::uuid[]);

-- name: lock^
-- Read a session and let nobody else rotate or end it until COMMIT.
select id, kind, guest_id, person_id, seed, generation, rotated_at, device, site, strong, created_at, used_at,
  expires_at, ended_at, clock_timestamp() as read_at
from sessions where id = :id for update;

-- name: rotate^
-- Move a session to its next refresh token.
update sessions
set generation = generation + 1, rotated_at = clock_timestamp(), used_at = clock_timestamp(), device = :device
where id = :id
returning id, kind, guest_id, person_id, seed, generation, rotated_at, device, site, strong, created_at, used_at,
  expires_at, ended_at, clock_timestamp() as read_at;

-- name: touch!
-- Write down that a session is in use.
update sessions set used_at = now() where id = :id and used_at < now();

-- name: end!
-- End one session.
update sessions set ended_at = clock_timestamp(), ended_why = :why where id = :id and ended_at is null;

-- name: end_of_person!
-- End a person's sessions but one.
update sessions set ended_at = clock_timestamp(), ended_why = :why
where person_id = :person_id and ended_at is null and id is distinct from :but;

-- name: end_of_guest!
-- End a guest's sessions.
update sessions set ended_at = clock_timestamp(), ended_why = :why where guest_id = :guest_id and ended_at is null;

-- name: end_of_site
-- End the sessions that were begun on a website.
update sessions set ended_at = clock_timestamp(), ended_why = 'site'
where site = :site and site <> '' and ended_at is null
returning coalesce(person_id, guest_id) as subject;

-- name: of_person
-- Read a person's open sessions, the last used first.
select id, kind, guest_id, person_id, seed, generation, rotated_at, device, site, strong, created_at, used_at,
  expires_at, ended_at, clock_timestamp() as read_at
from sessions where person_id = :person_id and ended_at is null and expires_at > now()
order by used_at desc limit 200;

-- name: known_place$
-- Tell whether a person signed in from this place in the last 90 days.
select exists (
  select from sessions
  where person_id = :person_id and place = :place and used_at > now() - interval '90 days'
);

-- name: trim!
-- Forget sessions that ended or expired long ago.
delete from sessions where id in (
  select id from sessions where expires_at < now() - interval '90 days' limit 1000
);
