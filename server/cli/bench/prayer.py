"""C1 to C5: how soon a request is before the team, how soon on every wall, what an old wall costs, who wins a race.

Times between processes are of one clock: the machine's own, which Python's `perf_counter` reads here.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any, Self
from uuid import UUID

import msgspec
import psycopg

from realtime.client import Client
from realtime.errors import Refused
from realtime.frames import Event
from server.cli.bench.churches import NO_LIMITS
from server.cli.bench.readers import HEAD, Read, Readers
from server.cli.bench.report import Report
from server.cli.bench.stage import CrowdProcess, Stage
from server.cli.bench.wire import Place
from server.domains.prayer.models import Settings as Rules
from server.domains.safety import policy as safety
from server.domains.tenants.models import Tenant
from server.kit.scope import Scope
from server.wiring import Wiring, build

TARGETS = {
    "C1_submit_to_queue_p99_ms": "≤ 300",
    "C2_approve_to_wall_p99_ms": "≤ 500",
    "C3_wall_p95_ms": "≤ 150",
    "C4_double_wins": "0",
    "C5_crisis_recall": "≥ 0.98",
    "C5_crisis_precision": "reported",
}
QUEUE, WALL = "queue:prayer", "wall:public"
STANDING = 60  # requests on the wall before the old ones
PAUSE = 0.05  # seconds between two decisions
PATIENCE = 30.0
READS_A_SECOND = 20.0
PAGES = 5  # of the archive, from its beginning
RACES_AT_ONCE = 4
NAMES = (
    *("Anna", "Ben", "Clara", "David", "Elena", "Felix", "Grace", "Hugo", "Irene", "Jonas"),
    *("Karin", "Leo", "Maria", "Noah", "Olga", "Paul", "Rosa", "Samuel", "Tirza", "Uwe"),
)
ILLS = (
    *(
        "an operation",
        "a broken leg",
        "a long cough",
        "many bills",
        "exams",
        "a new start",
        "old grief",
        "bad sleep",
    ),
    *(
        "a quarrel",
        "the harvest",
        "work",
        "a journey",
        "a birth",
        "a move",
        "rain",
        "courage",
        "patience",
        "rest",
    ),
    *("a friend", "the street"),
)
# each has other words, as people's requests have, and the older ones stand no more
_FILL = """
insert into prayer_requests (state, visibility, for_whom, category, language, anonymous, name, body, search, created_at,
  changed_at, approved_at, decided_at, expires_at, closed_at)
select case when n <= %(standing)s then 'approved' when n %% 3 = 0 then 'expired' else 'archived' end, 'wall', 'self',
  'health', 'en', n %% 2 = 0, case when n %% 2 = 0 then '' else w.name end, w.body, lower(w.body),
  w.at, w.at, w.at, w.at,
  case when n <= %(standing)s then now() + interval '30 days' else w.at + interval '30 days' end,
  case when n <= %(standing)s then null else w.at + interval '30 days' end
from generate_series(1, %(many)s + %(standing)s) n, lateral (select
  (%(names)s::text[])[1 + n %% 20] as name, now() - n * interval '50 minutes' as at,
  (%(names)s::text[])[1 + n %% 20] || ' asks for help with ' || (%(ills)s::text[])[1 + n / 20 %% 20] || ' and with ' ||
  (%(ills)s::text[])[1 + n / 400 %% 20] || ', now for the ' || n || 'th day. ' || repeat('We wait and hope. ', n %% 9)
  as body) w
"""
_ENTER = "select set_config('search_path', %s, true)"
_SETTLE = "analyze prayer_requests"


class Desk(msgspec.Struct):
    """A church, and tokens of two people who decide there."""

    church: Tenant
    tokens: tuple[str, str]


def prayer(
    *,
    approvals: int = 200,
    walls: int = 1_000,
    races: int = 1_000,
    archived: int = 10_000,
    seconds: float = 15.0,
) -> Report:
    """Fill a church's archive and read it; then ask, approve before full halls, and let two decide at once."""
    with Stage(workers=1, settings={**NO_LIMITS, "trusted_proxies": 1}) as stage:
        desk = asyncio.run(_prepare(stage))
        _fill(stage, desk.church, archived)
        stage.start()
        figures = _wall(stage, desk, seconds)
        figures |= asyncio.run(_live(stage, desk, approvals, walls, races))
    measured = safety.measure(safety.labelled("frozen"))
    figures |= {"C5_crisis_recall": measured.recall, "C5_crisis_precision": measured.precision}
    params: dict[str, object] = {
        "approvals": approvals,
        "walls": walls,
        "races": races,
        "archived": archived,
        "seconds": seconds,
    }
    notes = [f"C1 is of {approvals + races} requests, one after the other, C2 of {approvals} decisions."]
    return Report("prayer", params, dict(sorted(figures.items())), targets=TARGETS, notes=notes)


