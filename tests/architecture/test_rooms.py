"""Every line has one room."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.architecture import rooms
from tests.architecture.house import ROOT, plant

ORDER = [["moderation"], ["chat", "prayer"], ["members"]]
CHAT = "server/domains/chat"


def test_top_level_is_the_fixed_one() -> None:
    """Nothing tracked stands at the top level that is not named in architecture.md."""
    tracked = subprocess.run(["git", "-C", ROOT, "ls-files"], capture_output=True, text=True)
    names = tracked.stdout.splitlines() or [
        path.name for path in ROOT.iterdir() if path.suffix != ".egg-info"
    ]
    assert rooms.top_level(names) == []


def test_a_stranger_at_the_top_level_is_found() -> None:
    """A utils folder and a stray file are named, a dot-file is not."""
    found = rooms.top_level(["utils/text.py", "notes.txt", "server/cli.py", ".editorconfig"])
    assert [finding.path for finding in found] == ["notes.txt", "utils"]


@pytest.mark.parametrize(
    "check", [rooms.slice_rooms, rooms.data_rooms, rooms.introductions, rooms.purity, rooms.sizes]
)
def test_the_house_keeps_its_rooms(check: rooms.Check) -> None:
    """File names, introductions, pure files and file sizes are as architecture.md has them."""
    assert [str(finding) for finding in check(ROOT)] == []


def test_the_house_uses_front_doors() -> None:
    """No slice reaches past another's service, schemas, signals, models or errors, or upwards."""
    found = rooms.front_doors(ROOT, rooms.declared_order(ROOT / "pyproject.toml"))
    assert [str(finding) for finding in found] == []


@pytest.mark.parametrize("name", ["utils.py", "queries2.sql", "service_v2.py", "helpers/text.py"])
def test_another_file_name_in_a_slice_is_found(tmp_path: Path, name: str) -> None:
    """A slice adds no file name of its own."""
    plant(tmp_path, {f"{CHAT}/__init__.py": '"""Chat."""', f"{CHAT}/service.py": "", f"{CHAT}/{name}": ""})
    assert [finding.path for finding in rooms.slice_rooms(tmp_path)] == [f"{CHAT}/{name.split('/')[0]}"]


def test_a_slice_without_an_introduction_is_found(tmp_path: Path) -> None:
    """A slice without `__init__.py`, with an empty one, or with code in it says nothing of itself."""
    plant(tmp_path, {f"{CHAT}/service.py": ""})
    assert len(rooms.slice_rooms(tmp_path)) == 1
    plant(tmp_path, {f"{CHAT}/__init__.py": ""})
    assert len(rooms.introductions(tmp_path)) == 1
    plant(tmp_path, {f"{CHAT}/__init__.py": '"""Chat."""\nfrom .service import ChatService\n'})
    assert [finding.line for finding in rooms.introductions(tmp_path)] == [2]


def test_code_among_data_is_found(tmp_path: Path) -> None:
    """A Python file in `data/` is named; a word list is not."""
    plant(tmp_path, {f"{CHAT}/data/words.txt": "", f"{CHAT}/data/rules.py": ""})
    assert [finding.path for finding in rooms.data_rooms(tmp_path)] == [f"{CHAT}/data/rules.py"]


@pytest.mark.parametrize(
    "line",
    [
        "from server.domains.members.repository import find",
        "from server.domains.members import policy",
        "from server.domains import members",
        "import server.domains.members.routes",
        "from ..members import channel",
        "from server.domains.members.repository import *",
        "from server.domains.prayer.service import PrayerService",
        "from server.domains.moderation.signals import CaseClosed",
        "import importlib; importlib.import_module('server.domains.members.repository')",
        "__import__('server.domains.members.policy')",
    ],
)
def test_a_way_around_the_front_door_is_found(tmp_path: Path, line: str) -> None:
    """Private rooms, neighbours, upper slices and imports by string are refused, however they are written."""
    plant(tmp_path, {f"{CHAT}/service.py": f"{line}\n"})
    assert len(rooms.front_doors(tmp_path, ORDER)) == 1


def test_the_front_door_of_a_lower_slice_is_open(tmp_path: Path) -> None:
    """A slice may use its own rooms, and the five public ones of a lower slice."""
    lines = ["from server.domains.chat import policy", "from . import repository"]
    lines += [f"from server.domains.members.{door} import X" for door in sorted(rooms.FRONT_DOOR)]
    plant(tmp_path, {f"{CHAT}/service.py": "\n".join(lines)})
    assert rooms.front_doors(tmp_path, ORDER) == []


@pytest.mark.parametrize(
    "text",
    ["async def f(): ...", "import asyncio", "from asyncio import Queue", "async def f(x):\n    await x"],
)
def test_waiting_in_a_pure_file_is_found(tmp_path: Path, text: str) -> None:
    """`policy.py` and `protocol.py` decide without an event loop; other files may wait."""
    plant(tmp_path, {f"{CHAT}/policy.py": text, "realtime/protocol.py": text, "realtime/session.py": text})
    assert {finding.path for finding in rooms.purity(tmp_path)} == {
        f"{CHAT}/policy.py",
        "realtime/protocol.py",
    }


def test_a_file_of_two_nouns_is_found(tmp_path: Path) -> None:
    """450 lines are allowed, 451 are not; tests, generated and fetched files are not counted."""
    plant(
        tmp_path,
        {
            "realtime/hub.py": "#\n" * 451,
            "realtime/ring.py": "#\n" * 450,
            "widgets/src/core/view.ts": "//\n" * 500,
            "widgets/src/core/generated.ts": "//\n" * 5000,
            "widgets/src/core/view.test.ts": "//\n" * 500,
            "server/bench/node_modules/ws/index.d.ts": "//\n" * 5000,
        },
    )
    assert [f.path for f in rooms.sizes(tmp_path)] == ["realtime/hub.py", "widgets/src/core/view.ts"]


def test_a_tree_without_slices_has_nothing_to_find(tmp_path: Path) -> None:
    """The checks hold from the first commit on, before there is a slice."""
    for check in (rooms.slice_rooms, rooms.data_rooms, rooms.introductions, rooms.purity, rooms.sizes):
        assert check(tmp_path) == []
    assert rooms.front_doors(tmp_path, ORDER) == []
