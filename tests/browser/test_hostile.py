"""A hostile page with a token that it stole: what it holds is worth nothing outside our own pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.sunday import Sunday
from tests.browser.visitors import Visitor, chromium, church_at_work, sunday, visitor

__all__ = ["chromium", "church_at_work", "sunday", "visitor"]  # fixtures

Come = Callable[..., Visitor]
# each way returns what came back, or how it was refused
WRITE = """async ([narthex, room, token]) => {
    try {
        const answer = await fetch(`${narthex}/api/v1/grace/chat/rooms/${room}/messages`, {
            method: "POST",
            headers: {"authorization": `Bearer ${token}`, "content-type": "application/json"},
            body: JSON.stringify({id: crypto.randomUUID(), body: "stolen words"}),
        });
        return answer.status;
    } catch (error) {
        return error.name;
    }
}"""
SIMPLE = """async ([narthex, room, token]) => {
    // what a browser sends anywhere without asking first; the answer stays hidden, so the server has to refuse
    await fetch(`${narthex}/api/v1/grace/chat/rooms/${room}/messages?access_token=${token}`, {
        method: "POST", mode: "no-cors", credentials: "include",
        body: JSON.stringify({id: "0198f000-0000-7000-8000-000000000000", body: "stolen words"}),
    }).catch(() => null);
}"""
SOCKET = """([narthex, room, token]) => new Promise((resolve) => {
    const socket = new WebSocket(`${narthex.replace("http", "ws")}/live/grace`, "narthex.v1");
    socket.onopen = () => resolve("open");
    socket.onclose = (event) => resolve(event.code);
})"""


def tries(page: Page, sunday: Sunday, token: str) -> list[object]:
    """Try every way from where a page stands; return how each ended."""
    told = [sunday.server.url, sunday.room, token]
    return [page.evaluate(way, told) for way in (WRITE, SIMPLE, SOCKET)]


@pytest.mark.parametrize("which", ["stranger", "site"])
def test_a_stolen_token_is_refused_on_another_origin(sunday: Sunday, visitor: Come, which: str) -> None:
    """Neither a stranger's page nor the church's own website writes or listens with a visitor's token."""
    anna = sunday.guest("Anna S")
    hostile = visitor()
    hostile.page.goto(getattr(sunday, which).put("<p>Win a prize!</p>"))
    assert tries(hostile.page, sunday, anna.token) == ["TypeError", None, 1006]
    assert "stolen words" not in [body for _, body in sunday.saved()]
    hostile.complaints.clear()  # the browser says what it refused


def test_the_same_token_works_where_it_belongs(sunday: Sunday, visitor: Come) -> None:
    """On our own page the very same requests are taken: it is the origin that is refused, not their form."""
    anna = sunday.guest("Anna O")
    own = visitor()
    own.page.goto(sunday.chat)
    written, _, socket = tries(own.page, sunday, anna.token)
    assert (written, socket) == (201, "open")
    assert [body for _, body in sunday.saved()].count("stolen words") == 1
    own.complaints.clear()


def test_a_token_of_one_church_opens_no_other(sunday: Sunday, visitor: Come) -> None:
    """Shown at another church's door, on our own origin, the token is nobody's."""
    anna = sunday.guest("Anna C")
    own = visitor()
    own.page.goto(sunday.chat)
    ask = """([church, token]) => fetch(`/api/v1/${church}/auth/me`, {headers: {authorization: `Bearer ${token}`}})
        .then(answer => answer.status)"""
    assert [own.page.evaluate(ask, [church, anna.token]) for church in ("grace", "hope")] == [200, 404]
    own.complaints.clear()
