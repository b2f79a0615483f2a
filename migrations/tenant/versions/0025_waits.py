"""Who is handed back to the queue begins to wait anew."""

from server.kit.migrations import run

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Write down since when somebody waits; code that knows nothing of it waits from the asking on."""
    run("alter table care_sessions add column waits_since timestamptz not null default now()")
    run("update care_sessions set waits_since = asked_at")
