-- name: insert!
-- Remember that somebody wants to hear nothing of another.
insert into blocks_people (blocker_id, blocked_id, at) values (:blocker, :blocked, :now) on conflict do nothing;

-- name: delete!
-- Forget a block.
delete from blocks_people where blocker_id = :blocker and blocked_id = :blocked;

-- name: of
-- Read whom each of these people blocked, in that order.
select b.* from unnest(:blockers::uuid[]) as a (id) cross join lateral (
select blocker_id, blocked_id from blocks_people where blocker_id = a.id order by at, blocked_id limit :most) b;

-- name: count$
-- Count whom somebody blocked.
select count(*) from blocks_people where blocker_id = :blocker;

-- name: between
-- Read which of these people blocked which of those authors.
select blocker_id, blocked_id from blocks_people
where blocked_id = any(:authors::uuid[]) and blocker_id = any(:people::uuid[]);

-- name: forget!
-- Forget every block by or of one person.
delete from blocks_people where blocker_id = :person_id or blocked_id = :person_id;

-- name: hand_over_own
-- Let somebody hear nothing of whom another account of theirs blocked; returns whom.
insert into blocks_people (blocker_id, blocked_id, at)
select :after, b.blocked_id, b.at from blocks_people b where b.blocker_id = :before and b.blocked_id <> :after
on conflict do nothing returning blocked_id;

-- name: hand_over_others
-- Let those who blocked another account of somebody hear nothing of them; returns who.
insert into blocks_people (blocker_id, blocked_id, at)
select b.blocker_id, :after, b.at from blocks_people b where b.blocked_id = :before and b.blocker_id <> :after
on conflict do nothing returning blocker_id;
