"""The checker of "The proof": keeps what each client received, and compares it at the end with what is true.

Every body that clients send carries a word of its own (`word`), so that bytes can be searched for it. What counts as
wrong: `lost` (acknowledged, and not in the database or not on a client's screen, or with other words), `doubled`,
`disordered` (a hole passed on, another order than others saw), `shown` (removed, and still there), `stale` (a newest
value that never came).
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Kind = Literal["lost", "doubled", "disordered", "shown", "stale"]
WORD = re.compile(rb"zq[0-9a-z]+qz")
LATE = 30.0
"""Seconds after its acknowledgement in which a removal must have reached every node's ring, whatever happens."""


def word(writer: int | str, number: int, version: int = 0) -> str:
    """Return a word that stands in one body only."""
    return f"zq{writer}x{number}v{version}qz"


def words_in(data: bytes) -> frozenset[str]:
    """Return all such words in some bytes."""
    return frozenset(found.decode() for found in WORD.findall(data))


class Violation(msgspec.Struct, frozen=True):
    """Something that must not be; `who` is a client, or "database"."""

    kind: Kind
    who: str
    what: str


class Row(msgspec.Struct, frozen=True):
    """A message as the database has it."""

    number: int | None
    state: str
    body: str


class Logged(msgspec.Struct, frozen=True):
    """An event as the database's log has it; `data` is None when it was blanked."""

    seq: int
    event: str
    entity: str
    data: bytes | None


class Truth(msgspec.Struct, frozen=True):
    """One topic in the database, read when nothing happens any more."""

    messages: Mapping[str, Row]
    log: tuple[Logged, ...]
    totals: Mapping[str, Mapping[str, int]] = {}  # reactions to the newest messages, as many as are replayed

    @property
    def head(self) -> int:
        """Return the seq of the newest event."""
        return self.log[-1].seq if self.log else 0


class Told(msgspec.Struct, frozen=True):
    """A replay or a snapshot: when it was asked for, where it ends, which words were in its bytes."""

    who: str
    asked: float
    seq: int
    words: frozenset[str]


class Promise(msgspec.Struct):
    """What its author was told of a message: the words that count, and whether they were taken back."""

    topic: str
    body: str
    removed_at: float | None = None
    unsure: frozenset[str] = frozenset()  # bodies of edits that nobody answered, and may count


