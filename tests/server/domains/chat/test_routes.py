"""A Sunday over HTTP: a gathering, guests, a host; the same rules as on sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import msgspec
import pytest

from server.domains.rooms.models import Room
from server.kit.scope import Scope
from server.web.app import create_app
from server.wiring import Wiring
from tests.acceptance.people import People

API = "/api/v1/grace"


class Browser:
    """Somebody with a token; answers are checked for their status and decoded."""

    def __init__(self, client: httpx.AsyncClient, token: str | None) -> None:
        self._client = client
        self.headers = {"authorization": f"Bearer {token}"} if token else {}

    async def ask(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        json = None if body is None else msgspec.to_builtins(body)
        answer = await self._client.request(method, f"{API}{path}", json=json, headers=self.headers)
        assert answer.status_code == status, answer.text
        if answer.headers.get("content-type", "").startswith("application/x-ndjson"):
            return [msgspec.json.decode(line) for line in answer.content.splitlines()]
        return answer.json() if answer.content else None


@pytest.fixture
async def client(wiring: Wiring) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_app(wiring), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.fixture
async def people(wiring: Wiring) -> People:
    return await People.settle(wiring)


@pytest.fixture
async def host(client: httpx.AsyncClient, people: People) -> Browser:
    return Browser(client, await people.token("grace", "moderator"))


@pytest.fixture
async def guest(client: httpx.AsyncClient, people: People) -> Browser:
    return Browser(client, await people.token("grace", "guest"))


async def test_a_conversation(client: httpx.AsyncClient, guest: Browser, host: Browser, room: Room) -> None:
    """Send, read, react, edit, pin, search, mark read, delete; a reader without a token sees the same."""
    at, id = f"/chat/rooms/{room.id}", str(uuid4())
    sent = await guest.ask("POST", f"{at}/messages", {"id": id, "body": "The potluck is at noon"}, status=201)
    assert sent == await guest.ask("POST", f"{at}/messages", {"id": id, "body": "again"}, status=201)
    assert (sent["id"], sent["state"]) == (id, "posted")
    emoji = quote("❤️")
    assert await host.ask("PUT", f"{at}/messages/{id}/reactions/{emoji}") == {"totals": {"❤️": 1}}
    assert (await guest.ask("PATCH", f"{at}/messages/{id}", {"body": "The potluck is at one"}))["number"] == 1
    assert (await host.ask("PUT", f"{at}/messages/{id}/pin"))["pinned"]
    [found] = await guest.ask("GET", f"{at}/search?q=POTLUCK")
    assert found["body"] == "The potluck is at one"
    assert await host.ask("POST", f"{at}/read", {"number": 5}) == {"number": 1, "unread": 0}
    assert (await host.ask("GET", f"{at}/mine"))["reactions"] == {id: ["❤️"]}
    reader = Browser(client, None)
    page = await reader.ask("GET", f"{at}/messages")
    assert [message["id"] for message in page["messages"]] == [id]
    assert page["reactions"] == {id: {"❤️": 1}}
    snapshot = await reader.ask("GET", f"{at}/snapshot")
    assert [message["id"] for message in snapshot["pins"]] == [id]
    assert [seat["room"]["id"] for seat in (await reader.ask("GET", "/chat/rooms"))["rooms"]] == [
        str(room.id)
    ]
    assert await host.ask("DELETE", f"{at}/messages/{id}/reactions/{emoji}") == {"totals": {}}
    assert not (await host.ask("DELETE", f"{at}/messages/{id}/pin")).get("pinned")
    await guest.ask("DELETE", f"{at}/messages/{id}", status=204)
    assert (await reader.ask("GET", f"{at}/messages?limit=1"))["messages"][0]["state"] == "removed"


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"body": "x" * 2001}, "bad_text", "/body"),
    ({"body": "\u202e"}, "bad_text", "/body"),
    ({"body": 7}, "invalid", "/body"),
    ({"body": "x", "mentions": ["me"]}, "invalid", "/mentions/0"),
    ({"body": "x", "id": "1"}, "invalid", "/id"),
    ({"body": "x", "author": str(uuid4())}, "invalid", "/author"),
    ({"body": "x", "reply_to": str(uuid4())}, "bad_message", "/reply_to"),
]


async def test_bad_messages(guest: Browser, room: Room) -> None:
    """The field is named, with a stable code."""
    for body, code, pointer in BAD:
        problem = await guest.ask("POST", f"/chat/rooms/{room.id}/messages", body, status=400)
        assert (problem["code"], problem["errors"][0]["pointer"]) == (code, pointer)


async def test_a_moderators_sunday(people: People, guest: Browser, host: Browser, room: Room) -> None:
    """Hold, approve, report, time out, ban with undo, clear, lock and export, each answered by its own route."""
    at, me = f"/chat/rooms/{room.id}", (await guest.ask("GET", "/auth/me"))["id"]
    await host.ask("PATCH", at, {"hold": "first"})
    held = await guest.ask("POST", f"{at}/messages", {"body": "hello"}, status=201)
    assert held["state"] == "held"
    [waiting] = (await host.ask("GET", f"/chat/held?room={room.id}"))["items"]
    assert (waiting["reason"], waiting["message"]["id"]) == ("first", held["id"])
    decided = f"/chat/held/{held['id']}/approve"
    other_words = {"edited_at": "2026-01-01T00:00:00Z"}
    assert (await host.ask("POST", decided, other_words, status=409))["code"] == "changed"
    assert (await host.ask("POST", decided, {}))[
        "number"
    ] == 1  # who does not say what they read is not asked
    problem = await host.ask("POST", f"/chat/held/{held['id']}/decline", status=409)
    assert problem["code"] == "already_decided"

    member = Browser(guest._client, await people.token("grace", "member"))
    report = f"{at}/messages/{held['id']}/report"
    await member.ask("POST", report, {"reason": "spam", "note": "look"}, status=204)
    [reported] = (await host.ask("GET", "/chat/reports"))["items"]
    assert (reported["message"]["id"], reported["note"]) == (held["id"], "look")
    await host.ask("POST", f"/chat/reports/{held['id']}/dismiss", status=204)
    assert (await host.ask("GET", "/chat/reports"))["items"] == []

    await host.ask("PUT", f"/safety/people/{me}/timeout", {"minutes": 5, "name": "Visitor"})
    assert (await guest.ask("POST", f"{at}/messages", {"body": "still here"}, status=403))[
        "code"
    ] == "timeout"
    await host.ask("DELETE", f"/safety/people/{me}/timeout", status=204)
    await host.ask("PUT", f"/safety/people/{me}/shadow", {})
    assert (await guest.ask("POST", f"{at}/messages", {"body": "can you see me"}, status=201))[
        "state"
    ] == "posted"
    assert [r["kind"] for r in (await host.ask("GET", "/safety/restraints"))["items"]] == ["shadow"]
    await host.ask("DELETE", f"/safety/people/{me}/shadow", status=204)

    ban = await host.ask(
        "POST", "/safety/bans", {"person": me, "name": "Visitor", "reason": "trolling"}, status=201
    )
    assert (await guest.ask("POST", f"{at}/messages", {"body": "hi"}, status=403))["code"] == "banned"
    assert [b["id"] for b in (await host.ask("GET", "/safety/bans"))["items"]] == [ban["id"]]
    assert (await host.ask("POST", f"/safety/bans/{ban['id']}/lift"))["lifted_by"] == "grace moderator"
    assert (await host.ask("POST", "/chat/clear", {"person": me}))["removed"] == 2

    assert (await host.ask("PUT", "/safety/lockdown", {"locked": True}))["locked"]
    assert (await guest.ask("POST", f"{at}/messages", {"body": "hi"}, status=403))["code"] == "lockdown"
    assert not (await host.ask("PUT", "/safety/lockdown", {"locked": False}))["locked"]
    owner = Browser(guest._client, await people.token("grace", "owner"))
    [line] = await owner.ask("GET", f"{at}/export")
    assert (line["number"], line["state"]) == (1, "removed")
    problem = await owner.ask("GET", f"/chat/rooms/{uuid4()}/export", status=404)
    assert problem["code"] == "no_such_room"


async def test_rooms_and_gatherings(people: People, wiring: Wiring, host: Browser, guest: Browser) -> None:
    """A pastor plans; a host makes a room for the invited; settings and rules are the owner's."""
    pastor = Browser(guest._client, await people.token("grace", "pastor"))
    owner = Browser(guest._client, await people.token("grace", "owner"))
    start = datetime.now(UTC).replace(microsecond=0)
    plan = {
        "title": "Sunday",
        "starts_at": start,
        "ends_at": start + timedelta(hours=1),
        "zone": "Africa/Lagos",
    }
    gathering = await pastor.ask("POST", "/events/gatherings", plan, status=201)
    assert (await guest.ask("GET", "/events/gatherings/now"))["current"]["id"] == gathering["id"]
    changed = await pastor.ask("PATCH", f"/events/gatherings/{gathering['id']}", {"title": "Easter"})
    assert changed == await guest.ask("GET", f"/events/gatherings/{gathering['id']}")
    assert [g["id"] for g in (await guest.ask("GET", "/events/gatherings"))["items"]] == [gathering["id"]]
    await guest.ask("GET", f"/events/gatherings/{gathering['id']}/room", status=404)
    assert (await pastor.ask("POST", f"/events/gatherings/{gathering['id']}/cancel"))["cancelled"]

    bob = str(people.persons["grace", "member"].id)
    room = await host.ask(
        "POST", "/chat/rooms", {"kind": "invited", "title": "Choir", "people": [bob]}, status=201
    )
    at = f"/chat/rooms/{room['id']}"
    await guest.ask("GET", at, status=404)
    await host.ask("POST", f"{at}/members", {"people": [bob], "role": "host"}, status=204)
    assert len((await host.ask("GET", f"{at}/members"))["items"]) == 2
    await host.ask("DELETE", f"{at}/members/{bob}", status=204)
    await host.ask("POST", f"{at}/archive", status=204)
    assert (await host.ask("GET", at))["archived"]
    await owner.ask("PUT", "/chat/settings", {"host_label": "Team", "keep_days": 30})
    assert (await host.ask("GET", "/chat/settings"))["host_label"] == "Team"
    rules = {"words": [{"pattern": "casino*", "act": "refuse"}], "links": "allow"}
    assert (await owner.ask("PUT", "/safety/rules", rules))["links"] == "allow"
    assert (await host.ask("GET", "/safety/rules"))["words"] == rules["words"]
    assert not (await host.ask("GET", "/safety/lockdown"))["locked"]


