"""The step of an operator's last code, so that none is taken twice."""

from server.kit.migrations import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Remember the last accepted time step of each operator's authenticator."""
    run("alter table tenant_operators add column totp_step bigint not null default 0")