class View:
    """One client's screen of one topic, folded as PROTOCOL.md says, with an eye on every frame."""

    def __init__(self, checker: Checker, who: str, topic: str) -> None:
        self._checker = checker
        self.who = who
        self.topic = topic
        self.position: tuple[str, int] | None = None
        self.state: dict[str, dict[str, Any]] = {}
        self.reactions: dict[str, dict[str, int]] = {}
        self._versions: dict[str, int] = {}
        self.floor = 0
        """The lowest number a snapshot held when there were older ones: what is below it was never shown."""
        self.snapshots = 0
        self.recovered = 0
        self.events = 0

    def joined(self, data: Mapping[str, Any], raw: bytes, asked: float) -> None:
        """Take the answer to a join; `asked` is when the join was sent, `raw` the whole frame."""
        self._checker.told.append(Told(self._name, asked, data["seq"], words_in(raw)))
        if data["recovered"]:
            self._recover(data)
        else:
            self._reset(data)
        self.position = (data["epoch"], data["seq"])

    def _recover(self, data: Mapping[str, Any]) -> None:
        self.recovered += 1
        if self.position is None or self.position[0] not in ("", data["epoch"]):
            self._wrong("disordered", f"recovered {data['epoch']} after {self.position}")
        for event in data["events"]:
            self.event(event)
        if self.position is not None and self.position[1] != data["seq"]:
            self._wrong("disordered", f"a part was called the whole: {self.position[1]} of {data['seq']}")

    def _reset(self, data: Mapping[str, Any]) -> None:
        """Take a snapshot: forget everything before it."""
        self.snapshots += 1
        if self.position is not None and self.position[0] == data["epoch"] and data["seq"] < self.position[1]:
            self._wrong("disordered", f"a snapshot of {data['seq']} after {self.position[1]}")
        shown = data["snapshot"]
        self.state = {entry["id"]: entry for entry in shown["messages"]}
        self.reactions, self._versions = dict(shown["reactions"]), dict(shown["versions"])
        numbers = [entry["number"] for entry in shown["messages"]]
        self.floor = min(numbers, default=0) if shown["older"] else 0

    def event(self, frame: Mapping[str, Any]) -> None:
        """Take one event, live or replayed: it must be the next one."""
        self.events += 1
        seq = frame["seq"]
        last = self.position[1] if self.position is not None else None
        if last is None:
            self._wrong("disordered", f"{seq} before the join was answered")
        elif seq <= last:
            self._wrong("doubled", f"{seq} after {last}")
            return
        elif seq > last + 1:
            self._wrong("disordered", f"a hole: {seq} after {last}")
        self.position = (self.position[0] if self.position else "", seq)
        entry = frame["data"]
        self._checker.saw(self._name, self.topic, seq, frame["event"], entry)
        if entry is not None and "id" in entry:
            self.state[entry["id"]] = entry

    def latest(self, frame: Mapping[str, Any]) -> None:
        """Take a newest value; of two totals the one with the higher version counts."""
        data = frame["data"]
        if frame["event"] == "reactions" and data["version"] >= self._versions.get(data["message"], 0):
            self._versions[data["message"]] = data["version"]
            self.reactions[data["message"]] = data["totals"]

    def page(self, page: Mapping[str, Any]) -> None:
        """Take older messages read over HTTP after a snapshot; what is known already is newer."""
        for entry in page["messages"]:
            self.state.setdefault(entry["id"], dict(entry))
            self.floor = min(self.floor, entry["number"])
        for id, totals in page["reactions"].items():
            told = {"message": id, "totals": totals, "version": page["versions"][id]}
            self.latest({"event": "reactions", "data": told})

    def has_all(self, truth: Truth) -> bool:
        """Tell whether this client has been told everything: each event, and each newest value."""
        position = self.position
        return position is not None and position[1] >= truth.head and not self.stale(truth)

    def stale(self, truth: Truth) -> list[str]:
        """Return the messages on this screen whose newest totals the client does not know."""
        return [
            id
            for id, totals in truth.totals.items()
            if id in self.state and _counted(self.reactions.get(id, {})) != _counted(totals)
        ]

    @property
    def _name(self) -> str:
        return f"{self.who} in {self.topic}"

    def _wrong(self, kind: Kind, what: str) -> None:
        self._checker.wrong(kind, self._name, what)


