-- name: read_settings^
-- Read a church's rules and their version.
select version, settings::text as settings from care_settings;

-- name: put_settings$
-- Replace the rules, while they have the version that is expected, if any; returns the new one.
insert into care_settings (settings) values ((:settings::text)::jsonb)
on conflict (single) do update set settings = excluded.settings, version = care_settings.version + 1
where (:expected)::bigint is null or care_settings.version = :expected
returning version;

-- name: insert^
-- Let somebody wait.
insert into care_sessions (state, asker_id, asker_name, language, topic, minor, crisis, words, asked_at, waits_since)
values ('waiting', :asker_id, :asker_name, :language, :topic, :minor, :crisis, :words, :now, :now)
returning id, version, state, asker_id, asker_name, language, topic, minor, crisis, room_id, first_id, first_name, second_id,
  second_name, words, asked_at, waits_since, accepted_at, ended_at, words_gone_at;

-- name: by_ids
-- Read conversations.
select id, version, state, asker_id, asker_name, language, topic, minor, crisis, room_id, first_id, first_name, second_id,
  second_name, words, asked_at, waits_since, accepted_at, ended_at, words_gone_at
from care_sessions where id = any(:ids::uuid[]);

-- name: lock^
-- Read a conversation that is about to change.
select id, version, state, asker_id, asker_name, language, topic, minor, crisis, room_id, first_id, first_name, second_id,
  second_name, words, asked_at, waits_since, accepted_at, ended_at, words_gone_at
from care_sessions where id = :id for no key update;

-- name: open_of^
-- Read the conversation somebody waits for or is in.
select id, version, state, asker_id, asker_name, language, topic, minor, crisis, room_id, first_id, first_name, second_id,
  second_name, words, asked_at, waits_since, accepted_at, ended_at, words_gone_at
from care_sessions where asker_id = :asker_id and state in ('waiting', 'active');

-- name: lock_open_of^
-- Read the conversation somebody waits for or is in, which is about to change.
select id, version, state, asker_id, asker_name, language, topic, minor, crisis, room_id, first_id, first_name, second_id,
  second_name, words, asked_at, waits_since, accepted_at, ended_at, words_gone_at
from care_sessions where asker_id = :asker_id and state in ('waiting', 'active') for no key update;

-- name: by_room^
-- Read the conversation of a room.
select id, version, state, asker_id, asker_name, language, topic, minor, crisis, room_id, first_id, first_name, second_id,
  second_name, words, asked_at, waits_since, accepted_at, ended_at, words_gone_at
from care_sessions where room_id = :room_id;

-- name: active_of
-- Read the conversations a volunteer is in.
select id, version, state, asker_id, asker_name, language, topic, minor, crisis, room_id, first_id, first_name, second_id,
  second_name, words, asked_at, waits_since, accepted_at, ended_at, words_gone_at
from care_sessions where state = 'active' and :person_id in (first_id, second_id) order by accepted_at limit 20;

-- name: update^
-- Write a conversation's new state.
update care_sessions set version = version + 1, state = :state, crisis = :crisis, room_id = :room_id, first_id = :first_id,
  first_name = :first_name, second_id = :second_id, second_name = :second_name, accepted_at = :accepted_at,
  ended_at = :ended_at, topic = :topic, waits_since = :waits_since
where id = :id
returning id, version, state, asker_id, asker_name, language, topic, minor, crisis, room_id, first_id, first_name, second_id,
  second_name, words, asked_at, waits_since, accepted_at, ended_at, words_gone_at;

-- name: take_over
-- Let a guest's conversations be the person's they turned out to be; an open one only when that person is in no other.
update care_sessions s set asker_id = :person, version = version + 1 where s.asker_id = :guest
  and (s.state not in ('waiting', 'active') or not exists (
    select 1 from care_sessions o where o.asker_id = :person and o.state in ('waiting', 'active')))
returning id, version, state, asker_id, asker_name, language, topic, minor, crisis, room_id, first_id, first_name, second_id,
  second_name, words, asked_at, waits_since, accepted_at, ended_at, words_gone_at;

-- name: waiting
-- Read who waits, in order.
select id, version, state, asker_id, asker_name, language, topic, minor, crisis, room_id, first_id, first_name, second_id,
  second_name, words, asked_at, waits_since, accepted_at, ended_at, words_gone_at
from care_sessions where state = 'waiting' order by asked_at, id limit :most;

-- name: count_waiting$
-- Count who waits.
select count(*) from care_sessions where state = 'waiting';

-- name: waits
-- Read how many seconds people waited lately.
select extract(epoch from accepted_at - asked_at)::float8 as seconds from care_sessions
where accepted_at is not null and asked_at > :since order by asked_at desc limit 20;

-- name: page
-- Read conversations, newest first.
select id, version, state, asker_id, asker_name, language, topic, minor, crisis, room_id, first_id, first_name, second_id,
  second_name, words, asked_at, waits_since, accepted_at, ended_at, words_gone_at
from care_sessions where (asked_at, id) < (:at, :id) order by asked_at desc, id desc limit :most;

-- name: words_gone!
-- Note that the words are erased where they were said, the first ones too; what is sealed stays until its days are over.
update care_sessions set words_gone_at = :now, topic = '', version = version + 1 where id = :id;

-- name: nothing_left!
-- Note that nothing is kept of a conversation any more, not even where it was.
update care_sessions set words_gone_at = coalesce(words_gone_at, :now), topic = '', room_id = null, version = version + 1
where id = :id;

-- name: kept_too_long
-- Read conversations whose words stay longer than the church keeps them.
select id, room_id from care_sessions
where ended_at < :before and words <> 'erase' and room_id is not null order by ended_at limit :most;

-- name: forgotten_waits
-- Read who has waited for so long that they are surely gone, and let nobody go to them meanwhile.
select id, version, state, asker_id, asker_name, language, topic, minor, crisis, room_id, first_id, first_name, second_id,
  second_name, words, asked_at, waits_since, accepted_at, ended_at, words_gone_at
from care_sessions where state = 'waiting' and waits_since < :before order by asked_at limit :most for no key update;

-- name: erase_person!
-- Take the name of one person off the conversations they asked for.
update care_sessions set asker_name = '', topic = '', version = version + 1
where asker_id = :person_id and (asker_name <> '' or topic <> '');

-- name: erase_volunteer!
-- Take one person off the conversations they were in as a volunteer.
update care_sessions set version = version + 1, first_id = nullif(first_id, :person_id), second_id = nullif(second_id, :person_id),
  first_name = case when first_id = :person_id then '' else first_name end,
  second_name = case when second_id = :person_id then '' else second_name end
where :person_id in (first_id, second_id) and state not in ('waiting', 'active');

-- name: rooms_of
-- Read the rooms of the conversations somebody asked for whose words are still there.
select id, room_id from care_sessions where asker_id = :person_id and state not in ('waiting', 'active');
