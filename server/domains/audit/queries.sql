-- name: lock$
-- Let one transaction of this church at a time take the next number; held to its COMMIT.
select pg_advisory_xact_lock(7209467, hashtext(current_schema()));

-- name: last^
-- Read the end of the chain, and the time to write on the next entry.
select e.seq, e.hash, clock_timestamp() as at
from (select 1) as one left join (select seq, hash from audit_entries order by seq desc limit 1) as e on true;

-- name: insert!
-- Add an entry.
insert into audit_entries
  (seq, at, actor_kind, actor_id, actor_name, action, subject, details, request_id, address, prev_hash, hash)
values
  (:seq, :at, :actor_kind, :actor_id, :actor_name, :action, :subject, :details, :request_id, :address,
   :prev_hash, :hash);

-- name: newest
-- Read a page of entries before one, newest first; a filter that is null lets everything pass.
select seq, at, actor_kind, actor_id, actor_name, action, subject, details, request_id, address, prev_hash, hash
from audit_entries
where seq < :before
  and (:actor_id::uuid is null or actor_id = :actor_id)
  and (:subject::text is null or subject = :subject)
  and (:action::text is null or action = :action)
order by seq desc limit :most;

-- name: oldest
-- Read a page of entries after one in the order of the chain.
select seq, at, actor_kind, actor_id, actor_name, action, subject, details, request_id, address, prev_hash, hash
from audit_entries where seq > :after order by seq limit :most;
