"""Anonymous prayer: whoever asks to be nobody is nobody, in every byte that a reader of the wall receives.

A member, a guest and a visitor each ask twice without their names, over a real web process; readers follow the wall by
its pages, its JSON and its socket, live and afterwards. Then their bytes are searched.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
import pytest_asyncio

from server.domains.replies.models import Reply
from server.settings import Settings
from server.wiring import Wiring
from tests.acceptance.overheard import Heard, Reader, ids, layers, leaves, spellings
from tests.acceptance.people import People
from tests.acceptance.test_canary import body_of
from tests.acceptance.test_fuzz import OPERATIONS
from tests.server.domains.voices import person
from tests.web_process import started

on_module_loop = pytest.mark.asyncio(loop_scope="module")
ASKING, READING = "127.0.0.77", "127.0.0.78"  # addresses of the askers and of the readers
DEVICE = "NokiaBrowser/7.7.7 (zipporah-phone)"
NAME, EMAIL = "Zipporah Jethro", "zip.jethro@midian.example"
NICKNAME = "Gershom of Midian"
NAMED = "Ruth the Moabite"
SECRET = "unheard-of quincewood"  # in requests that nobody may read
PLAIN: dict[str, Any] = {"visibility": "wall", "wall_consent": True, "anonymous": True}
WORDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Please remember my knee", {"category": "health"}),
    ("Strength for the exams ahead", {"category": "work", "urgent": True, "language": "de"}),
    ("Peace upon our street", {"category": "world"}),
    ("Thankful for rain at last", {"category": "thanks", "language": "es"}),
    ("Some good end of long quarrels", {"category": "family"}),
    ("Comfort on a sad anniversary", {"category": "grief", "urgent": True, "language": "fr"}),
)


class Request(msgspec.Struct):
    """A request that was asked, and who holds its link."""

    id: UUID
    link: str
    asker: str
    at: tuple[float, float]


class Scene(msgspec.Struct):
    """What happened: who asked what, what readers heard, and how to ask on."""

    url: str
    log: Path
    heard: Heard
    http: httpx.AsyncClient
    people: People
    asked: list[Request]
    named: Request
    secrets: dict[str, set[bytes]]
    stable: set[UUID]

    def at(self, path: str, church: str = "grace") -> str:
        return f"{self.url}/api/v1/{church}{path}"

    async def as_(self, role: str, church: str = "grace") -> dict[str, str]:
        """Return the headers of somebody of this role; none for who has no account."""
        if role == "nobody":
            return {}
        return {"authorization": f"Bearer {await self.people.token(church, role)}"}


def session_of(token: str) -> UUID:
    body = token.split(".")[1]
    return UUID(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["sid"])


async def ask(
    http: httpx.AsyncClient, url: str, asker: str, body: str, token: str = "", **more: Any
) -> Request:
    """Ask as a browser does."""
    headers = {"user-agent": DEVICE} | ({"authorization": f"Bearer {token}"} if token else {})
    before = time.time()
    answer = await http.post(f"{url}/api/v1/grace/prayers", json={"body": body, **more}, headers=headers)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    return Request(UUID(found["id"]), found["link"].rpartition(".")[2], asker, (before, time.time()))


async def decide(scene_http: httpx.AsyncClient, url: str, token: str, id: UUID, verdict: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    version = (await scene_http.get(f"{url}/api/v1/grace/prayers/{id}", headers=headers)).json()["version"]
    answer = await scene_http.post(
        f"{url}/api/v1/grace/prayers/{id}/decide",
        json={"verdict": verdict, "version": version},
        headers=headers,
    )
    assert answer.status_code == 200, answer.text


async def below(wiring: Wiring, people: People, id: UUID, kind: str) -> None:
    """Let the newest words below a request stand, as the team does."""
    scope = person(people.scopes["grace"], "Pia", "pastor", "member")
    async with wiring.database.transaction(scope) as tx:
        found: dict[UUID, tuple[Reply, ...]] = await wiring.replies.all_of(tx, [id])
        (reply,) = [one for one in found[id] if one.kind == kind]
        await wiring.encouragement.decide_reply_in(tx, reply.id, approve=True, version=1)


async def pray(http: httpx.AsyncClient, url: str, id: UUID, number: int) -> dict[str, Any]:
    answer = await http.post(f"{url}/api/v1/grace/wall/{id}/pray", json={"mark": f"{number:022d}"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def read_everything(http: httpx.AsyncClient, url: str, heard: Heard) -> None:
    """Read the wall in each way there is without an account, page by page."""
    for page in ("w/grace/prayer-wall", "w/grace/prayer-request", "wall/grace"):
        heard.answer(page, await http.get(f"{url}/{page}"))
    for path in ("wall?limit=2", "wall/session?limit=2", "wall?q=knee", "wall?walls=wall&limit=200"):
        after = ""
        while True:
            answer = await http.get(f"{url}/api/v1/grace/{path}{after}")
            assert answer.status_code == 200, answer.text
            heard.answer(path, answer)
            if not (next := answer.json()["next"]):
                break
            after = f"&after={next}"
    asked = [one["id"] for one in (await http.get(f"{url}/api/v1/grace/wall?limit=200")).json()["items"]]
    answer = await http.post(f"{url}/api/v1/grace/wall/mine", json={"ids": asked, "mark": "0" * 22})
    heard.answer("wall/mine", answer)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(
    settings: Settings, wiring: Wiring, people: People, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    """Let them ask, let the team decide, and let readers read."""
    log = tmp_path_factory.mktemp("log") / "web.log"
    heard = Heard()
    asking = httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(local_address=ASKING), timeout=60)
    reading = httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(local_address=READING), timeout=60)
    with started(settings, log=log) as process:
        async with asking, reading, Reader(process.url, heard, "socket-live") as reader:
            url = process.url
            first = (await reader.join("wall:public"))["data"]
            member, pastor = await people.token("grace", "member"), await people.token("grace", "pastor")
            welcome = await asking.post(
                f"{url}/api/v1/grace/auth/guest", json={"nickname": NICKNAME, "consent": "1"}
            )
            guest, guest_id = welcome.json()["access_token"], UUID(welcome.json()["id"])
            mail = {"name": NAME, "email": EMAIL}
            asked = []
            for number, (body, more) in enumerate(WORDS):
                asker = ("member", "guest", "visitor")[number // 2]
                token = {"member": member, "guest": guest, "visitor": ""}[asker]
                contact = {"member": {"name": NAME}, "guest": {}, "visitor": mail}[asker]
                asked.append(await ask(asking, url, asker, body, token, **PLAIN, **more, **contact))
            named = await ask(
                asking, url, "member", "My own name stands here", member, **PLAIN | {"anonymous": False},
                name=NAMED,
            )  # fmt: skip
            for one in [*asked, named]:
                await decide(reading, url, pastor, one.id, "approve")
            link = {"x-prayer-link": asked[0].link, "user-agent": DEVICE}
            at = f"{url}/api/v1/grace/prayers/{asked[0].id}"
            (
                await asking.post(f"{at}/updates", json={"body": "It bends again"}, headers=link)
            ).raise_for_status()
            await below(wiring, people, asked[0].id, "update")
            (
                await asking.post(f"{at}/answered", json={"testimony": "I walk"}, headers=link)
            ).raise_for_status()
            await below(wiring, people, asked[0].id, "testimony")
            for number in range(6):
                await pray(reading, url, asked[1].id, number)
            await reader.until(lambda frame: frame["type"] == "latest")
            await reader.push("wall:public", "pray", {"mark": "1" * 22}, str(asked[2].id))
            back = {"x-prayer-link": asked[5].link}
            withdrawn = f"{url}/api/v1/grace/prayers/{asked[5].id}/withdraw"
            (await asking.post(withdrawn, headers=back)).raise_for_status()
            await reader.until(lambda frame: frame.get("event") == "prayer.removed")
            async with Reader(url, heard, "socket-back") as late:
                await late.join("wall:public", [first["epoch"], first["seq"]])
            async with Reader(url, heard, "socket-new") as new:
                await new.join("wall:public")
            await read_everything(reading, url, heard)
            sessions = {
                "session of the member": session_of(member),
                "session of the guest": session_of(guest),
            }
            stable: dict[str, str | UUID] = {
                "person": people.persons["grace", "member"].id, "guest": guest_id, "name": NAME,
                "e-mail": EMAIL, "nickname": NICKNAME, "member's name": "grace member",
                "member's e-mail": "member@grace.example", "address": ASKING, "device": DEVICE, **sessions,
            }  # fmt: skip
            stable |= {f"link {number}": one.link for number, one in enumerate(asked)}
            yield Scene(
                url, log, heard, reading, people, asked, named,
                {what: spellings(value) for what, value in stable.items()},
                {one.id for one in people.persons.values()} | set(sessions.values()) | {guest_id},
            )  # fmt: skip


def found(scene: Scene, wanted: set[bytes]) -> set[str]:
    """Return where any of these bytes can be found, however they are wrapped."""
    return {
        source
        for source, piece in scene.heard.everything()
        if any(one in layer for layer in layers(piece) for one in wanted)
    }


# ---- what a reader receives


@on_module_loop
async def test_nothing_that_is_of_an_asker(scene: Scene) -> None:
    """No id, name, address, device, session or link of an asker: plain, in hex, in base64, or as a digest."""
    assert {what: places for what, wanted in scene.secrets.items() if (places := found(scene, wanted))} == {}


@on_module_loop
async def test_the_search_finds_what_is_there(scene: Scene) -> None:
    """The same search finds in all of it whoever gives their name, and what is wrapped."""
    sources = {source for source in scene.heard.sources if source != "wall/mine"}
    pages = {source for source in sources if "/grace" in source or "q=" in source or "headers" in source}
    assert found(scene, spellings(NAMED)) == sources - pages
    id = scene.people.persons["grace", "member"].id
    for wrapped in (
        json.dumps({"x": str(id)}).encode(),
        b'"%b"' % base64.urlsafe_b64encode(b"\x01\x02" + id.bytes + b"\x03").rstrip(b"="),
        base64.b64encode(json.dumps([id.hex]).encode()).hex().encode(),
    ):
        assert any(one in layer for layer in layers(wrapped) for one in scene.secrets["person"])


@on_module_loop
async def test_ids_tell_no_time_and_belong_to_nobody(scene: Scene) -> None:
    """Every id is random, and none is that of a person, a guest or a session."""
    seen = {id for _, piece in scene.heard.everything() for layer in layers(piece) for id in ids(layer)}
    assert {one.id for one in scene.asked} <= seen
    assert {id.version for id in seen} == {4}
    assert seen & scene.stable == set()


@on_module_loop
async def test_no_time_is_finer_than_a_day(scene: Scene) -> None:
    """No moment of asking, deciding or taking back: no clock, no seconds since 1970, in no cursor and no frame."""
    first = min(one.at[0] for one in scene.asked)
    # the day of all of it, and the next where it went on over midnight
    ours = {f"{moment:%Y-%m-%d}" for moment in (datetime.fromtimestamp(first, UTC), datetime.now(UTC))}
    days, clocks = set(), []
    for source, piece in scene.heard.everything():
        for layer in layers(piece):
            days |= set(re.findall(rb"\b20\d\d-\d\d-\d\d\b", layer))
            clocks += [(source, one) for one in re.findall(rb"20\d\d-\d\d-\d\d[T ]\d\d:\d\d[:.\d]*", layer)]
            numbers = [int(one) for one in re.findall(rb"(?<![\d.])\d{10,19}(?!\d)", layer)]
            for number, unit in itertools.product(numbers, (1, 10**3, 10**6, 10**9)):
                clocks += [(source, number)] if first - 60 < number / unit < time.time() + 60 else []
    assert clocks == []
    assert {day.encode() for day in ours} & days
    told = {frame["at"] for frame in scene.heard.frames() if frame["type"] == "event"}
    assert told
    assert told <= ours


SHARED = {"None", "True", "False", "approved", "self", "en", "event", "wall", "public", "prayer", "posted"}


@on_module_loop
@pytest.mark.parametrize("asker", ["member", "guest", "visitor"])
async def test_two_requests_of_one_person_share_nothing(scene: Scene, asker: str) -> None:
    """Beside words that all requests have, no word, number or id stands in both: whoever reads cannot join them."""
    pair = [one for one in scene.asked if one.asker == asker]
    said: list[set[Any]] = []
    for one in pair:
        said.append(set())
        for _, piece in scene.heard.everything():
            text = piece.partition(b"\n\n")[2] or piece
            if not text.startswith(b"{"):
                continue
            for shown in _about(json.loads(text), str(one.id)):
                said[-1] |= {token for leaf in leaves(shown) for token in re.findall(r"[\w-]+", str(leaf))}
        assert str(one.id) in said[-1]
    assert (said[0] & said[1]) - SHARED - {f"{datetime.now(UTC):%Y-%m-%d}"} == set()


def _about(value: Any, id: str) -> list[Any]:
    """Return the innermost frames and objects that are about a request."""
    if isinstance(value, dict):
        if value.get("type") == "event":
            return [value] if id in str(value) else []
        if value.get("id") == id:
            return [value]
        value = list(value.values())
    return [about for inner in value for about in _about(inner, id)] if isinstance(value, list) else []


@on_module_loop
async def test_a_few_prayers_are_told_to_nobody(scene: Scene) -> None:
    """Below five there is no number, also for who prays once more and in the order's cursor; from five on there is."""
    few, many = scene.asked[2], scene.asked[1]
    answer = await scene.http.post(scene.at(f"/wall/{few.id}/pray"), json={"mark": "0" * 22})
    assert answer.json() == {"id": str(few.id), "count": None}
    for path in ("/wall?limit=200", "/wall/session?limit=1"):
        found = (await scene.http.get(scene.at(path))).json()
        assert str(few.id) not in found["prayed"]
        if found["next"]:
            cursor = base64.urlsafe_b64decode(found["next"] + "==")
            assert b"[" not in cursor[:1]
            assert few.id.bytes not in cursor
    assert (await scene.http.get(scene.at("/wall?limit=200"))).json()["prayed"][str(many.id)] == 6
    told = [frame["data"] for frame in scene.heard.frames() if frame["type"] == "latest"]
    assert [one for one in told if one["id"] != str(many.id)] == []
    assert min(one["count"] for one in told) >= 5


