-- Run once per Postgres database by a superuser (`narthex migrate` does it when NARTHEX_ADMIN_URL is set).
-- Makes the fixed roles and the extensions; safe to run again. Passwords are set apart, never here.
do $$
declare
  r text;
begin
  -- narthex_owner owns schemas and tables and is used by migrations alone; narthex_app is what the application logs in
  -- as: it can read no church's table by itself. narthex_control and narthex_shard are the second door. narthex_church
  -- is what all churches' roles have in common: they may announce through the outbox and wake.
  foreach r in array array['narthex_owner', 'narthex_app', 'narthex_control', 'narthex_shard', 'narthex_church'] loop
    if not exists (select from pg_roles where rolname = r) then
      begin
        execute format('create role %I nologin', r);
      exception when duplicate_object or unique_violation then null; -- another bootstrap was quicker
      end;
    end if;
  end loop;
end $$;
alter role narthex_owner login createrole;
alter role narthex_app login;
grant narthex_control, narthex_shard to narthex_app with inherit false, set true;
grant narthex_church to narthex_owner with admin true, inherit false, set false;
do $$
begin
  execute format('grant connect, create on database %I to narthex_owner', current_database());
  execute format('grant connect on database %I to narthex_app', current_database());
  execute format('revoke temporary, create on database %I from public', current_database());
end $$;
revoke all on schema public from public;
create schema if not exists extensions;
grant usage on schema extensions to public;
create extension if not exists pg_trgm with schema extensions;
create extension if not exists unaccent with schema extensions;
create extension if not exists citext with schema extensions;
create extension if not exists btree_gist with schema extensions;
do $$
begin
  if exists (select from pg_available_extensions where name = 'vector') then
    create extension if not exists vector with schema extensions;
  end if;
end $$;
