"""Everything that can happen to a room, in any order, on a real database: everyone ends with what the database has."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as choices
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from realtime.broker import Publication
from realtime.broker_memory import Exchange, MemoryBroker
from realtime.channel import Channels, Who
from realtime.errors import TRANSIENT
from realtime.limits import Limits, Rate
from realtime.node import Node
from realtime.presence_memory import MemoryPresence, PresenceStore
from realtime.supervise import Supervisor
from server.kit.db import Silent
from server.kit.healing import Healing
from server.kit.scope import Actor, Scope, TenantRef
from server.kit.wake import Announcements
from server.settings import Settings
from server.web.gateway import explain
from server.wiring import build
from tests.faults.checker import Checker, Truth, View, word
from tests.faults.house import truth_of
from tests.jobs.support import relay
from tests.realtime.memory import Pipe

PEOPLE, PROCESSES = 3, 2
WIDE = Limits(Rate(1e9, 1e9), Rate(1e9, 1e9), Rate(1e12, 1e12))
EMOJI = "❤🙏😀"
PATIENCE = 60.0  # seconds for an answer, and for everyone to have everything

someone = st.integers(0, PEOPLE - 1)
somewhere = st.integers(0, PROCESSES - 1)
something = st.integers(0, 30)


class Line(Exchange):
    """Valkey: while it is down, publications reach nobody but the publisher's own people."""

    down = False


class Hand(MemoryBroker):
    """A process's hand on the line."""

    def publish(self, tenant: str, publication: Publication) -> bool:
        if not self._exchange.down:  # type: ignore[attr-defined]
            return super().publish(tenant, publication)
        self._take(tenant, publication)
        return False