@on_module_loop
async def test_praying_again_counts_once(scene: Scene) -> None:
    """The same mark, replayed over HTTP and over sockets, alone and at once, moves nothing."""
    id = scene.asked[1].id
    before = (await pray(scene.http, scene.url, id, 0))["count"]
    answers = await asyncio.gather(*(pray(scene.http, scene.url, id, number % 2) for number in range(20)))
    assert {one["count"] for one in answers} == {before}
    async with Reader(scene.url, Heard()) as reader:
        await reader.join("wall:public")
        for _ in range(5):
            reply = await reader.push("wall:public", "pray", {"mark": f"{0:022d}"}, str(id))
            assert reply["data"]["count"] == before


# ---- what nobody may read


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hidden(scene: Scene, wiring: Wiring) -> dict[str, UUID]:
    """Give requests that stand on no wall: waiting, declined, for the pastors, expired."""
    pastor = await scene.people.token("grace", "pastor")
    made: dict[str, UUID] = {}
    for state in ("held", "declined", "pastor", "expired"):
        body = f"{SECRET} {uuid4().hex}"
        visibility: dict[str, Any] = {"visibility": "pastors"} if state == "pastor" else {}
        one = await ask(scene.http, scene.url, "visitor", body, **PLAIN | visibility, name=NAME)
        made[state] = one.id
        if state in ("declined", "expired"):
            verdict = "decline" if state == "declined" else "approve"
            await decide(scene.http, scene.url, pastor, one.id, verdict)
    async with wiring.database.transaction(scene.people.scopes["grace"]) as tx:
        await tx.connection.execute(
            "update prayer_requests set expires_at = now() - interval '1 day' where id = $1", made["expired"]
        )
    assert await wiring.prayer.expire(scene.people.scopes["grace"]) == 1
    return made


