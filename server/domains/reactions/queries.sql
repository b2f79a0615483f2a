-- name: give
-- Write reactions that are not there yet; returns which were new.
insert into reactions_given (subject, person_id, emoji, at)
select x.subject, x.person, x.emoji, :now
from (select distinct subject, person, emoji from unnest(:subjects::uuid[], :people::uuid[], :emoji::text[])
  as w (subject, person, emoji)) x
order by x.subject, x.person, x.emoji
on conflict do nothing returning subject, emoji;

-- name: take
-- Delete reactions; returns which were there.
delete from reactions_given g
using unnest(:subjects::uuid[], :people::uuid[], :emoji::text[]) as w (subject, person, emoji)
where g.subject = w.subject and g.person_id = w.person and g.emoji = w.emoji
returning g.subject, g.emoji;

-- name: count!
-- Move totals by what was given and taken.
insert into reactions_totals as t (subject, emoji, count, version)
select w.subject, w.emoji, w.delta, greatest(
  (select max(version) + 1 from reactions_totals where subject = w.subject),
  (extract(epoch from clock_timestamp()) * 1000000)::bigint)
from unnest(:subjects::uuid[], :emoji::text[], :deltas::int[]) as w (subject, emoji, delta)
order by w.subject, w.emoji
on conflict (subject, emoji) do update set count = t.count + excluded.count,
  version = greatest(t.version + 1, excluded.version);

-- name: totals
-- Read the totals of subjects, greatest first, each with its subject's version; those that are down to nothing too.
select subject, emoji, count, max(version) over (partition by subject) as version from reactions_totals
where subject = any(:subjects::uuid[]) order by subject, count desc, emoji;

-- name: given_by
-- Read what one person gave to these subjects.
select subject, emoji from reactions_given where person_id = :person_id and subject = any(:subjects::uuid[])
order by subject, emoji;

-- name: given_to
-- Read who gave what to one subject.
select person_id, emoji from reactions_given where subject = :subject order by at, person_id, emoji limit :most;

-- name: drop_given!
-- Forget the reactions to subjects that were taken down.
delete from reactions_given where subject = any(:subjects::uuid[]);

-- name: drop_totals!
-- Forget the totals of subjects that were taken down.
delete from reactions_totals where subject = any(:subjects::uuid[]);

-- name: take_all
-- Delete everything one person gave; returns what it was.
delete from reactions_given where person_id = :person_id returning subject, emoji;

-- name: take_doubles
-- Delete what one account of a person gave and another gave too; returns what it was.
delete from reactions_given g using reactions_given o
where g.person_id = :before and o.person_id = :after and o.subject = g.subject and o.emoji = g.emoji
returning g.subject, g.emoji;

-- name: hand_over!
-- Let what one account of a person gave be another's.
update reactions_given set person_id = :after where person_id = :before;
