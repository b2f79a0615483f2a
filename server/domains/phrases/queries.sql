-- name: all
-- Read all phrases by their titles.
select id, title, body, scripture, language, version, changed_at from phrases_phrases order by title, id limit :most;

-- name: count$
-- Count the phrases.
select count(*) from phrases_phrases;

-- name: insert^
-- Keep a phrase.
insert into phrases_phrases (title, body, scripture, language, changed_at)
values (:title, :body, :scripture, :language, :now)
returning id, title, body, scripture, language, version, changed_at;

-- name: update^
-- Replace a phrase.
update phrases_phrases set title = :title, body = :body, scripture = :scripture, language = :language, changed_at = :now,
  version = version + 1
where id = :id
returning id, title, body, scripture, language, version, changed_at;

-- name: delete^
-- Throw a phrase away.
delete from phrases_phrases where id = :id returning id;
