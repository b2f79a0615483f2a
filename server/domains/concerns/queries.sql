-- name: tell^
-- Write down what somebody tells about a conversation; told again, it waits again.
insert into concerns_concerns (session_id, by_id, by_name, about, about_names, reason, note, at)
values (:session_id, :by_id, :by_name, :about, :about_names, :reason, :note, :now)
on conflict (session_id, by_id) do update set reason = excluded.reason, note = excluded.note, about = excluded.about,
  about_names = excluded.about_names, settled_at = null,
  at = case when concerns_concerns.settled_at is null then concerns_concerns.at else excluded.at end,
  version = concerns_concerns.version + 1, round = concerns_concerns.round + (concerns_concerns.settled_at is not null)::int
returning id, session_id, by_id, by_name, about, about_names, reason, note, round, version, at, settled_at;

-- name: by_ids
-- Read concerns by their ids.
select id, session_id, by_id, by_name, about, about_names, reason, note, round, version, at, settled_at
from concerns_concerns where id = any(:ids::uuid[]);

-- name: lock^
-- Read a concern that nobody else may settle until COMMIT.
select id, session_id, by_id, by_name, about, about_names, reason, note, round, version, at, settled_at
from concerns_concerns where id = :id for no key update;

-- name: settle!
-- Note that a pastor has seen to it, or has not after all.
update concerns_concerns set settled_at = :at where id = :id;

-- name: forget_person!
-- Take somebody's name off what they told and what was told of them; who told stays a stranger, so that it stays one.
update concerns_concerns set
  by_name = case when by_id = :person_id then '' else by_name end,
  by_id = case when by_id = :person_id then null else by_id end,
  about_names = case when :person_id = any(about)
    then array_replace(about_names, about_names[array_position(about, :person_id)], '') else about_names end
where by_id = :person_id or :person_id = any(about);

-- name: trim!
-- Forget what was seen to long ago.
delete from concerns_concerns where settled_at < :before;
