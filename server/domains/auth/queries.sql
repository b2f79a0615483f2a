-- name: lock_identity$
-- Let one exchange of an identity at a time decide whose it is.
select pg_advisory_xact_lock(7209468, hashtext(current_schema() || :issuer || ' ' || :subject));

-- name: identity$
-- Read who a website's visitor is.
select person_id from auth_identities where issuer = :issuer and subject = :subject;

-- name: insert_identity!
-- Remember who a website's visitor is.
insert into auth_identities (issuer, subject, person_id) values (:issuer, :subject, :person_id);

-- name: use_token!
-- Use up an identity token.
insert into auth_exchanged (token_hash, expires_at)
values (:token_hash, to_timestamp(:expires_at::bigint)) on conflict do nothing;

-- name: trim!
-- Forget used tokens that nobody would take any more.
delete from auth_exchanged where expires_at < now() - interval '1 hour';
