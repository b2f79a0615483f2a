"""What a church shows on its own websites."""

from server.kit.migrations import run

revision = "0010"
down_revision = "0006"


def upgrade() -> None:
    """Make the table of the slice widgets."""
    run("""
create table widgets_settings (
  single boolean primary key default true check (single),
  sites text[] not null check (cardinality(sites) <= 50), -- origins that may frame the church's widgets
  theme jsonb not null,
  texts jsonb not null, -- language → key → the church's own words
  consent jsonb not null,
  changed_at timestamptz not null
);
""")
