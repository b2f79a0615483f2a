-- name: lately$
-- Count the notes of one person since a moment.
select count(*) from notes_notes where author_id = :author_id and at > :since;

-- name: insert!
-- Write a note; one that is sent again is there already.
insert into notes_notes (id, room_id, room_title, author_id, author_name, body, need, at)
values (:id, :room_id, :room_title, :author_id, :author_name, :body, :need, :at) on conflict (id) do nothing;

-- name: by_id^
-- Read one note, read or not.
select id, room_id, room_title, author_id, author_name, body, need, at from notes_notes where id = :id;

-- name: unread
-- Read the notes no host has read, oldest first.
select id, room_id, room_title, author_id, author_name, body, need, at from notes_notes
where read_at is null and (at, id) > (:at, :id) order by at, id limit :most;

-- name: read$
-- Note that a host has read a note; nothing for one that was read before.
update notes_notes set read_at = :now, read_by = :reader where id = :id and read_at is null returning room_id;

-- name: trim!
-- Forget notes of long ago.
delete from notes_notes where at < :before;

-- name: forget_author!
-- Forget the notes of one person.
delete from notes_notes where author_id = :person_id;