ABOUT_ONE = [(method, path) for method, path in OPERATIONS if "{request_id}" in path]


@on_module_loop
@pytest.mark.parametrize(
    ("role", "church"),
    [
        ("nobody", "grace"),
        ("guest", "grace"),
        ("member", "grace"),
        ("moderator", "grace"),
        ("owner", "hope"),
        ("member", "hope"),
    ],
)
async def test_what_stands_nowhere_is_not_there(
    scene: Scene, hidden: dict[str, UUID], role: str, church: str
) -> None:
    """By its id, over every route, for strangers, members and the other church: as if it had never been."""
    assert len(ABOUT_ONE) > 10
    headers = await scene.as_(role, church)
    for method, path in ABOUT_ONE:
        answers = {}
        for state, id in {**hidden, "none": uuid4()}.items():
            where = path.replace("{church}", church).replace("{request_id}", str(id))
            answer = await scene.http.request(
                method.upper(),
                scene.url + where,
                json=body_of(method, path, "plain and simple"),
                headers=headers,
            )
            assert SECRET not in answer.text
            assert NAME not in answer.text
            answers[state] = (answer.status_code, answer.json().get("code") if answer.content else None)
        # to follow no more what one does not follow changes nothing, whatever it is
        quiet = {(204, None)} if method == "delete" and path.endswith("/follow") else set()
        assert len(set(answers.values())) == 1, (method, path, answers)
        assert answers["none"][0] in (401, 403, 404) or set(answers.values()) == quiet, (
            method,
            path,
            answers,
        )


