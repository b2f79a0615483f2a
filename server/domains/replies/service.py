"""Keep what is added below requests, inside the transaction of the request's owner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from server.domains.replies import policy, repository
from server.domains.replies.errors import AlreadyDecided
from server.domains.replies.models import Kind, Reply, State
from server.domains.replies.signals import ReplyDecided, ReplyHeld, ReplyRemoved
from server.kit.clock import Clock
from server.kit.db import Transaction
from server.kit.ids import random_id

MOST_SHOWN = 50  # newest that stand below one request
MOST_OWN = 200


class RepliesService:
    """Keep replies. Whoever calls has locked the request they belong to."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def check_body(self, text: str, pointer: str = "/body") -> str:
        """Return the words as they are kept; raise BadText that names field and limit."""
        return policy.check_body(text, pointer)

    async def write(
        self,
        tx: Transaction,
        request_id: UUID,
        kind: Kind,
        body: str,
        *,
        author: tuple[UUID | None, str] = (None, ""),
        reason: str = "",
        crisis: str = "",
    ) -> Reply:
        """Keep words that wait for the team; `author` is an id, null for the anonymous, and a name to be shown."""
        now = self._clock.now()
        id, name = author
        draft = Reply(random_id(), request_id, kind, "held", 1, body, reason, crisis, id, name, now, None)
        reply = await repository.insert(tx.connection, draft)
        tx.signal(_held(reply))
        return reply

    async def decide(self, tx: Transaction, id: UUID, version: int, *, posted: bool) -> Reply:
        """Let a reply that waits stand, or not: then its words go. Raise NoSuchReply, AlreadyDecided, Changed."""
        reply = await repository.lock(tx.connection, id)
        policy.check_waiting(reply, version)
        by = tx.scope.actor.id
        state: State = "posted" if posted else "declined"
        body = reply.body if posted else ""
        reply = await repository.set_state(tx.connection, id, state, body, self._clock.now(), by)
        tx.signal(
            ReplyDecided(request_id=reply.request_id, reply_id=id, kind=reply.kind, posted=posted, by=by)
        )
        return reply

    async def reopen(self, tx: Transaction, id: UUID, body: str) -> Reply:
        """Let a decided reply wait again with the words it had; raise NoSuchReply, AlreadyDecided when it waits."""
        reply = await repository.lock(tx.connection, id)
        if reply.state == "held":
            raise AlreadyDecided("This reply waits already.")
        reply = await repository.set_state(tx.connection, id, "held", body, None, None)
        tx.signal(_held(reply))
        return reply

    async def remove(self, tx: Transaction, id: UUID) -> Reply:
        """Take a reply that stands down; raise NoSuchReply, AlreadyDecided when it does not stand."""
        reply = await repository.lock(tx.connection, id)
        if reply.state != "posted":
            raise AlreadyDecided("This reply does not stand any more.")
        by = tx.scope.actor.id
        reply = await repository.set_state(tx.connection, id, "removed", "", self._clock.now(), by)
        tx.signal(ReplyRemoved(request_id=reply.request_id, reply_id=id, by=by))
        return reply

    async def by_ids(self, tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Reply]:
        """Return replies by their ids."""
        return await repository.by_ids(tx.connection, ids)

    async def of(self, tx: Transaction, requests: Sequence[UUID]) -> dict[UUID, tuple[Reply, ...]]:
        """Return what stands below requests in the order of its writing; requests with nothing are absent."""
        return _grouped(await repository.posted_of(tx.connection, requests, MOST_SHOWN) if requests else ())

    async def all_of(self, tx: Transaction, requests: Sequence[UUID]) -> dict[UUID, tuple[Reply, ...]]:
        """Return what stands or waits below requests in the order of its writing."""
        return _grouped(await repository.all_of(tx.connection, requests, MOST_OWN) if requests else ())

    async def drop(self, tx: Transaction, requests: Iterable[UUID]) -> None:
        """Forget what was added below requests that are gone; nobody need decide about it any more."""
        _tell_gone(tx, await repository.drop(tx.connection, requests))

    async def requests_of(self, tx: Transaction, person: UUID) -> list[UUID]:
        """Return below which requests somebody has written."""
        return await repository.requests_of(tx.connection, person)

    async def take_over(self, tx: Transaction, guest: UUID, person: UUID) -> None:
        """Let what a guest wrote be the person's they turned out to be."""
        await repository.take_over(tx.connection, guest, person)

    async def forget(self, tx: Transaction, person: UUID) -> None:
        """Take out what one person wrote; the owner of the requests shows them anew."""
        _tell_gone(tx, await repository.forget(tx.connection, person))


def _tell_gone(tx: Transaction, waited: Iterable[tuple[UUID, UUID]]) -> None:
    for id, request_id in waited:
        tx.signal(ReplyRemoved(request_id=request_id, reply_id=id, by=None))


def _grouped(replies: Iterable[Reply]) -> dict[UUID, tuple[Reply, ...]]:
    found: dict[UUID, list[Reply]] = {}
    for reply in replies:
        found.setdefault(reply.request_id, []).append(reply)
    return {id: tuple(of_it) for id, of_it in found.items()}


def _held(reply: Reply) -> ReplyHeld:
    return ReplyHeld(
        request_id=reply.request_id,
        reply_id=reply.id,
        kind=reply.kind,
        version=reply.version,
        crisis=reply.crisis,
    )