async def test_blocks(people: People, guest: Browser) -> None:
    """A guest blocks a person and hears them again."""
    bob = str(people.persons["grace", "member"].id)
    await guest.ask("PUT", f"/chat/blocks/{bob}", status=204)
    assert await guest.ask("GET", "/chat/blocks") == {"people": [bob]}
    await guest.ask("DELETE", f"/chat/blocks/{bob}", status=204)
    assert await guest.ask("GET", "/chat/blocks") == {"people": []}


async def test_a_storm_of_one_id_over_http(guest: Browser, room: Room) -> None:
    """Thirty equal posts at once are one message with one answer."""
    body = {"id": str(uuid4()), "body": "Once"}
    path = f"/chat/rooms/{room.id}/messages"
    answers = await asyncio.gather(*(guest.ask("POST", path, body, status=201) for _ in range(30)))
    assert all(answer == answers[0] for answer in answers)
    assert len((await guest.ask("GET", path))["messages"]) == 1


async def test_an_edit_in_need_is_answered_with_a_card(guest: Browser, room: Room) -> None:
    """The words wait for a host as a message of their own, and others read what they read before."""
    at = f"/chat/rooms/{room.id}/messages"
    sent = await guest.ask("POST", at, {"body": "Good morning"}, status=201)
    edited = await guest.ask("PATCH", f"{at}/{sent['id']}", {"body": "I want to kill myself"})
    assert (edited["state"], edited["card"], edited["id"] == sent["id"]) == ("held", "self_harm", False)
    assert [message["body"] for message in (await guest.ask("GET", at))["messages"]] == ["Good morning"]


