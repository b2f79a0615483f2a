-- name: insert^
-- Welcome a guest.
insert into guests (nickname, consent, site, locale) values (:nickname, :consent, :site, :locale)
returning id, nickname, consent, site, locale, created_at, person_id;

-- name: by_ids
-- Read guests.
select id, nickname, consent, site, locale, created_at, person_id from guests where id = any(:ids::uuid[]);

-- name: rename^
-- Let a guest go by another nickname.
update guests set nickname = :nickname where id = :id
returning id, nickname, consent, site, locale, created_at, person_id;

-- name: become!
-- Write down who the guest turned out to be; only once.
update guests set person_id = :person_id where id = :id and person_id is null;
