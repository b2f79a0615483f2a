-- name: insert^
-- Add a gathering.
insert into events_gatherings
  (title, starts_at, ends_at, zone, video_url, opens_before, closes_after, created_at, changed_at)
values (:title, :starts_at, :ends_at, :zone, :video_url, :opens_before, :closes_after, :now, :now)
returning id, title, starts_at, ends_at, zone, video_url, opens_before, closes_after, cancelled_at, created_at, changed_at;

-- name: by_id^
-- Read one gathering.
select id, title, starts_at, ends_at, zone, video_url, opens_before, closes_after, cancelled_at, created_at, changed_at
from events_gatherings where id = :id;

-- name: lock^
-- Read one gathering that is about to change.
select id, title, starts_at, ends_at, zone, video_url, opens_before, closes_after, cancelled_at, created_at, changed_at
from events_gatherings where id = :id for update;

-- name: update^
-- Write a gathering's new state.
update events_gatherings set title = :title, starts_at = :starts_at, ends_at = :ends_at, zone = :zone,
  video_url = :video_url, opens_before = :opens_before, closes_after = :closes_after, changed_at = :now
where id = :id
returning id, title, starts_at, ends_at, zone, video_url, opens_before, closes_after, cancelled_at, created_at, changed_at;

-- name: cancel^
-- Take a gathering off.
update events_gatherings set cancelled_at = :now, changed_at = :now where id = :id
returning id, title, starts_at, ends_at, zone, video_url, opens_before, closes_after, cancelled_at, created_at, changed_at;

-- name: page
-- Read gatherings that end after a moment, in order of their start, after a given one.
select id, title, starts_at, ends_at, zone, video_url, opens_before, closes_after, cancelled_at, created_at, changed_at
from events_gatherings
where ends_at >= :since and (starts_at, id) > (:starts_at, :id) order by starts_at, id limit :most;

-- name: current^
-- Read the gathering whose doors are open; of several the one that started last.
select id, title, starts_at, ends_at, zone, video_url, opens_before, closes_after, cancelled_at, created_at, changed_at
from events_gatherings
where cancelled_at is null and ends_at > :now::timestamptz - interval '1 day' and ends_at + make_interval(mins => closes_after) > :now
  and starts_at - make_interval(mins => opens_before) <= :now
order by starts_at desc, id desc limit 1;

-- name: following^
-- Read the first gathering whose doors open after a moment.
select id, title, starts_at, ends_at, zone, video_url, opens_before, closes_after, cancelled_at, created_at, changed_at
from events_gatherings
where cancelled_at is null and starts_at > :now and starts_at - make_interval(mins => opens_before) > :now
order by starts_at, id limit 1;