async def _prepare(stage: Stage) -> Desk:
    wiring = build(stage.settings)
    await wiring.start()
    try:
        church = await wiring.tenants.create("bench-prayer", "Bench Church")
        scope = Scope.system(church.ref)
        await wiring.tending.set_settings(scope, Rules(asks_a_day=100), None)
        one, two = [await _pastor(wiring, scope, name) for name in ("Anna", "Ben")]
        return Desk(church, (one, two))
    finally:
        await wiring.stop()


async def _pastor(wiring: Wiring, scope: Scope, name: str) -> str:
    async with wiring.database.transaction(scope) as tx:
        person = await wiring.accounts.open(
            tx, scope, email=f"{name.lower()}@bench.example", name=name, roles=frozenset({"pastor"})
        )
        session = await wiring.sessions.begin(tx, scope, "app", person_id=person.id)
    return wiring.sessions.grant(scope.tenant, session).access_token


def _fill(stage: Stage, church: Tenant, many: int) -> None:
    """Write what has stood on the wall over the years, as a church that moved here would bring it."""
    values = {"many": many, "standing": STANDING, "names": list(NAMES), "ills": list(ILLS)}
    with psycopg.connect(stage.settings.owner_url) as connection:
        connection.execute(_ENTER, (church.ref.schema,))
        connection.execute(_FILL, values)
        connection.execute(_SETTLE)


# ---- the wall


def _wall(stage: Stage, desk: Desk, seconds: float) -> dict[str, float]:
    """Read the wall's first page and the archive's, in turn, at the rate of a busy hour."""
    base, token = f"/api/v1/{desk.church.slug}/wall", desk.tokens[0]
    archive = asyncio.run(_archive(stage, f"{base}?archive=true", token))
    found: dict[str, float] = {}
    readers = Readers(stage.host, stage.port)
    try:
        for name, reads in {
            "first": [Read(base)],
            "archive": archive,
            "search": [Read(f"{base}?archive=true&q=harvest", token)],
            "session": [Read(f"{base}/session", token)],
        }.items():
            readers.read(reads, 1.0, connections=2)  # warm
            answer = readers.read(reads, seconds, connections=4, rate=READS_A_SECOND)
            found[f"C3_{name}_p95_ms"] = answer.p95_ms
    finally:
        readers.close()
    return {"C3_wall_p95_ms": max(found["C3_first_p95_ms"], found["C3_archive_p95_ms"]), **found}


async def _archive(stage: Stage, path: str, token: str) -> list[Read]:
    """Walk into the archive page by page and return how each is asked for."""
    reads = [Read(path, token)]
    async with Asker(stage.host, stage.port, token) as asker:
        for _ in range(PAGES - 1):
            answer = await asker.send("GET", reads[-1].path)
            if not answer["next"]:
                break
            reads.append(Read(f"{path}&after={answer['next']}", token))
    return reads


class Asker:
    """One connection over which requests go one after the other, each from an address of its own."""

    def __init__(self, host: str, port: int, token: str = "") -> None:
        self._host, self._port = host, port
        self._proof = f"Authorization: Bearer {token}\r\n" if token else ""
        self._number = 0

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def send(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Return the answer's JSON; raise RuntimeError for a refusal."""
        self._number += 1
        content = b"" if body is None else msgspec.json.encode(body)
        address = f"10.0.{self._number // 250 % 250}.{self._number % 250 + 1}"
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nX-Forwarded-For: {address}\r\n"
        )
        head += f"{self._proof}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        self._writer.write(head.encode() + content)
        told = (await self._reader.readuntil(HEAD)).lower()
        length = told.partition(b"content-length:")[2].partition(b"\r\n")[0]
        answer = await self._reader.readexactly(int(length))
        if int(told[9:12]) >= 300:
            raise RuntimeError(answer.decode())
        found: dict[str, Any] = msgspec.json.decode(answer)
        return found


# ---- the queue, the halls, the races


