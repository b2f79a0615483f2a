"""What the README says of the demo is what the demo has."""

from __future__ import annotations

import re
from pathlib import Path

from server.cli.demo.logins import LOGINS, SLUG

README = (Path(__file__).parents[4] / "README.md").read_text()


def test_the_readme_names_logins_that_are_there() -> None:
    """Each e-mail address in it has its password beside it, and both are the demo's."""
    named = re.findall(r"`([\w.]+@grace\.example)`, `([\w-]+)`", README)
    assert len(named) >= 2
    assert set(named) <= {(login.email, login.password) for login in LOGINS}


def test_the_readme_leads_to_the_demos_addresses() -> None:
    """The console and the church's website stand where `make demo` puts them, and each picture is a file."""
    assert f"http://127.0.0.1:8000/console/{SLUG}" in README
    assert "http://localhost:8001" in README
    pictures = re.findall(r'"(deploy/pictures/[^"]+)"', README)
    assert pictures
    missing = [name for name in pictures if not (Path(__file__).parents[4] / name).is_file()]
    assert missing == []
