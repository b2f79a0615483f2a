"""The days around a Sunday: gatherings that come, a church that is paused, people kept out, visitors vouched for."""

from __future__ import annotations

import time
import uuid
from collections.abc import Coroutine
from typing import Any, TypeVar
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OKPKey

from server.domains.chat.models import Post
from server.domains.events.schemas import Plan
from server.kit.scope import Actor, Scope
from tests.browser.sunday import Sunday, eventually

T = TypeVar("T")


class Week:
    """What happens to the church of a Sunday, done as its staff and its operator would."""

    def __init__(self, sunday: Sunday) -> None:
        self._sunday = sunday
        self._wiring = sunday._wiring
        self._system = sunday._system
        self._key = OKPKey.generate_key("Ed25519")
        self._kid = ""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._sunday._loop.run(work)

    def clear(self) -> None:
        """Cancel whatever is on or planned."""
        while any(found := self.run(self._wiring.events.now(self._system))):
            for gathering in found:
                if gathering is not None:
                    self.run(self._wiring.events.cancel(self._system, gathering.id))

    def plan(self, title: str, minutes: float) -> str:
        """Plan a gathering that starts so many minutes from now; return its room's id."""
        at = self._sunday.minutes
        plan = Plan(title, at(minutes), at(minutes + 60), "Europe/Berlin")
        gathering = self.run(self._wiring.events.plan(self._system, plan))

        async def make() -> str:
            window = (gathering.opens_at, gathering.closes_at)
            async with self._wiring.database.transaction(self._system) as tx:
                room = await self._wiring.rooms.put_gathering(tx, gathering.id, gathering.title, window)
                return str(room.id)

        self._sunday.room = self.run(make())
        return self._sunday.room

    def suspend(self) -> None:
        self.run(self._wiring.tenants.suspend("grace"))

    def resume(self) -> None:
        self.run(self._wiring.tenants.resume("grace"))

    def id_of(self, name: str) -> UUID:
        """Return who wrote under a name in the room."""

        def look() -> UUID | None:
            room = uuid.UUID(self._sunday.room)
            page = self.run(self._wiring.messages.history(self._system, room, most=100))
            return next((m.author.id for m in page.messages if m.author.name == name), None)

        found: UUID = eventually(look)
        return found

    def ban(self, name: str) -> UUID:
        """Keep somebody out who wrote under a name; return the ban's id."""
        return self.run(self._wiring.safety.ban(self._system, self.id_of(name), name)).id

    def lift(self, ban: UUID) -> None:
        self.run(self._wiring.safety.lift(self._system, ban))

    def pause(self, name: str, minutes: int) -> None:
        """Give somebody a timeout."""
        self.run(self._wiring.safety.timeout(self._system, self.id_of(name), name, minutes))

    def release(self, name: str) -> None:
        self.run(self._wiring.safety.release(self._system, self.id_of(name), "timeout"))

    def pour(self, bodies: list[str]) -> None:
        """Have that many guests say one thing each, all in one moment."""
        room = uuid.UUID(self._sunday.room)
        posts = [
            Post(
                Scope(self._system.tenant, Actor("guest", uuid.uuid4(), f"Guest {i}")),
                room,
                uuid.uuid4(),
                body,
            )
            for i, body in enumerate(bodies)
        ]
        self.run(self._wiring.chat.post_many(self._system, posts))

    def notes(self) -> list[tuple[str, str]]:
        """Return the words that were left for the hosts: whose, and which."""
        found = self.run(self._wiring.notes.unread(self._system))
        return [(note.author_name, note.body) for note in found]

    def vouch(self, name: str) -> str:
        """Return what the church's website gives a visitor to prove who they are."""
        if not self._kid:
            self._kid = uuid.uuid4().hex[:8]
            public: Any = self._key.as_dict(private=False)
            self.run(
                self._wiring.keys.add_host(
                    self._system,
                    name="website",
                    kid=self._kid,
                    issuer="www.grace.example",
                    public_key=public,
                )
            )
        claims = {"sub": name, "name": name, "aud": "narthex:grace", "exp": int(time.time()) + 240}
        header = {"alg": "EdDSA", "kid": self._kid}
        return jwt.encode(header, {**claims, "jti": uuid.uuid4().hex}, self._key, algorithms=["EdDSA"])
