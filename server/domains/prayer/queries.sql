-- name: insert^
-- Write a new request.
insert into prayer_requests (id, state, visibility, for_whom, category, urgent, language, anonymous, asker_id, name, body,
  public_body, suggestions, reason, crisis, tell_prayed, sketch, search, created_at, changed_at)
values (:id, :state, :visibility, :for_whom, :category, :urgent, :language, :anonymous, :asker_id, :name, :body,
  :public_body, :suggestions::jsonb, :reason, :crisis, :tell_prayed, :sketch::int[], :search, :created_at, :created_at)
returning id, version, round, state, visibility, for_whom, category, urgent, language, anonymous, asker_id, name, body, public_body,
  suggestions, reason, crisis, tell_prayed, testimony, created_at, changed_at, approved_at, decided_at, decided_by,
  decided_by_name, expires_at, closed_at;

-- name: seal!
-- Keep who asked, sealed.
insert into prayer_sealed (request_id, box) values (:request_id, :box);

-- name: link!
-- Keep the hash of an asker's secret link.
insert into prayer_links (token_hash, request_id) values (:token_hash, :request_id);

-- name: linked$
-- Read which request a secret link opens.
select request_id from prayer_links where token_hash = :token_hash;

-- name: by_ids
-- Read requests.
select id, version, round, state, visibility, for_whom, category, urgent, language, anonymous, asker_id, name, body, public_body,
  suggestions, reason, crisis, tell_prayed, testimony, created_at, changed_at, approved_at, decided_at, decided_by,
  decided_by_name, expires_at, closed_at
from prayer_requests where id = any(:ids::uuid[]);

-- name: lock^
-- Read one request and keep others from changing it.
select id, version, round, state, visibility, for_whom, category, urgent, language, anonymous, asker_id, name, body, public_body,
  suggestions, reason, crisis, tell_prayed, testimony, created_at, changed_at, approved_at, decided_at, decided_by,
  decided_by_name, expires_at, closed_at
from prayer_requests where id = :id for update;

-- name: update^
-- Write a locked request as it stands now.
update prayer_requests set version = :version, round = :round, state = :state, visibility = :visibility,
  category = :category, urgent = :urgent, asker_id = :asker_id, name = :name, body = :body, public_body = :public_body,
  suggestions = :suggestions::jsonb, reason = :reason, crisis = :crisis, tell_prayed = :tell_prayed,
  testimony = :testimony, search = :search, sketch = case when :body = '' then '{}' else sketch end, changed_at = :changed_at, approved_at = :approved_at,
  decided_at = :decided_at, decided_by = :decided_by, decided_by_name = :decided_by_name, expires_at = :expires_at,
  closed_at = :closed_at
where id = :id
returning id, version, round, state, visibility, for_whom, category, urgent, language, anonymous, asker_id, name, body, public_body,
  suggestions, reason, crisis, tell_prayed, testimony, created_at, changed_at, approved_at, decided_at, decided_by,
  decided_by_name, expires_at, closed_at;

-- name: sketches
-- Read what near-duplicates of the newest requests are recognised by.
select sketch from prayer_requests where created_at > :since and sketch <> '{}' order by created_at desc limit :most;

-- name: sealed_among
-- Read which of these requests have an envelope.
select request_id from prayer_sealed where request_id = any(:ids::uuid[]);

-- name: box$
-- Read a sealed envelope.
select box from prayer_sealed where request_id = :request_id;

-- name: boxes
-- Read envelopes, after a given one.
select request_id, box from prayer_sealed where request_id > :after order by request_id limit :most;

-- name: unseal!
-- Throw envelopes away.
delete from prayer_sealed where request_id = any(:ids::uuid[]);

-- name: unlink!
-- Let no secret link open these requests any more.
delete from prayer_links where request_id = any(:ids::uuid[]);

-- name: flag$
-- Add a flag of this round; returns nothing when it was there.
insert into prayer_flags (request_id, round, mark, team, reason, note, at)
values (:request_id, :round, :mark, :team, :reason, :note, :now) on conflict do nothing returning true;

-- name: count_flags
-- Count the open flags of these requests.
select f.request_id, count(*) filter (where f.team) as team, count(*) filter (where not f.team) as others
from prayer_flags f join prayer_requests r on r.id = f.request_id and r.round = f.round
where f.request_id = any(:ids::uuid[]) group by f.request_id;

-- name: flags
-- Read the open flags of one request, newest first.
select f.reason, f.note, f.team, f.at
from prayer_flags f join prayer_requests r on r.id = f.request_id and r.round = f.round
where f.request_id = :request_id order by f.at desc limit :most;

-- name: team_page
-- Read requests for the team, newest first; those for pastors alone only when asked by one.
select id, version, round, state, visibility, for_whom, category, urgent, language, anonymous, asker_id, name, body, public_body,
  suggestions, reason, crisis, tell_prayed, testimony, created_at, changed_at, approved_at, decided_at, decided_by,
  decided_by_name, expires_at, closed_at