class World:
    """What lasts over all runs of the machine: the church, the line, the people, and the loop they live on."""

    def __init__(self, settings: Settings, runner: asyncio.Runner) -> None:
        self.settings = msgspec.structs.replace(settings, valkey_url="")
        self.runner = runner
        self.line, self.store = Line(), PresenceStore()
        self.deaths: list[str] = []
        self.church = TenantRef("g" * 16, "grace", "Grace")
        self.scopes = {
            f"p{n}": Scope(self.church, Actor("person", uuid4(), f"Host {n}", frozenset({"moderator"})))
            for n in range(PEOPLE)
        }

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(asyncio.wait_for(work, 3 * PATIENCE))

    async def admit(self, tenant: str, token: str | None, peer: Any) -> Who:
        """Be the door: a token is a person's name."""
        assert token is not None
        scope = self.scopes[token]
        public = msgspec.Raw(msgspec.json.encode({"id": str(scope.actor.id), "name": scope.actor.name}))
        return Who(token, public, True, None, scope)

    async def again(self, who: Who) -> Who:
        """Nobody is sent away."""
        return who

    def truth(self, topic: str) -> Truth:
        """Read the room from the database."""
        with psycopg.connect(self.settings.admin_url, autocommit=True) as connection:
            connection.execute(f"set search_path = church_{self.church.id}")
            return truth_of(connection, topic)

    def crash(self) -> None:
        """Do what a crash of Postgres does to us: every connection ends, and what is UNLOGGED is empty."""
        with psycopg.connect(self.settings.admin_url, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            connection.execute("truncate shard.wakes")  # nobody else is there to hold it


class Process:
    """A web process: its own wiring and engine, joined to the others by the line and the database."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.wiring = build(world.settings)

    async def start(self) -> Process:
        world, wiring = self.world, self.wiring
        await wiring.start()
        broker = Hand(world.line)
        wiring.database.announcer = Announcements(broker, wiring.waker)
        wiring.learn(world.church)
        self.node = Node(
            broker=broker,
            presence=MemoryPresence(world.store, uuid4().hex),
            channels=Channels(wiring.channels()),
            door=world,
            log=wiring.log,
            supervisor=Supervisor(lambda name, error: world.deaths.append(f"{name}: {error!r}")),
            explain=explain,
            limits=WIDE,
        )
        await self.node.start()
        healing = Healing(wiring.database, self.node, wiring.log, wiring.clock, wiring.shard_of, every=0.05)
        self._healing = asyncio.create_task(healing.run())
        return self

    async def die(self) -> None:
        """Go without a word to anybody."""
        self.wiring.database.announcer = Silent()
        await _end(self._healing)
        await self.node.stop()
        await self.wiring.stop()


class Client:
    """One person's screen: it comes back by itself, and asks until it is answered."""

    def __init__(self, name: str, topic: str, view: View) -> None:
        self.name, self.topic, self.view = name, topic, view
        self.pipe: Pipe | None = None
        self.process: Process | None = None
        self.stalled = False
        self._read = 0
        self._ref = 0
        self._join: tuple[int, float] | None = None
        self._replies: dict[int, dict[str, Any]] = {}

    def connect(self, process: Process) -> None:
        self.cut()
        self.pipe, self.process, self.stalled, self._read = Pipe(), process, False, 0
        self.pipe.receiver = process.node.connect(process.world.church.id, self.pipe)
        self._ref += 1
        self._join = (self._ref, asyncio.get_running_loop().time())
        join = {"type": "join", "ref": self._ref, "topic": self.topic}
        after = {} if self.view.position is None else {"after": list(self.view.position)}
        self.pipe.say({"type": "hello", "token": self.name}, {**join, **after})

    @property
    def here(self) -> bool:
        return self.pipe is not None and self.pipe.closed is None and self.pipe.receiver is not None

    @property
    def joined(self) -> bool:
        return self.here and self._join is None

    def cut(self) -> None:
        """Lose the connection, and what was on its way."""
        if self.pipe is not None:
            self.fold()
            self.pipe.lose()
            self.pipe = None

    def stall(self) -> None:
        if self.pipe is not None:
            self.stalled = self.pipe.full = True

    def resume(self) -> None:
        self.stalled = False
        if self.here and self.pipe is not None:
            self.pipe.drain()

    def fold(self) -> None:
        """Take what has arrived."""
        assert self.pipe is not None
        payloads = self.pipe.payloads()
        for payload in payloads[self._read :]:
            frame = msgspec.json.decode(payload)
            if frame["type"] == "event":
                self.view.event(frame)
            elif frame["type"] == "latest":
                self.view.latest(frame)
            elif frame["type"] == "reply" and self._join is not None and frame["ref"] == self._join[0]:
                self._joined(frame, payload)
            elif frame["type"] == "reply":
                self._replies[frame["ref"]] = frame
        self._read = len(payloads)

    def _joined(self, frame: dict[str, Any], payload: bytes) -> None:
        assert self._join is not None
        if frame["ok"]:
            self.view.joined(frame["data"], payload, self._join[1])
            self._join = None
        else:
            assert frame["error"]["code"] in TRANSIENT, frame
            assert self.pipe is not None
            self.pipe.lose()

    async def ready(self, process: Process) -> None:
        """Be in the room, coming back as often as it takes."""
        async with asyncio.timeout(PATIENCE):
            while not self.joined:
                if not self.here:
                    await asyncio.sleep(0.01)
                    self.connect(process)
                await asyncio.sleep(0.005)
                self.fold()

    async def ask(self, process: Process, event: str, id: str, data: Any) -> Any:
        """Push until it is answered for good; return the answer's data, or the code of the refusal."""
        async with asyncio.timeout(PATIENCE):
            while True:
                if self.stalled:
                    self.resume()
                await self.ready(process)
                assert self.pipe is not None
                self._ref += 1
                push = {"type": "push", "ref": self._ref, "topic": self.topic, "event": event, "id": id}
                self.pipe.say({**push, "data": data})
                while self.here and self._ref not in self._replies:
                    await asyncio.sleep(0.002)
                    self.fold()
                reply = self._replies.pop(self._ref, None)
                if reply is None:
                    continue
                if reply["ok"]:
                    return reply.get("data")
                if reply["error"]["code"] not in TRANSIENT:
                    return reply["error"]["code"]
                await asyncio.sleep(0.02)


class RoomMachine(RuleBasedStateMachine):
    """Three people in one room, on two processes."""

    world: World

    @initialize(last=st.sampled_from(["message", "reaction", ""]))
    def open(self, last: str) -> None:
        """Begin; `last` is what is committed and published to nobody, with nothing behind it that would tell."""
        self.last = last
        self.world.run(self._open())

    async def _open(self) -> None:
        self.world.line.down = False
        self.processes = [await Process(self.world).start() for _ in range(PROCESSES)]
        self.worker = build(self.world.settings)
        await self.worker.start()
        self.worker.database.announcer = Announcements(Hand(self.world.line), self.worker.waker)
        self._relay = asyncio.create_task(self._relaying())
        now = datetime.now(UTC)
        async with self.worker.database.transaction(Scope.system(self.world.church)) as tx:
            window = (now - timedelta(hours=1), now + timedelta(hours=4))
            room = await self.worker.rooms.put_gathering(tx, uuid4(), "Sunday", window)
        self.topic, self.checker = f"chat:{room.id}", Checker()
        self.clients = [
            Client(name, self.topic, self.checker.view(name, self.topic)) for name in self.world.scopes
        ]
        self.said: list[tuple[int, str, str]] = []  # who, id, body as it was sent
        self.own: dict[str, int] = {}  # messages that stand → whose
        self.words = 0
        await self._say(0)  # an empty room has no position yet to come back with
        for number, client in enumerate(self.clients):
            await client.ready(self._process(number))

    async def _relaying(self) -> None:
        """Relay as the worker does, again after each failure."""
        while True:
            with contextlib.suppress(Exception):
                await relay(self.worker.database, self.worker.tenants, self.worker.listeners).run()
            await asyncio.sleep(0.05)

    def _process(self, number: int) -> Process:
        return self.processes[number % PROCESSES]

    def _of(self, client: Client, number: int) -> Process:
        """Return where a client is, or shall go."""
        found = client.process
        return found if client.here and found is not None else self._process(number)

    def _word(self) -> str:
        self.words += 1
        return word("m", self.words)

    # ---- talk

    async def _say(self, who: int) -> None:
        client, id, body = self.clients[who], str(uuid4()), self._word()
        self.said.append((who, id, body))
        answer = await client.ask(self._of(client, who), "message.send", id, {"body": body})
        assert answer["id"] == id, answer
        self.checker.posted(self.topic, id, body)
        self.own[id] = who

    @rule(who=someone)
    def send(self, who: int) -> None:
        self.world.run(self._say(who))

    @rule()
    def send_all_at_once(self) -> None:
        async def all_() -> None:
            await asyncio.gather(*(self._say(who) for who in range(PEOPLE)))

        self.world.run(all_())

    @rule(which=something, where=somewhere)
    def send_again(self, which: int, where: int) -> None:
        """A retry, perhaps through the other process, is answered as the first time and changes nothing."""
        who, id, body = self.said[which % len(self.said)]
        client = self.clients[who]

        async def again() -> None:
            client.cut()
            answer = await client.ask(self._process(where), "message.send", id, {"body": body})
            assert answer["id"] == id, answer

        self.world.run(again())

    @precondition(lambda self: bool(self.own))
    @rule(which=something)
    def edit(self, which: int) -> None:
        id, who = list(self.own.items())[which % len(self.own)]
        client, body = self.clients[who], self._word()
        self.checker.unsure(id, body)
        answer = self.world.run(client.ask(self._of(client, who), "message.edit", id, {"body": body}))
        assert answer["body"] == body, answer
        self.checker.edited(id, body)

    @precondition(lambda self: bool(self.own))
    @rule(which=something)
    def delete(self, which: int) -> None:
        id, who = list(self.own.items())[which % len(self.own)]
        client = self.clients[who]
        assert self.world.run(client.ask(self._of(client, who), "message.delete", id, {})) is None
        self.checker.removed(id)
        del self.own[id]

    @precondition(lambda self: bool(self.own))
    @rule(who=someone, which=something, emoji=st.sampled_from(EMOJI), on=st.booleans())
    def react(self, who: int, which: int, emoji: str, on: bool) -> None:
        id = list(self.own)[which % len(self.own)]
        client, event = self.clients[who], "reaction.add" if on else "reaction.remove"
        answer = self.world.run(client.ask(self._of(client, who), event, id, {"emoji": emoji}))
        assert (emoji in answer["totals"]) or not on, answer

    # ---- what happens to connections and processes

    @rule(who=someone)
    def drop(self, who: int) -> None:
        self.world.run(_of_loop(self.clients[who].cut))

    @rule(who=someone, where=somewhere)
    def come(self, who: int, where: int) -> None:
        self.world.run(_of_loop(lambda: self.clients[who].connect(self._process(where))))

    @rule(who=someone)
    def stall(self, who: int) -> None:
        self.world.run(_of_loop(self.clients[who].stall))

    @rule(who=someone)
    def read(self, who: int) -> None:
        self.world.run(_of_loop(self.clients[who].resume))

    @rule(where=somewhere)
    def kill(self, where: int) -> None:
        self.world.run(self._kill(where))

    async def _kill(self, where: int) -> None:
        dead = self._process(where)
        for client in self.clients:
            if client.process is dead:
                client.cut()
        await dead.die()
        self.processes[where % PROCESSES] = await Process(self.world).start()

    @rule(who=someone, reacts=st.booleans())
    def kill_after_commit(self, who: int, reacts: bool) -> None:
        """What was acknowledged was published to nobody."""

        self.world.run(self._last_words(who, reacts=reacts))

    async def _last_words(self, who: int, *, reacts: bool) -> None:
        client = self.clients[who]
        where = self.processes.index(self._of(client, who))
        await client.ready(self.processes[where])
        self.processes[where].wiring.database.announcer = Silent()
        if reacts and self.own:
            id, emoji = next(iter(self.own)), EMOJI[self.words % len(EMOJI)]
            on = emoji not in self.clients[who].view.reactions.get(id, {})
            await client.ask(
                self.processes[where], "reaction.add" if on else "reaction.remove", id, {"emoji": emoji}
            )
        else:
            await self._say(who)
        await self._kill(where)

    @rule()
    def stop_valkey(self) -> None:
        self.world.line.down = True

    @rule()
    def start_valkey(self) -> None:
        self.world.run(_of_loop(self._valkey_is_back))

    def _valkey_is_back(self) -> None:
        self.world.line.down = False
        for broker in self.world.line.brokers:
            broker.miss((self.world.church.id,))

    @rule()
    def restart_postgres(self) -> None:
        self.world.crash()

    @rule(tens=st.integers(0, 10))
    def breathe(self, tens: int) -> None:
        self.world.run(asyncio.sleep(0.01 * tens))

    # ---- the end

    def teardown(self) -> None:
        if hasattr(self, "checker"):
            try:
                self.world.run(self._settle())
            finally:
                self.world.run(self._close())

    async def _settle(self) -> None:
        if self.world.line.down:
            self._valkey_is_back()
        if self.last:
            await self._last_words(0, reacts=self.last == "reaction")
        truth = self.world.truth(self.topic)
        end = asyncio.get_running_loop().time() + PATIENCE
        while not all(client.view.has_all(truth) for client in self.clients):
            assert asyncio.get_running_loop().time() < end, self._behind(truth)
            for number, client in enumerate(self.clients):
                client.resume()
                await client.ready(self._of(client, number))
                client.fold()
            await asyncio.sleep(0.01)
        counts = self.checker.verify({self.topic: self.world.truth(self.topic)})
        assert not counts, self.checker.violations[:10]
        assert not self.world.deaths

    def _behind(self, truth: Truth) -> list[Any]:
        """Say who has not been told what."""
        return [truth.head, *((c.name, c.view.position, c.view.stale(truth)) for c in self.clients)]

    async def _close(self) -> None:
        await _end(self._relay)
        for process in self.processes:
            await process.die()
        await self.worker.stop()


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel until it ends: a driver may swallow a cancellation that meets a reply."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.2)


async def _of_loop(act: Any) -> None:
    """Do something on the loop, and let what follows from it begin."""
    act()
    await asyncio.sleep(0)


@pytest.mark.timeout(900)
def test_everyone_ends_with_what_the_database_has(settings: Settings) -> None:
    """Send, send again, edit, delete, react, drop, resume, kill, kill after commit, stop Valkey, restart Postgres."""
    with asyncio.Runner() as runner:
        world = World(settings, runner)

        class Machine(RoomMachine):
            """The machine of this test's installation."""

        Machine.world = world
        run_state_machine_as_test(
            Machine,
            settings=choices(
                max_examples=6,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
