"""Say how this process is: alive, ready or draining; and count what it does, for the internal address only."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import redis.asyncio as redis
from litestar import Response, get
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from realtime.broker import Broker
from realtime.node import Node
from realtime.spread import Spread
from realtime.wire_redis import AWAY
from server.kit.batch import Batcher
from server.kit.cache import Caches
from server.kit.clock import Clock
from server.kit.db import Database
from server.kit.errors import Unavailable
from server.kit.healing import Healing
from server.kit.limits import Limiter
from server.kit.logs import Exchange
from server.kit.scope import Rule

PATIENCE = 2.0  # seconds for one part to answer
KEPT = 1.0  # seconds; balancers ask often, and each asks the parts only once a second
_OPEN: dict[str, Any] = {"tags": ["health"], "opt": {"rule": Rule(anyone=True)}}
BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # seconds; 20 ms is target P7


def heads() -> dict[str, str]:
    """Return the newest migration of the histories that a whole database stands at; Alembic itself is not loaded."""
    folder = Path(__file__).parents[2] / "migrations"
    return {
        history: max(path.name[:4] for path in (folder / history / "versions").glob("[0-9]*.py"))
        for history in ("control", "shard")
    }


class Report(msgspec.Struct, frozen=True):
    """What `/health/ready` says: `status` is ready, degraded (still serving), draining or unready."""

    status: str
    parts: Mapping[str, str] = {}

    @property
    def serving(self) -> bool:
        """Tell whether requests should be sent here."""
        return self.status in ("ready", "degraded")


class Health:
    """Knows whether this process should be sent requests."""

    def __init__(
        self,
        database: Database,
        valkey: redis.Redis | None,
        heads: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self._database = database
        self._valkey = valkey
        self._heads = heads
        self._clock = clock
        self._report = Report("unready")
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()
        self.draining = False

    def drain(self) -> None:
        """Answer 503 to balancers from now on, while requests that come all the same are still served."""
        self.draining = True

    async def report(self) -> Report:
        """Ask the parts; without Valkey we are degraded and still serve."""
        if self.draining:
            return Report("draining")
        async with self._asking:
            if self._clock.monotonic() - self._asked_at >= KEPT:
                parts = {"database": await self._ask_database(), "valkey": await self._ask_valkey()}
                self._report = Report(_status(parts), parts)
                self._asked_at = self._clock.monotonic()
        return self._report

    async def _ask_database(self) -> str:
        try:
            async with asyncio.timeout(PATIENCE):
                revisions = await self._database.revisions()
        except (Unavailable, TimeoutError, OSError):
            return "away"
        behind = [name for name, revision in revisions if revision < self._heads[name]]
        return f"behind: {', '.join(behind)}; run `narthex migrate`" if behind else "ok"

    async def _ask_valkey(self) -> str:
        if self._valkey is None:
            return "not configured"
        try:
            async with asyncio.timeout(PATIENCE):
                await self._valkey.ping()
        except AWAY:
            return "away"
        return "ok"


def _status(parts: Mapping[str, str]) -> str:
    if parts["database"] != "ok":
        return "unready"
    return "ready" if parts["valkey"] == "ok" else "degraded"


@get(
    "/health/live",
    operation_id="live",
    summary="Is this process alive?",
    tags=["health"],
    opt={"rule": Rule(anyone=True)},
)
async def live() -> Report:
    """Answer as long as the process can answer at all; a restart helps when this fails."""
    return Report("ok")


@get(
    "/health/ready",
    operation_id="ready",
    summary="Should requests be sent here?",
    tags=["health"],
    opt={"rule": Rule(anyone=True)},
)
async def ready(health: Health) -> Response[Report]:
    """Answer 200 while requests should come here: the database answers and is migrated. Valkey may be away."""
    report = await health.report()
    return Response(report, status_code=200 if report.serving else 503)


ROUTES = [live, ready]


class Metrics:
    """Counts requests; the kit's own counts are read when somebody looks."""

    def __init__(self, caches: Caches, limiter: Limiter) -> None:
        registry = self._registry = CollectorRegistry()
        self._requests = Counter(
            "narthex_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self._seconds = Histogram(
            "narthex_http_seconds", "Time to answer.", ("method", "route"), buckets=BUCKETS, registry=registry
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        registry.register(_Kit(caches, limiter))

    def observe(self, exchange: Exchange, seconds: float) -> None:
        """Count one request; the route is its template, so that addresses cannot grow the number of series."""
        at = (exchange.method, exchange.route, exchange.status)
        found = self._known.get(at)
        if found is None:
            found = self._known[at] = (self._requests.labels(*at), self._seconds.labels(*at[:2]))
        found[0].inc()
        found[1].observe(seconds)

    def watch(
        self,
        node: Node,
        healing: Healing,
        batchers: Mapping[str, Batcher[Any, Any]],
        broker: Broker,
        database: Database,
    ) -> None:
        """Show the engine's figures too, read when somebody looks."""
        self._registry.register(_Live(node, healing, batchers, broker, database))

    def page(self) -> bytes:
        """Return everything that this process counts, in the text format."""
        return generate_latest(self._registry) + generate_latest(REGISTRY)


class _Kit(Collector):
    """Reads caches and limits, which know nothing of Prometheus."""

    def __init__(self, caches: Caches, limiter: Limiter) -> None:
        self._caches = caches
        self._limiter = limiter

    def collect(self) -> Iterable[Metric]:
        reads = CounterMetricFamily("narthex_cache_reads", "Reads of a cache.", labels=["cache", "found"])
        size = GaugeMetricFamily("narthex_cache_size", "Values in a cache.", labels=["cache"])
        for cache in self._caches:
            reads.add_metric([cache.name, "yes"], cache.hits)
            reads.add_metric([cache.name, "no"], cache.misses)
            size.add_metric([cache.name], len(cache))
        yield reads
        yield size
        alone = GaugeMetricFamily("narthex_limits_alone", "1 while limits are counted without Valkey.")
        alone.add_metric([], float(self._limiter.alone))
        yield alone


class _Live(Collector):
    """Reads the engine, which knows nothing of Prometheus."""

    def __init__(
        self,
        node: Node,
        healing: Healing,
        batchers: Mapping[str, Batcher[Any, Any]],
        broker: Broker,
        database: Database,
    ) -> None:
        self._database = database
        self._node = node
        self._healing = healing
        self._batchers = batchers
        self._broker = broker

    def collect(self) -> Iterable[Metric]:
        for name, about in LIVE.items():
            found = CounterMetricFamily(f"narthex_live_{name}", about)
            found.add_metric([], getattr(self._node.figures, name))
            yield found
        gauges = {
            "connections": ("Sockets that are open.", float(self._node.sessions)),
            "topics": (
                "Topics with somebody in them.",
                float(sum(feed.members > 0 for feed in self._node.feeds)),
            ),
            "wakes_lag_seconds": ("Since the wakes of every shard were read.", self._healing.lag),
            "broker_lag_seconds": ("What the last probe through Valkey needed.", self._broker.lag),
            "broker_deaf": ("Servers that are listened at without a connection.", float(self._broker.deaf)),
        }
        for name, (about, value) in gauges.items():
            gauge = GaugeMetricFamily(f"narthex_live_{name}", about)
            gauge.add_metric([], value)
            yield gauge
        lost = CounterMetricFamily(
            "narthex_live_publishes_lost", "Publications dropped or failed; the log heals them."
        )
        lost.add_metric([], self._broker.lost)
        yield lost
        for name, about in SPREADS.items():
            yield _histogram(f"narthex_live_{name}_seconds", about, {"": getattr(self._node.figures, name)})
        yield _histogram(
            "narthex_commit_seconds", "Time that COMMIT alone took.", {"": self._database.commits}
        )
        yield from self._batches()

    def _batches(self) -> Iterable[Metric]:
        sizes = {command: batcher.figures.size for command, batcher in self._batchers.items()}
        seconds = {command: batcher.figures.seconds for command, batcher in self._batchers.items()}
        yield _histogram("narthex_batch_size", "Commands in one transaction.", sizes, "command")
        yield _histogram(
            "narthex_batch_seconds", "Time of those transactions, COMMIT included.", seconds, "command"
        )


def _histogram(name: str, about: str, spreads: Mapping[str, Spread], label: str = "") -> Metric:
    """Show spreads as one histogram, told apart by a label."""
    found = HistogramMetricFamily(name, about, labels=[label] if label else [])
    for value, spread in spreads.items():
        found.add_metric([value] if label else [], spread.cumulated(), spread.total)
    return found


LIVE: Mapping[str, str] = {
    "behind": "Times that a socket could take no more.",
    "deliveries": "Frames handed to sockets.",
    "events": "Events of the log passed on.",
    "frames_in": "Frames read.",
    "gaps": "Holes in a topic that were noticed.",
    "healed": "Events read from the log to close them.",
    "joins": "Topics joined.",
    "publishes": "Commits told by this process.",
    "pushes": "Requests.",
    "recovered": "Joins answered with what was missed.",
    "resets": "Topics whose epoch changed.",
    "slow": "Sockets closed as too slow.",
    "snapshots": "Joins answered with a snapshot.",
    "writes": "Writes to sockets.",
}


SPREADS: Mapping[str, str] = {
    "arrival": "From the start of a transaction until it was told to this process; two machines' clocks differ.",
    "delivery": "From the start of a transaction until the last socket here was written its event.",
    "flush": "Rounds of writing to sockets; events by their count is the coalescing ratio.",
}


class Internal:
    """The tiny application on the internal address: `/metrics`, `/health/*`, and `POST /drain`."""

    def __init__(self, metrics: Metrics, health: Health) -> None:
        self._metrics = metrics
        self._health = health

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; there is no lifespan."""
        if scope["type"] != "http":
            return
        status, kind, body = await self._answer(scope["method"], scope["path"])
        headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, method: str, path: str) -> tuple[int, str, bytes]:
        match method, path:
            case "GET", "/metrics":
                return 200, CONTENT_TYPE_LATEST, self._metrics.page()
            case "GET", "/health/live":
                return 200, "application/json", msgspec.json.encode(Report("ok"))
            case "GET", "/health/ready":
                report = await self._health.report()
                return 200 if report.serving else 503, "application/json", msgspec.json.encode(report)
            case "POST", "/drain":
                self._health.drain()
                return 202, "application/json", msgspec.json.encode(Report("draining"))
        return 404, "text/plain; charset=utf-8", b"Nothing here.\n"