from prayer_requests
where (:state::text is null or state = :state) and (:visibility::text is null or visibility = :visibility)
  and (:category::text is null or category = :category)
  and (:pastors or (state <> 'pastor' and visibility <> 'pastors' and (reason <> 'handed_on' or state <> 'declined')))
  and (created_at, id) < (:at, :id)
order by created_at desc, id desc limit :most;

-- name: loosen$
-- Let a word count as much alike, in this transaction, when half of it is: one letter is wrong in a common word.
select set_config('pg_trgm.word_similarity_threshold', '0.5', true);

-- name: team_search
-- Read requests for the team that hold words, the last of them perhaps only begun, newest first; the index finds
-- them before all else.
with holding as materialized (
  select id from prayer_requests
  where to_tsvector('simple', search) @@ case when :begun::text is null then websearch_to_tsquery('simple', :words)
      else websearch_to_tsquery('simple', :words) || to_tsquery('simple', :begun) end)
select id, version, round, state, visibility, for_whom, category, urgent, language, anonymous, asker_id, name, body, public_body,
  suggestions, reason, crisis, tell_prayed, testimony, created_at, changed_at, approved_at, decided_at, decided_by,
  decided_by_name, expires_at, closed_at
from prayer_requests
where (:state::text is null or state = :state) and (:visibility::text is null or visibility = :visibility)
  and (:category::text is null or category = :category)
  and (:pastors or (state <> 'pastor' and visibility <> 'pastors' and (reason <> 'handed_on' or state <> 'declined')))
  and (created_at, id) < (:at, :id) and id in (select id from holding)
order by created_at desc, id desc limit :most;

-- name: team_alike
-- Read requests for the team that hold a part of a word, or words much like others, newest first; the index finds
-- them before all else.
with alike as materialized (
  select id from prayer_requests
  where cast(:plain as text) operator(extensions.<%) search or search like :part limit 1000)
select id, version, round, state, visibility, for_whom, category, urgent, language, anonymous, asker_id, name, body, public_body,
  suggestions, reason, crisis, tell_prayed, testimony, created_at, changed_at, approved_at, decided_at, decided_by,
  decided_by_name, expires_at, closed_at
from prayer_requests
where (:state::text is null or state = :state) and (:visibility::text is null or visibility = :visibility)
  and (:category::text is null or category = :category)
  and (:pastors or (state <> 'pastor' and visibility <> 'pastors' and (reason <> 'handed_on' or state <> 'declined')))
  and (created_at, id) < (:at, :id) and id in (select id from alike)
order by created_at desc, id desc limit :most;

-- name: wall_page
-- Read requests that stand on these walls, those put up last in front; each wall by its index.
select r.id, r.version, r.round, r.state, r.visibility, r.for_whom, r.category, r.urgent, r.language, r.anonymous, r.asker_id, r.name, r.body, r.public_body,
  r.suggestions, r.reason, r.crisis, r.tell_prayed, r.testimony, r.created_at, r.changed_at, r.approved_at, r.decided_at, r.decided_by,
  r.decided_by_name, r.expires_at, r.closed_at
from unnest(:visibilities::text[]) as w (visibility), lateral (
  select * from prayer_requests x
  where x.state in ('approved', 'answered') and x.visibility = w.visibility
    and (:category::text is null or x.category = :category) and (x.approved_at, x.id) < (:at, :id)
  order by x.approved_at desc, x.id desc limit :most) r
order by r.approved_at desc, r.id desc limit :most;

-- name: wall_archive
-- Read requests that stood on these walls, those put up last in front.
select id, version, round, state, visibility, for_whom, category, urgent, language, anonymous, asker_id, name, body, public_body,
  suggestions, reason, crisis, tell_prayed, testimony, created_at, changed_at, approved_at, decided_at, decided_by,
  decided_by_name, expires_at, closed_at
from prayer_requests
where state = any(:states::text[]) and visibility = any(:visibilities::text[]) and approved_at is not null
  and (:category::text is null or category = :category) and (approved_at, id) < (:at, :id)
order by approved_at desc, id desc limit :most;

-- name: wall_search
-- Read requests of these walls whose words hold others; of the newest 300 that may, those where the wall shows them:
-- what was taken out of the wording finds nothing, though it is indexed.
with holding as materialized (
  select id from prayer_requests
  where to_tsvector('simple', search) @@ case when :begun::text is null then websearch_to_tsquery('simple', :words)
      else websearch_to_tsquery('simple', :words) || to_tsquery('simple', :begun) end), found as materialized (
  select * from prayer_requests
  where state = any(:states::text[]) and visibility = any(:visibilities::text[]) and approved_at is not null
    and (:category::text is null or category = :category) and (approved_at, id) < (:at, :id)
    and id in (select id from holding)
  order by approved_at desc, id desc limit 300)
