-- name: read^
-- Read what the church has set; no row: nothing.
select sites, theme::text as theme, texts::text as texts, consent::text as consent from widgets_settings;

-- name: lock^
-- Read the same and let nobody else change it until COMMIT.
select sites, theme::text as theme, texts::text as texts, consent::text as consent from widgets_settings for update;

-- name: put!
-- Replace everything.
insert into widgets_settings (sites, theme, texts, consent, changed_at)
values (:sites, (:theme::text)::jsonb, (:texts::text)::jsonb, (:consent::text)::jsonb, :now)
on conflict (single) do update
set sites = excluded.sites, theme = excluded.theme, texts = excluded.texts, consent = excluded.consent,
    changed_at = excluded.changed_at;
