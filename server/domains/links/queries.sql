-- name: replace!
-- End the links of one kind that an address was sent, or that concern the same account, before.
update links_sent set used_at = now()
where kind = :kind and used_at is null and (email = :email or person_id = :person_id);

-- name: insert^
-- Remember a link by the hash of its token.
insert into links_sent (kind, token_hash, email, person_id, name, locale, roles, invited_by, expires_at)
values (:kind, :token_hash, :email, :person_id, :name, :locale, :roles::text[], :invited_by, now() + :life::interval)
returning id, kind, email, person_id, name, locale, roles, invited_by, created_at, expires_at, used_at;

-- name: open_by_hash^
-- Read an open link.
select id, kind, email, person_id, name, locale, roles, invited_by, created_at, expires_at, used_at
from links_sent where token_hash = :token_hash and kind = :kind and used_at is null and expires_at > now();

-- name: use^
-- Use up an open link; of two at once one gets it.
update links_sent set used_at = now()
where token_hash = :token_hash and kind = :kind and used_at is null and expires_at > now()
returning id, kind, email, person_id, name, locale, roles, invited_by, created_at, expires_at, used_at;

-- name: end_of_person!
-- End all open links that concern a person's account.
update links_sent set used_at = now() where person_id = :person_id and used_at is null;

-- name: invitations
-- Read open invitations, after a given one.
select id, kind, email, person_id, name, locale, roles, invited_by, created_at, expires_at, used_at
from links_sent
where kind = 'invite' and used_at is null and expires_at > now() and id > :after order by id limit :most;

-- name: lock_invitation^
-- Read an open invitation and let nobody use it until COMMIT.
select id, kind, email, person_id, name, locale, roles, invited_by, created_at, expires_at, used_at
from links_sent
where id = :id and kind = 'invite' and used_at is null and expires_at > now() for update;

-- name: end!
-- End a link.
update links_sent set used_at = now() where id = :id and used_at is null;

-- name: trim!
-- Forget links that were over a month ago.
delete from links_sent where expires_at < now() - interval '30 days';
