"""server.web.embed."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import httpx
import pytest

from server.web import assets
from server.web.app import create_app
from server.web.assets import DIST, PINNED
from server.web.embed import version_of
from server.wiring import Wiring
from tests.server.web.sample import Doorman

on_module_loop = pytest.mark.asyncio(loop_scope="module")
built = pytest.mark.skipif(not (DIST / "embed.js").exists(), reason="the widgets are not built")


@on_module_loop
@built
async def test_loader(client: httpx.AsyncClient) -> None:
    """The loader may be run by any website, is small when packed, and is asked for again after 5 min."""
    answer = await client.get("/embed.js", headers={"accept-encoding": "gzip"})
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["cache-control"].startswith("public, max-age=300")
    assert int(answer.headers["content-length"]) <= 4096
    plain = await client.get("/embed.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content == (DIST / "embed.js").read_bytes()
    again = await client.get(
        "/embed.js", headers={"if-none-match": plain.headers["etag"], "accept-encoding": ""}
    )
    assert again.status_code == 304


@on_module_loop
@built
async def test_a_version_can_be_pinned(client: httpx.AsyncClient) -> None:
    """The newest version has an address that is kept for ever, a digest of its bytes, and other sites may check it."""
    told = (await client.get("/embed.json")).json()
    answer = await client.get(told["src"])
    digest = base64.b64encode(hashlib.sha384(answer.content).digest()).decode()
    assert told["integrity"] == f"sha384-{digest}"
    assert told["src"] == f"/embed/{told['version']}.js"
    assert answer.content == (DIST / "embed.js").read_bytes()
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"


@on_module_loop
@pytest.mark.parametrize(
    "name", ["0123456789abcdef.js", "embed.js", "..%2fembed.js", "0123456789abcdef", "manifest.json"]
)
async def test_other_versions_are_nothing(client: httpx.AsyncClient, name: str) -> None:
    """A version that never was, and a name that is none, are 404."""
    assert (await client.get(f"/embed/{name}")).status_code == 404


@on_module_loop
async def test_an_earlier_version_stays(
    wiring: Wiring, doorman: Doorman, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a release has offered is served after an update, when the newest loader is another one."""
    body = b"/* the loader of last year */"
    (tmp_path / f"{version_of(body)}.js").write_bytes(body)
    monkeypatch.setattr(assets, "PINNED", tmp_path)
    transport = httpx.ASGITransport(app=create_app(wiring, identity=doorman))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        answer = await client.get(f"/embed/{version_of(body)}.js")
    assert answer.content == body
    assert answer.headers["cache-control"].endswith("immutable")


def test_what_is_pinned_is_what_its_name_says() -> None:
    """Every kept loader has the name of its content: none was changed afterwards."""
    for path in PINNED.glob("*"):
        assert path.name == f"{version_of(path.read_bytes())}.js"
