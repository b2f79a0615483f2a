-- name: lock^
-- Read a case that is about to change.
select id, kind, subject, round, team, state, weight, subject_version, version, claimed_by, claimed_by_name, claimed_until,
  assigned_to, assigned_to_name, verdict, decided_by, decided_by_name, decided_at, opened_at
from moderation_cases where id = :id for no key update;

-- name: by_id^
-- Read a case.
select id, kind, subject, round, team, state, weight, subject_version, version, claimed_by, claimed_by_name, claimed_until,
  assigned_to, assigned_to_name, verdict, decided_by, decided_by_name, decided_at, opened_at
from moderation_cases where id = :id;

-- name: lock_of
-- Read all cases of a subject that are about to change, the newest round first; in id order, so that nobody deadlocks.
select id, kind, subject, round, team, state, weight, subject_version, version, claimed_by, claimed_by_name, claimed_until,
  assigned_to, assigned_to_name, verdict, decided_by, decided_by_name, decided_at, opened_at
from moderation_cases where kind = :kind and subject = :subject order by id for no key update;

-- name: insert^
-- Open a case; nothing comes back when it is there.
insert into moderation_cases (kind, subject, round, team, state, weight, subject_version, opened_at)
values (:kind, :subject, :round, :team, 'open', :weight, :subject_version, :now)
on conflict (kind, subject, round) do nothing
returning id, kind, subject, round, team, state, weight, subject_version, version, claimed_by, claimed_by_name, claimed_until,
  assigned_to, assigned_to_name, verdict, decided_by, decided_by_name, decided_at, opened_at;

-- name: update^
-- Write a case's new state.
update moderation_cases set version = version + 1, team = :team, state = :state, weight = :weight,
  subject_version = :subject_version, claimed_by = :claimed_by, claimed_by_name = :claimed_by_name,
  claimed_until = :claimed_until, assigned_to = :assigned_to, assigned_to_name = :assigned_to_name, verdict = :verdict,
  decided_by = :decided_by, decided_by_name = :decided_by_name, decided_at = :decided_at
where id = :id
returning id, kind, subject, round, team, state, weight, subject_version, version, claimed_by, claimed_by_name, claimed_until,
  assigned_to, assigned_to_name, verdict, decided_by, decided_by_name, decided_at, opened_at;

-- name: queue
-- Read open cases of these teams, the heaviest first, then the oldest.
select id, kind, subject, round, team, state, weight, subject_version, version, claimed_by, claimed_by_name, claimed_until,
  assigned_to, assigned_to_name, verdict, decided_by, decided_by_name, decided_at, opened_at
from moderation_cases
where state = 'open' and team = any(:teams::text[]) and (:kind::text is null or kind = :kind)
  and (:assigned_to::uuid is null or assigned_to = :assigned_to)
  and (-weight, opened_at, id) > (:heavier, :at, :after)
order by weight desc, opened_at, id limit :most;

-- name: waiting^
-- Count the open cases of a team and read since when the oldest waits.
select count(*) as waiting, min(opened_at) as oldest_at from moderation_cases where state = 'open' and team = :team;

-- name: oldest$
-- Read since when the oldest open case of these teams waits.
select min(opened_at) from moderation_cases where state = 'open' and team = any(:teams::text[]);

-- name: add_note^
-- Add a remark.
insert into moderation_notes (case_id, body, author_id, author_name, at) values (:case_id, :body, :author_id, :author_name, :now)
returning id, case_id, body, author_id, author_name, at;

-- name: notes
-- Read the remarks below a case.
select id, case_id, body, author_id, author_name, at from moderation_notes where case_id = :case_id order by at, id limit :most;

-- name: count_notes
-- Count the remarks below cases.
select case_id, count(*) as notes from moderation_notes where case_id = any(:ids::uuid[]) group by case_id;

-- name: week
-- Read how many were decided since a moment, and the median seconds until then, by kind.
select kind, count(*) as decided,
  percentile_cont(0.5) within group (order by extract(epoch from decided_at - opened_at)) as seconds
from moderation_cases where decided_at > :since group by kind order by kind;

-- name: trim$
-- Forget cases that were over long ago, some at a time; returns how many.
with old as (
  select id from moderation_cases where state <> 'open' and coalesce(decided_at, opened_at) < :before limit :most
), gone as (delete from moderation_cases where id in (select id from old) returning id)
select count(*) from gone;

-- name: forget!
-- Take the name of one person off.
update moderation_cases set
  claimed_by_name = case when claimed_by = :person_id then '' else claimed_by_name end,
  assigned_to_name = case when assigned_to = :person_id then '' else assigned_to_name end,
  decided_by_name = case when decided_by = :person_id then '' else decided_by_name end,
  claimed_by = nullif(claimed_by, :person_id), assigned_to = nullif(assigned_to, :person_id),
  decided_by = nullif(decided_by, :person_id)
where :person_id in (claimed_by, assigned_to, decided_by);

-- name: forget_notes!
-- Take the name of one person off their remarks.
update moderation_notes set author_id = null, author_name = '' where author_id = :person_id;
