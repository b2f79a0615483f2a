"""Offer the real services to every test; what a test does to the logs ends with it."""

import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings as hypothesis_settings

from tests.installation import church, other_church, other_system, settings, system, template_database, wiring
from tests.services import (
    database_url,
    embedded,
    mail,
    postgres,
    private_services,
    s3,
    services_folder,
    valkey,
    valkey_url,
)

__all__ = [
    "church",
    "database_url",
    "embedded",
    "mail",
    "other_church",
    "other_system",
    "postgres",
    "private_services",
    "s3",
    "services_folder",
    "settings",
    "system",
    "template_database",
    "valkey",
    "valkey_url",
    "wiring",
]

# examples run beside databases and browsers on two cores: how long one takes says nothing about the code
hypothesis_settings.register_profile("narthex", deadline=None)
hypothesis_settings.load_profile("narthex")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show in full what failed and passed when it was tried once more: somebody has to look at it all the same."""
    first = terminalreporter.stats.get("rerun", [])
    if first:
        terminalreporter.section("failed at the first try")
    for report in first:
        terminalreporter.write_sep("_", report.nodeid)
        terminalreporter.write_line(report.longreprtext)


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Take back a command's own logging: it writes to the stream of a test that has ended."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = before
    root.setLevel(level)