class Moderator:
    """Somebody at the queue: which case is about which request, and when it was there."""

    def __init__(self, stage: Stage, desk: Desk, number: int) -> None:
        async def token() -> str:
            return desk.tokens[number]

        url = f"{stage.host}:{stage.port}"
        self.client = Client(f"ws://{url}/live/{desk.church.slug}", token, origin=f"http://{url}")
        self.cases: dict[str, str] = {}
        self._came: dict[str, asyncio.Future[float]] = {}

    def take(self, event: Event) -> None:
        """Note a case that is new here."""
        if event.event != "case.opened":
            return
        case = msgspec.json.decode(event.data)
        request = case["request"]["id"]
        self.cases[request] = case["id"]
        self._future(request).set_result(time.perf_counter())

    async def came(self, request: str) -> float:
        """Return when the case about a request was here."""
        async with asyncio.timeout(PATIENCE):
            return await self._future(request)

    async def decide(self, request: str, verdict: str) -> bool:
        """Decide, and tell whether it was this one who did."""
        decision = {"verdict": verdict, "version": 1}
        try:
            await self.client.push(QUEUE, "decide", decision, self.cases[request])
        except Refused:
            return False
        return True

    def _future(self, request: str) -> asyncio.Future[float]:
        return self._came.setdefault(request, asyncio.get_running_loop().create_future())


async def _live(stage: Stage, desk: Desk, approvals: int, walls: int, races: int) -> dict[str, float]:
    one, two = Moderator(stage, desk, 0), Moderator(stage, desk, 1)
    async with contextlib.AsyncExitStack() as stack:
        for moderator in (one, two):
            await stack.enter_async_context(moderator.client)
            await moderator.client.join(QUEUE, moderator.take)
        asker = await stack.enter_async_context(Asker(stage.host, stage.port))
        asked, waited = await _ask(asker, one, f"/api/v1/{desk.church.slug}/prayers", approvals + races)
        crowd = stage.crowd([Place(f"/live/{desk.church.slug}", (WALL,))])
        await asyncio.to_thread(crowd.ask, "connect", count=walls)
        shown = await _approve(one, asked[:approvals], crowd)
        crowd.close()
        wrong = await _race(one, two, asked[approvals:])
    return {
        "C1_submit_to_queue_p50_ms": _at(waited, 0.5),
        "C1_submit_to_queue_p99_ms": _at(waited, 0.99),
        "C2_approve_to_wall_p50_ms": _at(shown, 0.5),
        "C2_approve_to_wall_p99_ms": _at(shown, 0.99),
        "C4_double_wins": wrong,
    }


async def _ask(asker: Asker, desk: Moderator, path: str, count: int) -> tuple[list[str], list[float]]:
    """Ask one after the other; return the requests, and how long each was on its way to the queue."""
    asked, waited = [], []
    for number in range(count):
        body = f"{NAMES[number % 20]} and {NAMES[number // 20 % 20]} wait for {ILLS[number // 7 % 20]}"
        ask = {"body": f"{body}, {UUID(int=number).hex[-4:]}", "visibility": "wall", "wall_consent": True}
        began = time.perf_counter()
        found = (await asker.send("POST", path, ask))["id"]
        waited.append(await desk.came(found) - began)
        asked.append(found)
    return asked, waited


async def _approve(desk: Moderator, requests: list[str], crowd: CrowdProcess) -> list[float]:
    """Approve one after the other; return how long each took until the last wall had it."""
    took = []
    for number, request in enumerate(requests, start=1):
        watching = asyncio.to_thread(crowd.ask, "watch", count=number, seconds=PATIENCE)
        began = time.perf_counter()
        found, done = await asyncio.gather(watching, desk.decide(request, "approve"))
        if not done or not found["at"] or found["lost"]:
            raise RuntimeError(f"approval {number} was not on every wall: {found}")
        took.append(found["at"][0] - began)
        await asyncio.sleep(PAUSE)
    return took


async def _race(one: Moderator, two: Moderator, requests: list[str]) -> int:
    """Let two decide about each at the same moment; count what had not exactly one winner."""
    for request in requests:
        await two.came(request)
    wrong = 0

    async def race(request: str) -> None:
        nonlocal wrong
        won = await asyncio.gather(one.decide(request, "approve"), two.decide(request, "decline"))
        wrong += sum(won) != 1

    for start in range(0, len(requests), RACES_AT_ONCE):
        await asyncio.gather(*map(race, requests[start : start + RACES_AT_ONCE]))
    return wrong


def _at(values: list[float], part: float) -> float:
    """Return a quantile of seconds in milliseconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000
