-- name: tell$
-- Write down what somebody tells about a conversation; told again, it waits again.
insert into concerns_concerns (session_id, by_id, by_name, about, about_names, reason, note, at)
values (:session_id, :by_id, :by_name, :about, :about_names, :reason, :note, :now)
on conflict (session_id, by_id) do update set reason = excluded.reason, note = excluded.note, about = excluded.about,
  about_names = excluded.about_names, settled_at = null,
  at = case when concerns_concerns.settled_at is null then concerns_concerns.at else excluded.at end,
  version = concerns_concerns.version + 1,
  round = concerns_concerns.round + (concerns_concerns.settled_at is not null)::int
returning id;

-- name: by_ids
-- Read concerns by their ids; of those who came and went meanwhile too.
select c.id, c.session_id, c.by_id, c.by_name, c.reason, c.note, c.round, c.version, c.at, c.settled_at, c.about, c.about_names,
  array(select p.person_id from concerns_present p where p.session_id = c.session_id order by p.at, p.person_id) as came,
  array(select p.name from concerns_present p where p.session_id = c.session_id order by p.at, p.person_id) as came_names
from concerns_concerns c where c.id = any(:ids::uuid[]);

-- name: lock!
-- Let nobody else settle or change a concern until COMMIT.
select from concerns_concerns where id = :id for no key update;

-- name: open_ids
-- Read which concerns wait.
select id from concerns_concerns where settled_at is null order by at limit :most;

-- name: settle!
-- Note that a pastor has seen to it, or has not after all.
update concerns_concerns set settled_at = :at where id = :id;

-- name: came!
-- Note that a volunteer came into a conversation.
insert into concerns_present (session_id, person_id, name, at) values (:session_id, :person_id, :name, :now)
on conflict do nothing;

-- name: present
-- Read which volunteers came into a conversation.
select person_id, name from concerns_present where session_id = :session_id order by at, person_id;

-- name: forget_teller!
-- Take somebody's name off what they told.
update concerns_concerns set by_name = '', by_id = null where by_id = :person_id;

-- name: forget_about!
-- Take somebody's name off what was told of them.
update concerns_concerns set about_names = array(
  select case when a.id = :person_id then '' else coalesce(a.name, '') end
  from unnest(about, about_names) with ordinality as a(id, name, at) order by a.at)
where :person_id = any(about);

-- name: forget_present!
-- Take somebody's name off the conversations they came into.
update concerns_present set name = '' where person_id = :person_id;

-- name: trim!
-- Forget what was seen to long ago.
delete from concerns_concerns where settled_at < :before;

-- name: trim_present!
-- Forget who came into conversations of long ago that nobody tells of.
delete from concerns_present p where p.at < :before
  and not exists (select from concerns_concerns c where c.session_id = p.session_id);
