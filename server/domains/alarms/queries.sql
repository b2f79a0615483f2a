-- name: insert^
-- Ring, unless the same rings about this already and nobody has seen to it.
insert into alarms_alarms (kind, about, subject, raised_at, told)
select :kind, :about, :subject, :now, :told::uuid[]
where not exists (
  select from alarms_alarms a
  where a.seen_at is null and a.kind = :kind and a.about = :about and a.subject is not distinct from :subject::uuid
    and (a.told <> '{}' or :told::uuid[] = '{}')
)
returning id, kind, about, subject, raised_at, told, seen_by, seen_by_name, seen_at;

-- name: spare!
-- Take off what rings about this whom it has turned out to be about.
update alarms_alarms set told = (select coalesce(array_agg(x), '{}') from unnest(told) as x where x <> all(:apart::uuid[]))
where seen_at is null and kind = :kind and about = :about and subject is not distinct from :subject::uuid
  and told && :apart::uuid[];

-- name: lock^
-- Read an alarm that is about to be seen to.
select id, kind, about, subject, raised_at, told, seen_by, seen_by_name, seen_at from alarms_alarms where id = :id for update;

-- name: ringing_about
-- Read what rings about something, before it is seen to.
select id, kind, about, subject, raised_at, told, seen_by, seen_by_name, seen_at from alarms_alarms
where about = :about and subject = :subject and seen_at is null order by id for update;

-- name: see^
-- Note that somebody has seen to it.
update alarms_alarms set seen_by = :by, seen_by_name = :name, seen_at = :now where id = :id
returning id, kind, about, subject, raised_at, told, seen_by, seen_by_name, seen_at;

-- name: ringing
-- Read what rings for one person; for a leader also what others were called for, but of these kinds.
select id, kind, about, subject, raised_at, told, seen_by, seen_by_name, seen_at from alarms_alarms
where seen_at is null and (:person_id = any(told) or (:leader::bool and about <> all(:closed::text[])))
order by raised_at limit :most;

-- name: last_of$
-- Read when something of this kind rang last.
select max(raised_at) from alarms_alarms where kind = :kind and about = :about;

-- name: trim!
-- Forget what was seen to long ago.
delete from alarms_alarms where seen_at < :before;

-- name: forget!
-- Take one person off.
update alarms_alarms set told = array_remove(told, :person_id), seen_by = nullif(seen_by, :person_id),
  seen_by_name = case when seen_by = :person_id then '' else seen_by_name end
where :person_id = any(told) or seen_by = :person_id;