@on_module_loop
@pytest.mark.parametrize(
    ("role", "church", "archived"),
    [("nobody", "grace", False), ("guest", "grace", False), ("member", "grace", True), ("member", "hope", False)],
)  # fmt: skip
async def test_no_list_holds_what_stands_nowhere(
    scene: Scene, hidden: dict[str, UUID], role: str, church: str, archived: bool
) -> None:
    """Neither list, search, session, snapshot nor socket; the archive gives members what has run out, and no more."""
    headers = await scene.as_(role, church)
    for query in (
        "/wall?limit=200",
        f"/wall?q={SECRET}",
        "/wall/session?limit=200",
        "/wall?archive=true&limit=200",
    ):
        text = (await scene.http.get(scene.at(query, church), headers=headers)).text
        there = {state for state, id in hidden.items() if str(id) in text}
        assert there == ({"expired"} if archived and "archive" in query else set()), query
        assert (SECRET in text) == bool(there)
    if church == "grace":
        token = headers.get("authorization", "").removeprefix("Bearer ") or None
        heard = Heard()
        async with Reader(scene.url, heard, token=token) as reader:
            for topic in ("wall:public", "wall:members", "prayer:team", "prayer:pastors", "queue:prayer"):
                reply = await reader.join(topic, None)
                assert reply["ok"] == (topic == "wall:public" or (topic == "wall:members" and archived))
        assert not any(SECRET.encode() in piece for _, piece in heard.everything())


