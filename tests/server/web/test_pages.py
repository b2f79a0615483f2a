"""server.web.pages."""

from __future__ import annotations

import gzip
import json
import os
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar

from server.web import pages
from server.web.assets import DIST, Files, send
from server.web.pages import DemoSite
from server.wiring import Wiring

on_module_loop = pytest.mark.asyncio(loop_scope="module")
built = pytest.mark.skipif(not (DIST / "manifest.json").exists(), reason="the widgets are not built")
THIRD = re.compile(r"""(?:src|href|url|action)\s*[=(]\s*["']?(?:https?:)?//""")


@on_module_loop
@pytest.mark.parametrize("path", ["/", "/console", "/console/grace", "/console/grace/prayers/5", "/docs"])
@built
async def test_pages_ask_nobody_else(client: httpx.AsyncClient, path: str) -> None:
    """A page loads from our own address only, runs no inline script, and is never framed."""
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert not THIRD.search(answer.text)
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|<style|javascript:", answer.text)
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy.replace("style-src-attr 'unsafe-inline'", "")
    assert answer.headers["cache-control"] == "no-store"
    for loaded in re.findall(r"""(?:src|href)="(/[^"]+\.(?:js|css|svg))\"""", answer.text):
        assert (await client.get(loaded)).status_code == 200, loaded


@on_module_loop
@built
async def test_console_names_its_church(client: httpx.AsyncClient) -> None:
    """The console of a church carries its name; of no church, nothing; and what is in the address is escaped."""
    assert 'church="grace" name="Grace Church"' in (await client.get("/console/grace")).text
    assert 'church="nobody" name=""' in (await client.get("/console/nobody")).text
    hostile = await client.get("/console/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert "<script>alert" not in hostile.text
    assert "trusted-types lit-html" in hostile.headers["content-security-policy"]


def data_of(page: str) -> dict[str, Any]:
    [text] = re.findall(r'<script type="application/json" id="narthex-page">(.*?)</script>', page)
    found: dict[str, Any] = json.loads(text)
    return found


@on_module_loop
@pytest.mark.parametrize(
    ("path", "framed", "opener"),
    [
        ("/w/grace/chat", "frame-ancestors 'self'", "same-origin-allow-popups"),
        ("/w/grace/sign-in", "frame-ancestors 'none'", "unsafe-none"),
    ],
)
@built
async def test_pages_for_visitors(client: httpx.AsyncClient, path: str, framed: str, opener: str) -> None:
    """What visitors see asks nobody else and runs nothing inline; one signs in where no website can frame it.

    Both keep hold of each other: the chat of the tab it opened, and that tab of the chat, on whatever website that is.
    """
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert framed in policy
    for rule in ("script-src 'self'", "form-action 'none'", "trusted-types lit-html"):
        assert rule in policy
    assert "unsafe" not in policy
    assert answer.headers["cross-origin-opener-policy"] == opener
    assert not THIRD.search(answer.text)
    assert not re.search(r"<script(?![^>]*\b(?:src=|type=\"application/json))|\son\w+=|<style", answer.text)
    assert data_of(answer.text)["church"] == {"slug": "grace", "name": "Grace Church", "status": "active"}
    loaded = re.findall(r"""(?:src|href)="(/[^"]+\.(?:js|css|svg))\"""", answer.text)
    assert len(loaded) >= 4  # icon, style, script, words
    for name in loaded:
        assert (await client.get(name)).status_code == 200, name


@on_module_loop
@pytest.mark.parametrize(
    ("accepts", "query", "language"),
    [
        ("en", "", "en"),
        ("fr, es-MX;q=0.8, en", "", "es"),
        ("en", "?language=es", "es"),
        ("es", "?language=x", "es"),
    ],
)
@built
async def test_words_come_along(client: httpx.AsyncClient, accepts: str, query: str, language: str) -> None:
    """A page names the words it will need: those of whoever led here, else those the browser asks for."""
    answer = await client.get(f"/w/grace/sign-in{query}", headers={"accept-language": accepts})
    words = Files(DIST).part(pages.SIGN_IN.words.format(language))
    assert f'<link rel="modulepreload" href="/assets/{words}">' in answer.text


@on_module_loop
@built
async def test_pages_of_churches_that_are_paused_or_not_there(
    client: httpx.AsyncClient, wiring: Wiring
) -> None:
    """A paused church's pages say that it is; a church that does not exist has none."""
    await wiring.tenants.suspend("hope")
    try:
        for path in ("chat", "sign-in"):
            answer = await client.get(f"/w/hope/{path}")
            assert answer.status_code == 200
            assert data_of(answer.text)["church"]["status"] == "suspended"
            missing = await client.get(f"/w/nobody/{path}")
            assert (missing.status_code, missing.headers["content-type"]) == (404, "text/html; charset=utf-8")
            assert "no such church" in missing.text
    finally:
        await wiring.tenants.resume("hope")


def test_shared_parts_come_first_and_once(tmp_path: Path) -> None:
    """What an entry imports is named in front of it, through several steps, and never twice."""
    manifest = {
        "a": {"file": "a.js", "css": ["a.css"], "imports": ["core", "lit"]},
        "core": {"file": "core.js", "css": ["core.css"], "imports": ["lit"]},
        "lit": {"file": "lit.js"},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    assert Files(tmp_path).entry("a") == (["lit.js", "core.js", "a.js"], ["core.css", "a.css"])
    assert Files(tmp_path).entry("b") is None


@on_module_loop
@built
async def test_hashed_files_are_kept(client: httpx.AsyncClient) -> None:
    """A file with a hash in its name is kept for a year, the manifest is not served."""
    scripts, styles = Files(DIST).entry(pages.CONSOLE) or ([], [])
    for name in [*scripts, *styles]:
        answer = await client.get(f"/assets/{name}")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert (await client.get("/assets/manifest.json")).status_code == 404


@on_module_loop
@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fpyproject.toml",
        "%2e%2e",
        "docs%2fswagger-ui.css",
        ".hidden.js",
        "%00.js",
        "nothing.js",
        "x.py",
    ],
)
async def test_nothing_outside_the_folder(client: httpx.AsyncClient, name: str) -> None:
    """No name leads out of the folder, and what is not there is 404."""
    for folder in ("assets", "docs"):
        assert (await client.get(f"/{folder}/{name}")).status_code == 404


