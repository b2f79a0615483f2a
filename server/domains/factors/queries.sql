-- name: begin!
-- Begin an enrolment; one that was begun and not confirmed is replaced.
insert into factors_totp as f (person_id, secret_sealed) values (:person_id, :secret_sealed)
on conflict (person_id) do update set secret_sealed = excluded.secret_sealed, created_at = now(), last_step = 0
where f.confirmed_at is null;

-- name: lock^
-- Read a person's authenticator and let no other sign-in use it until COMMIT.
select person_id, secret_sealed, confirmed_at, last_step, clock_timestamp() as read_at
from factors_totp where person_id = :person_id for update;

-- name: asked$
-- Tell whether a person has a confirmed authenticator.
select exists (select from factors_totp where person_id = :person_id and confirmed_at is not null);

-- name: accept!
-- Remember the step of an accepted code, confirming the authenticator when it was not.
update factors_totp set last_step = :step, confirmed_at = coalesce(confirmed_at, now())
where person_id = :person_id and last_step < :step;

-- name: remove!
-- Take an authenticator away.
delete from factors_totp where person_id = :person_id;

-- name: forget_codes!
-- Take all recovery codes away.
delete from factors_recovery where person_id = :person_id;

-- name: add_codes!
-- Add recovery codes.
insert into factors_recovery (person_id, code_hash)
select :person_id, code_hash from unnest(:code_hashes::bytea[]) as code_hash;

-- name: use_code!
-- Use up a recovery code.
update factors_recovery set used_at = now()
where person_id = :person_id and code_hash = :code_hash and used_at is null;

-- name: codes_left$
-- Count the recovery codes that were not used.
select count(*) from factors_recovery where person_id = :person_id and used_at is null;