class Checker:
    """All clients of one run, what they were promised, and what is wrong with what they saw."""

    def __init__(self) -> None:
        self.views: list[View] = []
        self.promises: dict[str, Promise] = {}
        self.told: list[Told] = []
        self.violations: list[Violation] = []
        self._order: dict[
            tuple[str, int], tuple[str, str]
        ] = {}  # (topic, seq) → (event, entity), as first seen
        self._carried: dict[str, tuple[str, str, int]] = {}  # word → topic, entity, last seq that carried it

    # ---- while it runs

    def view(self, who: str, topic: str) -> View:
        """Begin to watch what a client sees of a topic."""
        view = View(self, who, topic)
        self.views.append(view)
        return view

    def posted(self, topic: str, id: str, body: str) -> None:
        """Note that a send was acknowledged."""
        self.promises[id] = Promise(topic, body)

    def edited(self, id: str, body: str) -> None:
        """Note that an edit was acknowledged."""
        self.promises[id].body = body
        self.promises[id].unsure = frozenset()

    def unsure(self, id: str, body: str) -> None:
        """Note that an edit was refused or not answered: either words may stand."""
        self.promises[id].unsure |= {body}

    def removed(self, id: str) -> None:
        """Note that a removal was acknowledged."""
        self.promises[id].removed_at = time.monotonic()

    def saw(self, who: str, topic: str, seq: int, event: str, entry: Mapping[str, Any] | None) -> None:
        """Compare an event with what others saw at its place."""
        if entry is None or "id" not in entry:
            return
        first = self._order.setdefault((topic, seq), (event, entry["id"]))
        if first != (event, entry["id"]):
            self.wrong("disordered", who, f"{seq} is {event} of {entry['id']}, others saw {first}")
        for found in words_in(entry.get("body", "").encode()):
            self._carried[found] = (topic, entry["id"], max(seq, self._carried.get(found, ("", "", 0))[2]))

    def wrong(self, kind: Kind, who: str, what: str) -> None:
        """Note a violation."""
        self.violations.append(Violation(kind, who, what))

    # ---- at the end

    def verify(self, truth: Mapping[str, Truth]) -> Counter[str]:
        """Compare everything with the database; return how many violations of each kind there are in all."""
        for topic, known in truth.items():
            self._check_log(topic, known)
            self._check_promises(topic, known)
            self._check_told(topic, known)
        for view in self.views:
            self._check_view(view, truth[view.topic])
        return Counter(violation.kind for violation in self.violations)

    def _check_log(self, topic: str, truth: Truth) -> None:
        """The log has no hole, posts each thing once, and numbers messages in its own order."""
        last, number, posts = 0, 0, set()
        for logged in truth.log:
            if last and logged.seq != last + 1:
                self.wrong("disordered", "database", f"{topic}: {logged.seq} after {last} in the log")
            last = logged.seq
            seen = self._order.get((topic, logged.seq))
            if seen is not None and seen != (logged.event, logged.entity):
                self.wrong("disordered", "database", f"{topic}: {logged.seq} is not what clients saw: {seen}")
            if logged.event == "message.posted":
                if logged.entity in posts:
                    self.wrong("doubled", "database", f"{topic}: {logged.entity} was posted twice")
                posts.add(logged.entity)
                placed = truth.messages[logged.entity].number or 0
                if placed <= number:
                    self.wrong("disordered", "database", f"{topic}: number {placed} after {number}")
                number = placed
        bodies = Counter(row.body for row in truth.messages.values() if row.body)
        for body, count in bodies.items():
            if count > 1:
                self.wrong("doubled", "database", f"{topic}: {body!r} stands {count} times")

    def _check_promises(self, topic: str, truth: Truth) -> None:
        """What was acknowledged is in the database as it was acknowledged."""
        for id, promise in self.promises.items():
            if promise.topic != topic:
                continue
            row = truth.messages.get(id)
            if row is None:
                self.wrong("lost", "database", f"{topic}: {id} was acknowledged")
            elif promise.removed_at is not None:
                if row.state != "removed" or row.body:
                    self.wrong("shown", "database", f"{topic}: {id} was taken down and is {row.state}")
            elif row.state != "posted" or row.body not in {promise.body, *promise.unsure}:
                self.wrong(
                    "lost", "database", f"{topic}: {id} is {row.state} {row.body!r}, not {promise.body!r}"
                )

    def _check_told(self, topic: str, truth: Truth) -> None:
        """Nothing that was taken back is in the bytes of a replay or snapshot that ends behind that."""
        gone: dict[str, int] = {}
        changes: dict[str, list[int]] = {}
        for logged in truth.log:
            changes.setdefault(logged.entity, []).append(logged.seq)
        for found, (where, entity, seq) in self._carried.items():
            if where == topic:
                later = [change for change in changes.get(entity, ()) if change > seq]
                if later:
                    gone[found] = later[0]
        late = {
            found: promise.removed_at + LATE
            for promise in self.promises.values()
            if promise.topic == topic and promise.removed_at is not None
            for found in words_in(promise.body.encode())
        }
        for told in self.told:
            if not told.who.endswith(topic):
                continue
            for found in told.words:
                if gone.get(found, told.seq + 1) <= told.seq or told.asked > late.get(found, told.asked):
                    self.wrong("shown", told.who, f"{found} in what was told up to {told.seq}")

    def _check_view(self, view: View, truth: Truth) -> None:
        """A client's screen is the database's."""
        who = f"{view.who} in {view.topic}"
        if view.position is None or view.position[1] != truth.head:
            self.wrong("lost", who, f"stands at {view.position}, the log at {truth.head}")
        for id, row in truth.messages.items():
            if row.number is None or row.number < view.floor:
                continue
            entry = view.state.get(id)
            if row.state == "removed":
                if entry is not None and entry.get("body"):
                    self.wrong("shown", who, f"{id} is still shown")
            elif entry is None:
                self.wrong("lost", who, f"{id} is missing")
            elif (entry.get("body"), entry["number"]) != (row.body, row.number):
                self.wrong("lost", who, f"{id} shows {entry.get('body')!r}, not {row.body!r}")
        for id, entry in view.state.items():
            if id not in truth.messages:
                self.wrong("shown", who, f"{id} is not in the database: {entry.get('body')!r}")
        for id in view.stale(truth):
            self.wrong("stale", who, f"{id} has {truth.totals[id]}, shown {view.reactions.get(id)}")


def _counted(totals: Mapping[str, int]) -> dict[str, int]:
    return {emoji: count for emoji, count in totals.items() if count}
