"""No service answers without knowing who asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture import services
from tests.architecture.house import ROOT, plant

PATH = "server/domains/chat/service.py"
NONE: dict[str, str] = {}


def service(root: Path, *methods: str) -> Path:
    """Plant a chat service with these methods."""
    return plant(root, {PATH: "class ChatService:\n" + "\n".join(f"    {method}: ..." for method in methods)})


def test_every_service_of_the_house_knows_who_asks() -> None:
    """Each public asynchronous method of a service takes `scope: Scope` first."""
    assert [str(finding) for finding in services.scopes(ROOT)] == []


@pytest.mark.parametrize(
    "method",
    [
        "async def post(self, body: str)",
        "async def post(self, body: str, scope: Scope)",
        "async def post(self)",
        "async def post(self, *, scope: Scope)",
        "async def post(self, scope)",
        "async def post(self, scope: str)",
        "@staticmethod\n    async def post(scope: Scope)",
        "def stream(self, room: str) -> AsyncIterator[str]",
    ],
)
def test_a_method_that_does_not_ask_who_is_found(tmp_path: Path, method: str) -> None:
    """The scope is missing, elsewhere, untyped or of another type: each is refused."""
    assert len(services.scopes(service(tmp_path, method), NONE)) == 1


def test_what_nobody_asks_for_needs_no_scope(tmp_path: Path) -> None:
    """Private methods, the constructor, plain functions and other classes are left alone."""
    root = service(tmp_path, "def __init__(self, db)", "async def _one(self)", "def limit(self)")
    assert services.scopes(root, NONE) == []
    assert (
        services.scopes(plant(tmp_path / "b", {PATH: "class Room:\n    async def post(self): ..."}), NONE)
        == []
    )


def test_a_method_with_its_scope_is_in_order(tmp_path: Path) -> None:
    """`self, scope: Scope` first, then what the method needs."""
    root = service(
        tmp_path,
        "async def post(self, scope: Scope, body: str)",
        "async def search(self, scope: kit.Scope)",
        "async def record(self, tx: Transaction, entry: Entry)",
    )
    assert services.scopes(root, NONE) == []


def test_an_exception_that_is_not_needed_is_found(tmp_path: Path) -> None:
    """A reason that lost its method does not stay on the list."""
    root = service(tmp_path, "async def post(self, scope: Scope)")
    assert len(services.scopes(root, {"chat:ChatService.post": "a reason"})) == 1
    root = service(tmp_path, "async def post(self)")
    assert services.scopes(root, {"chat:ChatService.post": "a reason"}) == []
