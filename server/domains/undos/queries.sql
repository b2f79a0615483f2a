-- name: keep!
-- Keep what takes the newest act about something back; an older act about it cannot be taken back any more.
insert into undos_kept (subject, act, sealed, at) values (:subject, :act, :sealed, :now)
on conflict (subject) do update set act = excluded.act, sealed = excluded.sealed, at = excluded.at;

-- name: take$
-- Give out, once, what takes an act back.
delete from undos_kept where subject = :subject and act = :act and at > :since returning sealed;

-- name: drop!
-- Let nothing about these subjects be taken back.
delete from undos_kept where subject = any(:subjects::uuid[]);

-- name: trim!
-- Forget what is too old to be taken back.
delete from undos_kept where at <= :before;
