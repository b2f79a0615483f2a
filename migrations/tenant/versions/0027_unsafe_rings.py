"""What must not wait rings for pastors also when it is told about one-to-one prayer."""

from server.kit.migrations import run

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Let alarms know what is new."""
    run("alter table alarms_alarms drop constraint alarms_alarms_kind_check")
    run(
        "alter table alarms_alarms add constraint alarms_alarms_kind_check check"
        " (kind in ('self_harm', 'abuse', 'unsafe', 'unattended'))"
    )
    run("alter table alarms_alarms drop constraint alarms_alarms_about_check")
    run(
        "alter table alarms_alarms add constraint alarms_alarms_about_check check"
        " (about in ('prayer', 'flag', 'reply', 'message', 'report', 'note', 'care', 'concern', 'queue'))"
    )