def test_names_of_files(tmp_path: Path) -> None:
    """Only plain names of kinds that we serve are looked for, and a link that leads out is the owner's own doing."""
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.js").write_text("secret")
    (tmp_path / "in" / "a.js").write_text("1")
    files = Files(tmp_path / "in")
    assert files.get("a.js") is not None
    for name in ("../secret.js", "/etc/passwd", "a.js/../../secret.js", "", ".", "a.py", "..js", "a\x00.js"):
        assert files.get(name) is None, name


def test_files_are_read_again(tmp_path: Path) -> None:
    """A new build is seen without a restart."""
    files = Files(tmp_path)
    path = tmp_path / "a.js"
    path.write_text("x" * 5000)
    first = files.get("a.js")
    assert first is not None
    assert first.packed is not None
    assert gzip.decompress(first.packed) == first.body
    path.write_text("y")
    os.utime(path, (first.changed + 10, first.changed + 10))
    second = files.get("a.js")
    assert second is not None
    assert (second.body, second.packed) == (b"y", None)


@pytest.mark.parametrize(
    ("accepts", "coding", "body"),
    [
        ("gzip, deflate, br, zstd", "br", b"tight"),
        ("br;q=1.0", "br", b"tight"),
        ("gzip", "gzip", None),
        ("x-brown", None, b"x" * 5000),
        ("", None, b"x" * 5000),
    ],
)
def test_the_tightest_packing_a_browser_takes(
    tmp_path: Path, accepts: str, coding: str | None, body: bytes | None
) -> None:
    """What the build packed goes to who takes brotli, gzip to others, and the plain file to the rest."""
    (tmp_path / "a.js").write_text("x" * 5000)
    (tmp_path / "a.js.br").write_bytes(b"tight")
    file = Files(tmp_path).get("a.js")
    assert file is not None
    answer = send(file, accepts, {})
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.content == (file.packed if body is None else body)


def test_an_old_packing_is_not_sent(tmp_path: Path) -> None:
    """A file that was written after it was packed is packed by the server itself."""
    path = tmp_path / "a.js"
    path.write_text("x" * 5000)
    (tmp_path / "a.js.br").write_bytes(b"old")
    os.utime(tmp_path / "a.js.br", (1, 1))
    file = Files(tmp_path).get("a.js")
    assert file is not None
    assert file.tight is None


@on_module_loop
async def test_unbuilt_widgets(app: Litestar, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where nothing was built, pages say what to do with 503, and the landing page still stands."""
    monkeypatch.setattr(pages, "CONSOLE", "not/there.ts")
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        answer = await client.get("/console")
        assert answer.status_code == 503
        assert "make setup" in answer.text
        assert (await client.get("/")).status_code == 200
    assert Files(tmp_path).entry("x") is None


async def test_demo_site() -> None:
    """The demo church's website is a page of its own that holds nothing of ours but the snippet."""
    site = DemoSite("http://127.0.0.1:8000/", "grace", "Grace & Friends <Church>")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=site), base_url="http://localhost:8001"
    ) as client:
        home = (await client.get("/")).text
        style = await client.get("/site.css")
        missing = await client.get("/console")
    assert home.count("http://127.0.0.1:8000") == 1
    assert (
        '<script src="http://127.0.0.1:8000/embed.js" async></script>\n<narthex-chat church="grace">' in home
    )
    assert "Grace &amp; Friends &lt;Church&gt;" in home
    assert "$" not in home
    assert style.headers["content-type"].startswith("text/css")
    assert missing.status_code == 404