@on_module_loop
async def test_the_other_church_hears_nothing(scene: Scene) -> None:
    """Its wall is empty, and what stands on ours is not there for its people."""
    found = (await scene.http.get(scene.at("/wall", "hope"))).json()
    assert (found["items"], found["prayed"], found["next"]) == ([], {}, None)
    headers = await scene.as_("owner", "hope")
    answer = await scene.http.post(scene.at(f"/wall/{scene.named.id}/pray", "hope"), json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_request")
    token = await scene.people.token("hope", "owner")
    answer = await scene.http.get(scene.at("/wall"), headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 404


# ---- what is written down


@on_module_loop
async def test_no_line_of_the_log_tells_who_asked(scene: Scene) -> None:
    """Of all that was asked, no line holds an address, a word, a name, an id of asker or request, or a device."""
    text = scene.log.read_bytes()
    lines = [json.loads(line) for line in text.splitlines() if line.startswith(b"{")]
    asked = [
        line for line in lines if line.get("route", "").endswith("/prayers") and line["method"] == "POST"
    ]
    assert len(asked) >= len(WORDS)
    known = {
        "event",
        "method",
        "route",
        "status",
        "ms",
        "request_id",
        "church",
        "actor",
        "level",
        "timestamp",
    }
    assert set().union(*asked) <= known
    assert {line.get("actor") for line in asked} <= {"person", "guest", "anonymous"}
    secrets = {what: wanted for what, wanted in scene.secrets.items() if what != "address"}
    assert [what for what, wanted in secrets.items() if any(one in text for one in wanted)] == []
    requests = [*scene.asked, scene.named]
    words = [body for body, _ in WORDS] + [str(one.id) for one in requests] + [ASKING, READING, NAMED]
    assert [word for word in words if word.encode() in text] == []
