-- name: pray
-- Write marks that are not there yet; returns the subjects of those that were new.
insert into intercession_prayed (subject, mark, on_day)
select distinct w.subject, w.mark, :today::date from unnest(:subjects::uuid[], :marks::bytea[]) as w (subject, mark)
order by w.subject, w.mark
on conflict do nothing returning subject;

-- name: count
-- Move the totals up; returns the new ones.
insert into intercession_totals as t (subject, prayed, changed_at)
select w.subject, w.more, :now from unnest(:subjects::uuid[], :more::int[]) as w (subject, more)
order by w.subject
on conflict (subject) do update set prayed = t.prayed + excluded.prayed, changed_at = excluded.changed_at
returning subject, prayed;

-- name: totals
-- Read totals; a subject that nobody prayed for is absent.
select subject, prayed from intercession_totals where subject = any(:subjects::uuid[]);

-- name: prayed_by
-- Read which of these marks are there.
select p.subject from intercession_prayed p
join unnest(:subjects::uuid[], :marks::bytea[]) as w (subject, mark) on w.subject = p.subject and w.mark = p.mark;

-- name: prayed_since$
-- Count the prayers since a day.
select count(*) from intercession_prayed where on_day >= :day;

-- name: follow!
-- Let somebody hear of a subject.
insert into intercession_followers (subject, person_id, at) values (:subject, :person_id, :now) on conflict do nothing;

-- name: count_following$
-- Count what somebody follows.
select count(*) from intercession_followers where person_id = :person_id;

-- name: unfollow!
-- Let somebody hear of a subject no more.
delete from intercession_followers where subject = :subject and person_id = :person_id;

-- name: following
-- Read which of these subjects somebody follows.
select subject from intercession_followers where person_id = :person_id and subject = any(:subjects::uuid[]);

-- name: followers
-- Read who follows a subject, after a given one.
select person_id from intercession_followers where subject = :subject and person_id > :after order by person_id limit :most;

-- name: drop_prayed!
-- Forget the marks under these subjects.
delete from intercession_prayed where subject = any(:subjects::uuid[]);

-- name: drop_totals!
-- Forget the totals of these subjects.
delete from intercession_totals where subject = any(:subjects::uuid[]);

-- name: drop_followers!
-- Forget who follows these subjects.
delete from intercession_followers where subject = any(:subjects::uuid[]);

-- name: subjects
-- Read the subjects that were prayed for, after a given one.
select subject from intercession_totals where subject > :after order by subject limit :most;

-- name: take_over_marks!
-- Let marks be others; where both are there, one is left. The totals stay.
with gone as (
  delete from intercession_prayed p using unnest(:subjects::uuid[], :befores::bytea[], :afters::bytea[]) as w (subject, before, after)
  where w.subject = p.subject and w.before = p.mark returning p.subject, w.after, p.on_day
)
insert into intercession_prayed (subject, mark, on_day) select distinct on (subject, after) subject, after, on_day from gone
order by subject, after, on_day
on conflict do nothing;

-- name: forget_marks!
-- Take these marks out; the totals stay.
delete from intercession_prayed p
using unnest(:subjects::uuid[], :marks::bytea[]) as w (subject, mark)
where w.subject = p.subject and w.mark = p.mark;

-- name: forget_follower!
-- Let somebody follow nothing.
delete from intercession_followers where person_id = :person_id;