select id, version, round, state, visibility, for_whom, category, urgent, language, anonymous, asker_id, name, body, public_body,
  suggestions, reason, crisis, tell_prayed, testimony, created_at, changed_at, approved_at, decided_at, decided_by,
  decided_by_name, expires_at, closed_at
from found
where to_tsvector('simple', extensions.unaccent(lower(case when public_body <> '' then public_body else body end)
      || ' ' || name || ' ' || case when state = 'answered' then testimony else '' end))
    @@ case when :begun::text is null then websearch_to_tsquery('simple', :words)
      else websearch_to_tsquery('simple', :words) || to_tsquery('simple', :begun) end
order by approved_at desc, id desc limit :most;

-- name: standing
-- Read what a session is led by, of what stands on these walls and is not answered.
select id, urgent, anonymous, approved_at from prayer_requests
where state = 'approved' and visibility = any(:visibilities::text[]) order by approved_at, id limit :most;

-- name: own_page
-- Read the requests of one person, newest first.
select id, version, round, state, visibility, for_whom, category, urgent, language, anonymous, asker_id, name, body, public_body,
  suggestions, reason, crisis, tell_prayed, testimony, created_at, changed_at, approved_at, decided_at, decided_by,
  decided_by_name, expires_at, closed_at
from prayer_requests where asker_id = :asker_id and (created_at, id) < (:at, :id)
order by created_at desc, id desc limit :most;

-- name: week^
-- Count what happened since a moment, and what waits now.
select
  (select count(*) from prayer_requests where created_at >= :since) as asked,
  (select count(*) from prayer_requests where approved_at >= :since) as approved,
  (select count(*) from prayer_requests where decided_at >= :since and state = 'declined') as declined,
  (select count(*) from prayer_requests where closed_at >= :since and state = 'answered') as answered,
  (select percentile_cont(0.5) within group (order by extract(epoch from decided_at - created_at))
    from prayer_requests where decided_at >= :since and round = 1) as waiting_seconds,
  (select count(*) from prayer_requests where state in ('held', 'pastor')) as waiting_now,
  (select min(created_at) from prayer_requests where state in ('held', 'pastor')) as oldest_at;

-- name: expired
-- Read requests whose days are over, some at a time; what somebody else works on is left to them.
select id, version, round, state, visibility, for_whom, category, urgent, language, anonymous, asker_id, name, body, public_body,
  suggestions, reason, crisis, tell_prayed, testimony, created_at, changed_at, approved_at, decided_at, decided_by,
  decided_by_name, expires_at, closed_at
from prayer_requests where state = 'approved' and expires_at <= :now order by expires_at limit :most for update skip locked;

-- name: old
-- Read answered and expired requests that need not be found any more, some at a time.
select id, version, round, state, visibility, for_whom, category, urgent, language, anonymous, asker_id, name, body, public_body,
  suggestions, reason, crisis, tell_prayed, testimony, created_at, changed_at, approved_at, decided_at, decided_by,
  decided_by_name, expires_at, closed_at
from prayer_requests where state in ('answered', 'expired') and closed_at < :before
order by closed_at limit :most for update skip locked;

-- name: over
-- Read requests that are over for good, some at a time.
select id from prayer_requests where state in ('declined', 'withdrawn', 'archived') and closed_at < :before
order by closed_at limit :most for update skip locked;

-- name: delete!
-- Forget requests.
delete from prayer_requests where id = any(:ids::uuid[]);

-- name: take_over!
-- Let what a guest asked for be the person's they turned out to be.
update prayer_requests set asker_id = :person where asker_id = :guest;

-- name: ids_of
-- Read the requests that somebody asked under their own name.
select id from prayer_requests where asker_id = :asker_id order by id limit :most;

-- name: forget_decider!
-- Take somebody's name off what they decided.
update prayer_requests set decided_by = null, decided_by_name = '' where decided_by = :person_id;

-- name: flagged
-- Read which requests have flags.
select distinct request_id from prayer_flags order by request_id;

-- name: forget_flags!
-- Take these flags out.
delete from prayer_flags f using unnest(:requests::uuid[], :marks::bytea[]) as w (request_id, mark)
where w.request_id = f.request_id and w.mark = f.mark;

-- name: settings^
-- Read the church's rules for prayer.
select version, settings from prayer_settings;

-- name: lock_settings^
-- Read the church's rules for prayer and keep others from changing them; they are made when there are none.
insert into prayer_settings (single) values (true) on conflict (single) do update set single = true
returning version, settings;

-- name: set_settings!
-- Write the church's rules for prayer.
update prayer_settings set version = version + 1, settings = :settings::jsonb;
