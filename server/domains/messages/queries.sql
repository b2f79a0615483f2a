-- name: inputs^
-- Read in one statement all that the decisions over a batch need; each column is a JSON array, null when empty.
select
  (select json_agg(json_build_array(m.id, m.room_id, m.author_id, m.state, m.reason, coalesce(m.posted_at, m.created_at)))
    from messages_messages m where m.id = any(:ids::uuid[]))::text as known,
  (select json_agg(json_build_array(m.id, m.room_id))
    from messages_messages m where m.id = any(:replies::uuid[]) and m.state = 'posted')::text as replies,
  (select json_agg(json_build_array(a.id, e.said)) from unnest(:talkers::uuid[]) as a (id),
    lateral (select json_agg(json_build_array(r.created_at, r.sketch)) as said from (
      select m.created_at, m.sketch from messages_messages m
      where m.author_id = a.id and m.created_at > :since order by m.created_at desc limit :depth) r) e
    where e.said is not null)::text as earlier,
  (select json_agg(json_build_array(s.room, s.author, l.at))
    from unnest(:slow_rooms::uuid[], :slow_authors::uuid[]) as s (room, author),
    lateral (select max(m.created_at) as at from messages_messages m
      where m.author_id = s.author and m.room_id = s.room and m.created_at > :slow_since) l
    where l.at is not null)::text as last_in,
  (select json_agg(json_build_array(r.id, (select max(m.number) from messages_messages m where m.room_id = r.id)))
    from unnest(:rooms::uuid[]) as r (id))::text as heads,
  (select json_agg(json_build_array(v.person_id, v.kind, v.name, v.name_key, v.known))
    from messages_voices v where v.person_id = any(:authors::uuid[]) or v.name_key = any(:name_keys::text[]))::text as voices;

-- name: insert!
-- Write messages, all in one statement; as JSON, which costs the application a tenth of what fifteen arrays do.
insert into messages_messages (id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark,
  author_label, body, reply_to, mentions, sketch, created_at, posted_at)
select w.id, w.room_id, w.number, w.state, w.reason, w.author_id, w.author_kind, w.author_name, w.author_mark,
  w.author_label, w.body, w.reply_to, w.mentions, w.sketch, :now::timestamptz,
  case when w.number is not null then :now::timestamptz end
from json_to_recordset(:rows::json) as w (id uuid, room_id uuid, number bigint, state text, reason text, author_id uuid,
  author_kind text, author_name text, author_mark text, author_label text, body text, reply_to uuid, mentions uuid[],
  sketch int[]);

-- name: put_voices!
-- Remember who speaks, under which name.
insert into messages_voices (person_id, kind, name, name_key, known, at)
select w.person_id, w.kind, w.name, w.name_key, w.known, :now
from unnest(:people::uuid[], :kinds::text[], :names::text[], :keys::text[], :known::boolean[])
  as w (person_id, kind, name, name_key, known)
order by w.person_id
on conflict (person_id) do update set kind = excluded.kind, name = excluded.name, name_key = excluded.name_key,
  known = messages_voices.known or excluded.known, at = excluded.at;

-- name: names
-- Read the names of people who are no guests, those who spoke last first.
select name_key, person_id from messages_voices where kind <> 'guest' order by at desc limit :most;

-- name: by_ids
-- Read messages.
select id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by
from messages_messages where id = any(:ids::uuid[]);

-- name: room_of$
-- Read in which room a message is.
select room_id from messages_messages where id = :id;

-- name: lock
-- Read messages of a room that are about to change; in id order, so that nobody deadlocks.
select id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by
from messages_messages where room_id = :room_id and id = any(:ids::uuid[]) order by id for no key update;

-- name: lock_rooms_of
-- Read messages of any rooms that are about to change; in id order, so that nobody deadlocks.
select id, room_id, state from messages_messages where id = any(:ids::uuid[]) order by id for no key update;

-- name: edit^
-- Write new words, and why somebody must look at them.
update messages_messages set body = :body, reason = :reason, sketch = :sketch, edited_at = :now where id = :id
returning id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by;

-- name: decide^
-- Post or decline a message that waited.
update messages_messages set state = :state, posted_at = :posted_at, body = case when :state = 'declined' then '' else body end,
  number = case when :state = 'posted'
    then (select coalesce(max(o.number), 0) + 1 from messages_messages o where o.room_id = messages_messages.room_id) end
where id = :id
returning id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by;

-- name: remove
-- Take posted messages down: place and times stay, words go.
update messages_messages set state = 'removed', body = '', mentions = '{}', sketch = '{}', reply_to = null, pinned_at = null,
  removed_at = :now, removed_by = :how
where id = any(:ids::uuid[]) and state = 'posted'
returning id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by;

-- name: withdraw
-- Take messages down that were never posted.
update messages_messages set state = 'declined', body = '', mentions = '{}', sketch = '{}', reply_to = null, removed_at = :now,
  removed_by = :how
