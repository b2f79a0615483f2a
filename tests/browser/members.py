"""Members of the church of a Sunday: accounts, a second factor, and a relay for what becomes of their words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pyotp

from server.kit.scope import Actor, Scope
from tests.browser.console import PASSWORD
from tests.browser.sunday import Sunday
from tests.jobs.support import relay


class Members:
    """People with accounts, and a relay that carries what is announced."""

    def __init__(self, sunday: Sunday) -> None:
        self._wiring = sunday._wiring
        self._system = sunday._system
        self._loop = sunday._loop

    def add(self, name: str) -> str:
        """Open an account; return its e-mail."""
        email = f"{name.split()[0].lower()}@grace.example"
        made = self._wiring.accounts.create(
            self._system, email=email, name=name, password=PASSWORD, roles=frozenset()
        )
        self._loop.run(made)
        return email

    def id_of(self, email: str) -> UUID:
        async def find() -> UUID:
            async with self._wiring.database.transaction(self._system, readonly=True) as tx:
                person = await self._wiring.accounts.find(tx, email)
            assert person is not None
            return person.id

        return self._loop.run(find())

    def secure(self, email: str) -> str:
        """Set up an authenticator app for somebody; return its secret."""
        me = Scope(self._system.tenant, Actor("person", self.id_of(email), roles=frozenset({"moderator"})))
        secret = self._loop.run(self._wiring.factors.enrol(me, PASSWORD)).secret
        self._loop.run(self._wiring.factors.confirm(me, pyotp.TOTP(secret).now()))
        return secret

    def suspend(self, email: str) -> None:
        self._loop.run(self._wiring.accounts.suspend(self._system, self.id_of(email)))

    def authors(self, room: str) -> dict[str, UUID]:
        """Return whose each message of a room is, by its words."""
        page = self._loop.run(self._wiring.messages.history(self._system, UUID(room), most=100))
        return {message.body: message.author.id for message in page.messages}

    @contextmanager
    def relaying(self) -> Iterator[None]:
        """Let listeners hear what is announced, as beside a worker."""
        carrier = relay(self._wiring.database, self._wiring.tenants, self._wiring.listeners)
        running = asyncio.run_coroutine_threadsafe(carrier.run(), self._loop._loop)
        try:
            yield
        finally:
            running.cancel()
