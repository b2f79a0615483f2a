-- name: insert^
-- Make a room.
insert into rooms_rooms (kind, title, created_at, changed_at) values (:kind, :title, :now, :now)
returning id, kind, title, gathering_id, rehearses, opens_at, closes_at, slow_seconds, hold, locked,
  archived_at, created_at, changed_at;

-- name: put_gathering^
-- Make the room of a gathering, or give it the gathering's new title and window.
insert into rooms_rooms (kind, title, gathering_id, opens_at, closes_at, created_at, changed_at)
values ('gathering', :title, :gathering_id, :opens_at, :closes_at, :now, :now)
on conflict (gathering_id) do update
  set title = excluded.title, opens_at = excluded.opens_at, closes_at = excluded.closes_at, changed_at = excluded.changed_at
returning id, kind, title, gathering_id, rehearses, opens_at, closes_at, slow_seconds, hold, locked,
  archived_at, created_at, changed_at;

-- name: put_rehearsal^
-- Make the room in which a gathering is rehearsed, or open again the one that is there.
insert into rooms_rooms (kind, title, rehearses, closes_at, created_at, changed_at)
values ('hosts', :title, :rehearses, :closes_at, :now, :now)
on conflict (rehearses) do update
  set title = excluded.title, closes_at = excluded.closes_at, archived_at = null, changed_at = excluded.changed_at
returning id, kind, title, gathering_id, rehearses, opens_at, closes_at, slow_seconds, hold, locked,
  archived_at, created_at, changed_at;

-- name: rehearsals
-- Read the gatherings whose rehearsal is over but not forgotten: the doors have opened, or it was closed.
select rehearses from rooms_rooms
where rehearses is not null and (closes_at < :before or archived_at is not null) order by closes_at limit :most;

-- name: by_rehearsal^
-- Read the room in which a gathering is rehearsed.
select id, kind, title, gathering_id, rehearses, opens_at, closes_at, slow_seconds, hold, locked,
  archived_at, created_at, changed_at
from rooms_rooms where rehearses = :rehearses;

-- name: forget_rehearsal!
-- Let a room be no rehearsal any more: it is archived and empty.
update rooms_rooms set rehearses = null where id = :id;

-- name: by_ids
-- Read rooms.
select id, kind, title, gathering_id, rehearses, opens_at, closes_at, slow_seconds, hold, locked,
  archived_at, created_at, changed_at
from rooms_rooms where id = any(:ids::uuid[]);

-- name: by_gathering^
-- Read the room of a gathering.
select id, kind, title, gathering_id, rehearses, opens_at, closes_at, slow_seconds, hold, locked,
  archived_at, created_at, changed_at
from rooms_rooms where gathering_id = :gathering_id;

-- name: lock
-- Read rooms that are about to be written in, one writer at a time; in id order, so that nobody deadlocks.
select id, kind, title, gathering_id, rehearses, opens_at, closes_at, slow_seconds, hold, locked,
  archived_at, created_at, changed_at
from rooms_rooms where id = any(:ids::uuid[]) order by id for no key update;

-- name: update^
-- Write a room's new state.
update rooms_rooms set title = :title, opens_at = :opens_at, closes_at = :closes_at, slow_seconds = :slow_seconds,
  hold = :hold, locked = :locked, archived_at = :archived_at, changed_at = :now
where id = :id
returning id, kind, title, gathering_id, rehearses, opens_at, closes_at, slow_seconds, hold, locked,
  archived_at, created_at, changed_at;

-- name: roles
-- Read the places that people have on rooms' lists.
select m.room_id, m.person_id, m.role
from unnest(:rooms::uuid[], :people::uuid[]) as w (room_id, person_id)
join rooms_members m on m.room_id = w.room_id and m.person_id = w.person_id;

-- name: members
-- Read a room's list.
select person_id, role, joined_at from rooms_members where room_id = :room_id order by joined_at, person_id limit :most;

-- name: count_members$
-- Count a room's list.
select count(*) from rooms_members where room_id = :room_id;

-- name: add_members
-- Put people on a room's list; who was on it gets the new place. Returns them all.
insert into rooms_members (room_id, person_id, role, joined_at)
select :room_id, p.id, :role, :now from (select distinct id from unnest(:people::uuid[]) as x (id)) p
on conflict (room_id, person_id) do update set role = excluded.role
returning person_id;

-- name: remove_member!
-- Take somebody off a room's list.
delete from rooms_members where room_id = :room_id and person_id = :person_id;

-- name: open_now
-- Read the rooms whose window is open or was until lately, and those without one; gatherings and hosts' rooms.
select id, kind, title, gathering_id, rehearses, opens_at, closes_at, slow_seconds, hold, locked,
  archived_at, created_at, changed_at
from rooms_rooms
where archived_at is null and kind = any(:kinds::text[]) and (closes_at is null or closes_at > :since)
order by opens_at nulls first, id limit :most;

-- name: invited_to
-- Read the rooms on whose list somebody is.
select r.id, r.kind, r.title, r.gathering_id, r.rehearses, r.opens_at, r.closes_at, r.slow_seconds, r.hold, r.locked,
  r.archived_at, r.created_at, r.changed_at
from rooms_members m join rooms_rooms r on r.id = m.room_id
where m.person_id = :person_id and r.archived_at is null order by r.created_at desc, r.id limit :most;

-- name: reads
-- Read how far somebody has read in these rooms.
select room_id, number from rooms_reads where person_id = :person_id and room_id = any(:rooms::uuid[]);

-- name: mark_read$
-- Move a person's mark forward, never back; returns where it stands.
insert into rooms_reads (person_id, room_id, number, at) values (:person_id, :room_id, :number, :now)
on conflict (person_id, room_id) do update set number = greatest(rooms_reads.number, excluded.number), at = excluded.at
returning number;

-- name: settings^
-- Read what holds in all rooms.
select host_label, keep_days from rooms_settings;

-- name: put_settings!
-- Replace what holds in all rooms.
insert into rooms_settings (host_label, keep_days) values (:host_label, :keep_days)
on conflict (single) do update set host_label = excluded.host_label, keep_days = excluded.keep_days;

-- name: forget_reads!
-- Forget how far somebody has read.
delete from rooms_reads where person_id = :person_id;

-- name: forget_member!
-- Take somebody off every list.
delete from rooms_members where person_id = :person_id;

-- name: hand_over_reads!
-- Let a person have read as far as another account of theirs.
insert into rooms_reads (person_id, room_id, number, at)
select :after, r.room_id, r.number, r.at from rooms_reads r where r.person_id = :before
on conflict (person_id, room_id) do update
  set number = greatest(rooms_reads.number, excluded.number), at = greatest(rooms_reads.at, excluded.at);