where id = any(:ids::uuid[]) and state in ('held', 'shadow')
returning id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by;

-- name: put_back^
-- Let a message stand as it did before a host acted; its number stays its own.
update messages_messages set state = :state, body = :body, reply_to = :reply_to, mentions = :mentions, sketch = :sketch,
  posted_at = :posted_at, pinned_at = :pinned_at, removed_at = null, removed_by = null
where id = :id
returning id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by;

-- name: set_pin^
-- Pin a message or take it off.
update messages_messages set pinned_at = :at where id = :id
returning id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by;

-- name: count_pins$
-- Count a room's pins.
select count(*) from messages_messages where room_id = :room_id and pinned_at is not null;

-- name: pins
-- Read a room's pins, newest first.
select id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by
from messages_messages where room_id = :room_id and pinned_at is not null order by pinned_at desc limit :most;

-- name: before
-- Read the messages in front of a place, last first.
select id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by
from messages_messages where room_id = :room_id and number < :number order by number desc limit :most;

-- name: newest
-- Read which messages are the newest that stand in a room.
select id from (
  select id, state from messages_messages where room_id = :room_id and number is not null order by number desc limit :most
) m where state = 'posted';

-- name: after
-- Read the messages behind a place, first first.
select id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by
from messages_messages where room_id = :room_id and number > :number order by number limit :most;

-- name: find
-- Read messages of a room that hold a text, newest first.
select id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by
from messages_messages
where room_id = :room_id and number < :number and state = 'posted' and body ilike :pattern
order by number desc limit :most;

-- name: head$
-- Read the number of a room's last message.
select coalesce(max(number), 0) from messages_messages where room_id = :room_id;

-- name: unread
-- Count, up to a bound, what others posted after the read marks of one person.
select w.room_id, (select count(*) from (select 1 from messages_messages m
    where m.room_id = w.room_id and m.number > w.number and m.state = 'posted' and m.author_id <> :person_id
    limit :most) x) as unread
from unnest(:rooms::uuid[], :numbers::bigint[]) as w (room_id, number);

-- name: waiting
-- Read what waits for hosts in these rooms, oldest first.
select id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by
from messages_messages
where state in ('held', 'shadow') and room_id = any(:rooms::uuid[]) and (created_at, id) > (:at, :id)
order by created_at, id limit :most;

-- name: own_waiting
-- Read what each of these people sees as sent though nobody else does, newest first.
select m.* from unnest(:authors::uuid[]) as a (id) cross join lateral (
select id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by
from messages_messages
where author_id = a.id and created_at > :since and state in ('held', 'shadow') and
  (:room_id::uuid is null or room_id = :room_id)
order by created_at desc limit :most) m;

-- name: ids_of
-- Read the messages of one person that can still be taken down, in some rooms or in all, newest first.
select id from messages_messages
where author_id = :author_id and state in ('posted', 'held', 'shadow') 
  and (:rooms::uuid[] is null or room_id = any(:rooms::uuid[]))
order by created_at desc limit :most;

-- name: ids_in
-- Read messages of one room, in whatever state.
select id from messages_messages where room_id = :room_id order by id limit :most;

-- name: older_than
-- Read messages that are older than they may be, some at a time.
select id from messages_messages where created_at < :before order by created_at limit :most;

-- name: delete!
-- Forget messages for good.
delete from messages_messages where id = any(:ids::uuid[]);

-- name: forget_author!
-- Take the name of one person off all messages; what they wrote was taken down before.
update messages_messages set author_id = :nobody, author_name = '', author_mark = '', author_label = ''
where author_id = :author_id;

-- name: make_known!
-- Note that a message of somebody was posted: the next ones need not wait for being the first.
update messages_voices set known = true where person_id = :person_id and not known;

-- name: make_unknown!
-- Note that no message of somebody is posted after all; who has another one that is stays known.
update messages_voices set known = false where person_id = :person_id and not exists (
  select 1 from messages_messages m where m.author_id = :person_id and m.state = 'posted');

-- name: forget_voice!
-- Forget under which name one person spoke.
delete from messages_voices where person_id = :person_id;

-- name: ids_by
-- Read what one account wrote, in whatever state.
select id from messages_messages where author_id = :author_id order by id limit :most;

-- name: hand_over
-- Let messages be of another account of the same person; under which name they were written stays.
update messages_messages set author_id = :after where id = any(:ids::uuid[])
returning id, room_id, number, state, reason, author_id, author_kind, author_name, author_mark, author_label, body, reply_to,
  mentions, sketch, created_at, posted_at, edited_at, pinned_at, removed_at, removed_by;

-- name: hand_over_voice!
-- Let somebody be known as well as another account of theirs.
update messages_voices v set known = v.known or b.known from messages_voices b
where v.person_id = :after and b.person_id = :before;
