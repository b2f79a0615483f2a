"""`narthex demo --crowd`, sent into a small installation as it is sent into the demo."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from server.cli.demo import crowd, person, voices
from server.cli.demo.start import ENVIRONMENT, write_variables
from server.domains.events.schemas import Plan
from server.domains.safety.models import Rules, Said, Standing, Verdict
from server.domains.safety.policy import compile_rules, judge
from server.kit.scope import Scope
from server.settings import Settings
from server.wiring import Wiring
from tests.server.cli.conftest import Narthex, environment
from tests.web_process import Process, started


@pytest.fixture
def process(settings: Settings) -> Iterator[Process]:
    """Give a running web process."""
    with started(settings) as process:
        yield process


@pytest.fixture
async def room(wiring: Wiring, system: Scope, settings: Settings) -> UUID:
    """Give the room of a gathering that is on in the church `grace`."""
    now = datetime.now(UTC)
    plan = Plan("Open hall", now, now + timedelta(hours=1), "Europe/London")
    gathering = await wiring.events.plan(system, plan)
    window = (gathering.opens_at, gathering.closes_at)
    async with wiring.database.transaction(system) as tx:
        return (await wiring.rooms.put_gathering(tx, gathering.id, gathering.title, window)).id


def pretend(folder: Path, settings: Settings, url: str) -> None:
    """Leave the settings of an installation where a demo leaves its own."""
    write_variables(folder / ENVIRONMENT, {**environment(settings), "NARTHEX_PUBLIC_URL": url})


def lively(patch: pytest.MonkeyPatch) -> None:
    """Let people be quicker than people are."""
    patch.setattr(crowd, "QUIETEST", 8.0)
    patch.setattr(crowd, "BUSIEST", 8.0)
    patch.setattr(crowd, "REST", 1.0)
    patch.setattr(person, "TYPING_EVERY", 0.1)


async def test_a_crowd_comes_talks_and_goes_home(
    wiring: Wiring, system: Scope, room: UUID, settings: Settings, process: Process, tmp_path: Path
) -> None:
    """Under its names it says what the services keep, answers and reacts to it, and tells at the end what it did."""
    pretend(tmp_path, settings, process.url)
    script = (
        "from tests.server.cli.demo.test_crowd import lively\n"
        "import pytest, sys\n"
        "from server.cli import run\n"
        "lively(pytest.MonkeyPatch())\n"
        "sys.exit(run(sys.argv[1:]))\n"
    )
    words = ["demo", "--crowd", "8", "--minutes", "0.3", "--data", str(tmp_path)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("NARTHEX_")}
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, check=False, env=environ
    )
    assert done.returncode == 0, done.stderr
    assert "of 8 here" in done.stderr
    said = (await wiring.messages.history(system, room, most=100)).messages
    told = re.search(r"Gone home: (\d+) messages", done.stdout)
    assert told is not None, done.stdout
    assert 0 < int(told[1]) <= len(said) <= int(told[1]) + 8  # who goes may have one on its way
    assert len({message.author.name for message in said}) > 1
    assert {message.author.kind for message in said} == {"guest"}


def test_it_goes_home_when_told_to(room: UUID, settings: Settings, process: Process, tmp_path: Path) -> None:
    """Ctrl-C ends it with exit code 0 and a sentence."""
    pretend(tmp_path, settings, process.url)
    words = ["demo", "--crowd", "3", "--minutes", "30", "--data", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-m", "server", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        assert running.stdout is not None
        while "here" not in (line := running.stderr.readline()):
            assert line, "it ended by itself"
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 0
        assert running.stdout.read().startswith("Sent home: ")


def test_without_a_demo_it_says_what_to_do(bare: Narthex, settings: Settings, tmp_path: Path) -> None:
    """Where no demo ever ran, and where one has ended, a sentence says how to start one."""
    first = bare("demo", "--crowd", "5", "--data", str(tmp_path))
    pretend(tmp_path, settings, "http://127.0.0.1:9")
    second = bare("demo", "--crowd", "5", "--data", str(tmp_path))
    assert [first.code, second.code] == [1, 1]
    assert "make demo" in first.err
    assert first.err == second.err


def test_without_a_gathering_it_says_what_to_do(
    bare: Narthex, settings: Settings, process: Process, tmp_path: Path
) -> None:
    """A crowd needs a hall whose doors are open."""
    pretend(tmp_path, settings, process.url)
    outcome = bare("demo", "--crowd", "5", "--data", str(tmp_path))
    assert outcome.code == 1
    assert outcome.err == "No gathering is on: open one in the console, under Gatherings.\n"


@pytest.mark.parametrize("many", ["0", "-3", "6000", "all"])
def test_a_crowd_that_cannot_be_is_told(bare: Narthex, many: str) -> None:
    """Exit code 2, and the option is named."""
    outcome = bare("demo", "--crowd", many)
    assert outcome.code == 2
    assert "crowd" in outcome.err


def test_nothing_a_crowd_says_would_be_held() -> None:
    """Rules, links and the words of who is in need leave every line alone."""
    rules = compile_rules(Rules())
    for voice in voices.VOICES.values():
        for lines in (voice.greetings, voice.words, voice.answers, voice.replies, voice.goodbyes):
            for line in lines:
                said = Said(line.replace("{place}", "Leeds"), guest=True)
                verdict = judge(said, Standing(), rules, locked=False, now=datetime.now(UTC))
                assert isinstance(verdict, Verdict), line
                assert verdict.act == "take", line
