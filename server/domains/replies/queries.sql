-- name: insert^
-- Write a reply that waits.
insert into replies_replies (id, request_id, kind, state, version, body, reason, crisis, author_id, author_name, created_at)
values (:id, :request_id, :kind, 'held', 1, :body, :reason, :crisis, :author_id, :author_name, :now)
returning id, request_id, kind, state, version, body, reason, crisis, author_id, author_name, created_at, decided_at;

-- name: by_ids
-- Read replies.
select id, request_id, kind, state, version, body, reason, crisis, author_id, author_name, created_at, decided_at
from replies_replies where id = any(:ids::uuid[]);

-- name: lock^
-- Read one reply and keep others from changing it.
select id, request_id, kind, state, version, body, reason, crisis, author_id, author_name, created_at, decided_at
from replies_replies where id = :id for update;

-- name: posted_of
-- Read what stands below these requests in the order of its writing, so many of each.
select r.id, r.request_id, r.kind, r.state, r.version, r.body, r.reason, r.crisis, r.author_id, r.author_name, r.created_at,
  r.decided_at
from unnest(:requests::uuid[]) as w (id), lateral (
  select * from replies_replies x where x.request_id = w.id and x.state = 'posted'
  order by x.created_at desc, x.id desc limit :most) r
order by r.created_at, r.id;

-- name: all_of
-- Read everything that was added below these requests and not taken down, in the order of its writing, so many of each.
select r.id, r.request_id, r.kind, r.state, r.version, r.body, r.reason, r.crisis, r.author_id, r.author_name, r.created_at,
  r.decided_at
from unnest(:requests::uuid[]) as w (id), lateral (
  select * from replies_replies x where x.request_id = w.id and x.state in ('posted', 'held')
  order by x.created_at desc, x.id desc limit :most) r
order by r.created_at, r.id;

-- name: set_state^
-- Write what became of a locked reply.
update replies_replies set state = :state, body = :body, version = version + 1, decided_at = :decided_at,
  decided_by = :decided_by
where id = :id
returning id, request_id, kind, state, version, body, reason, crisis, author_id, author_name, created_at, decided_at;

-- name: drop
-- Forget what was added below these requests; returns what waited.
with gone as (delete from replies_replies where request_id = any(:requests::uuid[]) returning id, request_id, state)
select id, request_id from gone where state = 'held' order by id;

-- name: requests_of
-- Read below which requests one person has written.
select distinct request_id from replies_replies where author_id = :author_id order by request_id;

-- name: forget
-- Take out what one person wrote; returns what waited.
with gone as (delete from replies_replies where author_id = :author_id returning id, request_id, state)
select id, request_id from gone where state = 'held' order by id;

-- name: take_over!
-- Let what a guest wrote be the person's they turned out to be.
update replies_replies set author_id = :person where author_id = :guest;

-- name: forget_decider!
-- Forget that somebody decided.
update replies_replies set decided_by = null where decided_by = :person_id;
