"""What looks like a raid waits behind everything else."""

from server.kit.migrations import run

revision = "0023"
down_revision = "0015"


def upgrade() -> None:
    """Let a case weigh less than nothing: near-duplicates and links behind what was asked by itself."""
    run(
        """
        alter table moderation_cases drop constraint moderation_cases_weight_check;
        alter table moderation_cases add check (weight in (-1, 0, 1, 2)); -- -1 dubious, 1 urgent, 2 crisis
        """
    )
