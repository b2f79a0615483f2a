-- name: report!
-- Ask the hosts to look at a message; a second report by the same person changes the reason, and opens it again.
insert into hosting_reports (message_id, room_id, reporter_id, reason, note, at)
values (:message_id, :room_id, :reporter_id, :reason, :note, :now)
on conflict (message_id, reporter_id) do update set reason = excluded.reason, note = excluded.note,
  at = case when hosting_reports.decided_at is null then hosting_reports.at else excluded.at end, decided_at = null;

-- name: reports
-- Read the reports nobody has decided about, oldest first.
select message_id, room_id, reporter_id, reason, note, at from hosting_reports
where decided_at is null and room_id = any(:rooms::uuid[]) and (at, message_id) > (:at, :id)
order by at, message_id, reporter_id limit :most;

-- name: reports_of
-- Read the reports of messages that nobody has decided about, oldest first.
select message_id, room_id, reporter_id, reason, note, at from hosting_reports
where decided_at is null and message_id = any(:ids::uuid[]) order by at;

-- name: close_reports!
-- Note that hosts have looked at the reports of messages.
update hosting_reports set decided_at = :now where message_id = any(:ids::uuid[]) and decided_at is null;

-- name: reopen_reports!
-- Put the reports of a message that were closed since a moment in front of hosts again.
update hosting_reports set decided_at = null where message_id = :id and decided_at >= :since;

-- name: forget_reporter!
-- Forget the reports of one person.
delete from hosting_reports where reporter_id = :person_id;