async def test_a_key_sends_once(client: httpx.AsyncClient, guest: Browser, room: Room) -> None:
    """The same message with the same Idempotency-Key is sent once, also at once; the key takes no other message."""
    at = f"{API}/chat/rooms/{room.id}/messages"

    async def send(key: str, body: str = "Welcome!") -> httpx.Response:
        return await client.post(at, json={"body": body}, headers=guest.headers | {"idempotency-key": key})

    answers = [await send("first-key"), *await asyncio.gather(*(send("first-key") for _ in range(3)))]
    assert [answer.status_code for answer in answers] == [201] * 4
    assert [answer.json() for answer in answers[1:]] == [answers[0].json()] * 3
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [None, *["true"] * 3]
    answers = await asyncio.gather(*(send("second-key", "Good morning") for _ in range(4)))
    assert len({answer.json()["id"] for answer in answers}) == 1
    wrong = await send("first-key", "Something else")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "idempotency_mismatch")
    page = await guest.ask("GET", f"/chat/rooms/{room.id}/messages")
    assert [message["body"] for message in page["messages"]] == ["Welcome!", "Good morning"]


async def test_a_key_whose_answer_was_lost_sends_nothing_anew(
    client: httpx.AsyncClient, wiring: Wiring, system: Scope, guest: Browser, room: Room
) -> None:
    """The process died between the message's commit and the key's: whoever asks again gets the same message."""
    at = f"{API}/chat/rooms/{room.id}/messages"

    async def send() -> str:
        headers = guest.headers | {"idempotency-key": "some-key"}
        return str((await client.post(at, json={"body": "Welcome!"}, headers=headers)).json()["id"])

    first = await send()
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute("delete from idempotency_keys")
    assert await send() == first
