"""Churches, their slugs and domains, and the people who run the installation."""

from server.kit.migrations import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the control schema's first tables."""
    run(
        """
        create table tenants (
          id text primary key check (id ~ '^[a-z0-9]{16}$'),
          slug text not null unique check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
          name text not null check (char_length(name) between 1 and 200),
          shard text not null,
          region text,
          status text not null default 'creating'
            check (status in ('creating', 'active', 'suspended', 'deleting')),
          limits jsonb not null default '{}',
          created_at timestamptz not null default now(),
          changed_at timestamptz not null default now()
        );
        -- every slug a church ever had; old ones stay as aliases, so that a pasted snippet never breaks
        create table tenant_slugs (
          slug text primary key,
          tenant_id text not null references tenants on delete cascade,
          since timestamptz not null default now()
        );
        create index tenant_slugs_tenant on tenant_slugs (tenant_id); -- aliases of a church
        create table tenant_domains (
          host text primary key check (host = lower(host)),
          tenant_id text not null references tenants on delete cascade,
          verified_at timestamptz
        );
        create index tenant_domains_tenant on tenant_domains (tenant_id); -- domains of a church
        create table tenant_operators (
          id uuid primary key default uuidv7(),
          email text not null unique check (email = lower(email)),
          name text not null,
          password_hash text not null,
          totp_sealed bytea,
          disabled_at timestamptz,
          created_at timestamptz not null default now()
        );
        grant usage on schema control to narthex_control;
        grant select, insert, update, delete 
          on tenants, tenant_slugs, tenant_domains, tenant_operators to narthex_control;
        """
    )
