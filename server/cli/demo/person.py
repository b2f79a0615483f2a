"""Somebody in the demo's crowd, and the hall as far as they need to know it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Mapping
from uuid import UUID

import msgspec

from realtime.client import Client
from realtime.errors import Disconnected, Refused
from realtime.frames import Event
from server.domains.auth.service import AuthService
from server.domains.sessions.models import Grant
from server.kit.errors import AppError
from server.kit.ids import new_id
from server.kit.scope import Origin, Scope, TenantRef

HEARD = 30  # messages that people may still answer
TYPING_EVERY = 2.0
LETTERS_PER_SECOND = 9.0
TOKEN_SECONDS = 480.0  # a token lives for ten minutes; an older one is exchanged before it is shown again


class Author(msgspec.Struct, frozen=True):
    """Who wrote a message."""

    id: UUID


class Heard(msgspec.Struct, frozen=True):
    """A message that somebody may answer."""

    id: UUID
    author: Author
    body: str


class Hall:
    """The room, as far as the crowd needs to know it."""

    def __init__(self, auth: AuthService, tenant: TenantRef, room: UUID, url: str) -> None:
        self.auth = auth
        self.tenant = tenant
        self.topic = f"chat:{room}"
        self.origin = url
        self.socket = f"{url.replace('http', 'ws', 1)}/live/{tenant.slug}"
        self.heard: deque[Heard] = deque(maxlen=HEARD)
        self.done: Counter[str] = Counter()

    def hear(self, event: Event) -> None:
        """Remember what was said."""
        if event.event == "message.posted":
            self.heard.append(msgspec.json.decode(event.data, type=Heard))


class Person:
    """Somebody with a name and a socket of their own."""

    def __init__(self, number: int, name: str, language: str, hall: Hall) -> None:
        self._hall = hall
        self.name = name
        self.language = language
        # everybody has an address of their own, so that the limits for one address are not theirs together
        origin = Origin(address=f"198.18.{number // 250}.{number % 250 + 1}", device="narthex crowd")
        self._scope = Scope(hall.tenant, origin=origin)
        self._refresh = ""
        self._access = ""
        self._fresh_until = 0.0  # by the monotonic clock
        self._client: Client | None = None
        self.id: UUID | None = None
        self.gone = False  # for good: banned, or sent away
        self.rests_until = 0.0

    @property
    def here(self) -> bool:
        """Tell whether they stand in the hall."""
        return self._client is not None and not self.gone

    async def token(self) -> str | None:
        """Return an access token: of a new guest the first time, later the same guest's; None once that is refused."""
        if time.monotonic() >= self._fresh_until:
            try:
                grant = await self._grant()
            except AppError:
                self.gone = True
                return None
            self._access, self._refresh = grant.access_token, grant.refresh_token
            self._fresh_until = time.monotonic() + TOKEN_SECONDS
        return self._access

    async def _grant(self) -> Grant:
        auth = self._hall.auth
        if self._refresh:
            return await auth.refresh(self._scope, self._refresh)
        guest, grant = await auth.welcome(
            self._scope, nickname=self.name, consent="1", site="localhost", locale=self.language
        )
        self.id = guest.id
        return grant

    async def come(self) -> None:
        """Come in; who is refused stays away."""
        client = Client(self._hall.socket, self.token, origin=self._hall.origin)
        try:
            await client.__aenter__()
            await client.join(self._hall.topic)
            self._client = client
        except (Refused, Disconnected):
            self.gone = True
        finally:
            if self._client is not client:
                await client.close()

    async def go(self) -> None:
        """Leave without a word."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def say(self, words: str, reply_to: UUID | None = None) -> None:
        """Type for as long as the words take, then send them."""
        for _ in range(1 + int(len(words) / LETTERS_PER_SECOND / TYPING_EVERY)):
            await self._push("typing", {})
            await asyncio.sleep(TYPING_EVERY)
        answers = {} if reply_to is None else {"reply_to": str(reply_to)}
        await self._push("message.send", {"body": words, **answers}, new_id())

    async def react(self, to: UUID, emoji: str) -> None:
        """React to a message."""
        await self._push("reaction.add", {"emoji": emoji}, to)

    async def float(self, emoji: str) -> None:
        """Throw an emoji over everybody's screen."""
        await self._push("float", {"emoji": emoji})

    async def _push(self, event: str, data: Mapping[str, object], id: UUID | None = None) -> None:
        client = self._client
        if client is None:
            return
        try:
            await client.push(self._hall.topic, event, data, None if id is None else str(id))
            self._hall.done[event] += 1
        except Refused:
            self._hall.done["refused"] += 1
        except Disconnected as lost:
            self.gone = lost.close.final
