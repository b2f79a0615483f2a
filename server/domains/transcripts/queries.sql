-- name: put!
-- Keep the words of a room in a form that the database cannot read.
insert into transcripts_sealed (room_id, box, at) values (:room_id, :box, :now)
on conflict (room_id) do update set box = excluded.box, at = excluded.at;

-- name: read$
-- Read the sealed words of a room.
select box from transcripts_sealed where room_id = :room_id;

-- name: delete!
-- Throw the sealed words of a room away.
delete from transcripts_sealed where room_id = :room_id;
