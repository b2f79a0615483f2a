"""Take words that are to stand below a request, and decide about them, inside the caller's transaction.

The request is locked before its replies, here as everywhere.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from server.domains.prayer.errors import WrongState
from server.domains.prayer.models import APPROVE, Request
from server.domains.prayer.service import PrayerService
from server.domains.replies.errors import NoSuchReply
from server.domains.replies.models import Kind, Reply
from server.domains.replies.service import RepliesService
from server.domains.safety.service import SafetyService
from server.domains.undos.service import UndosService
from server.kit.db import Transaction
from server.kit.text import shown_name


class _Words(msgspec.Struct, frozen=True):
    """A reply's words, kept a minute for whoever takes a decision back."""

    body: str


class EncouragementService:
    """Keep words until the team lets them stand below a request."""

    def __init__(
        self, prayer: PrayerService, replies: RepliesService, safety: SafetyService, undos: UndosService
    ) -> None:
        self._prayer = prayer
        self._replies = replies
        self._safety = safety
        self._undos = undos

    async def add_in(
        self, tx: Transaction, request: Request, kind: Kind, body: str, author: tuple[UUID | None, str]
    ) -> Reply:
        """Keep words below a locked request; a need that they tell of is noted. Raise WrongState, BadText.

        `author` is an id, null for the asker of an anonymous request, and a name to be shown.
        """
        body = self._replies.check_body(body)
        if not request.shown:
            raise WrongState("Nobody can add words to this request now.")
        crisis = self._safety.crisis(body)
        reason = "crisis" if crisis else "link" if self._prayer.has_link(body) else ""
        return await self._replies.write(
            tx, request.id, kind, body, author=author, reason=reason, crisis=crisis
        )

    async def encourage_in(self, tx: Transaction, id: UUID, body: str) -> Reply:
        """Keep the encouragement of the transaction's own caller, who may read the request.

        Raise WrongState, BadText, NoSuchRequest.
        """
        request = await self._prayer.locked(tx, id)
        _, settings = await self._prayer.settings(tx)
        if not settings.encouragement:
            raise WrongState("This church does not add words to requests.")
        actor = tx.scope.actor
        return await self.add_in(tx, request, "encouragement", body, (actor.id, shown_name(actor.name, "")))

    async def decide_reply_in(self, tx: Transaction, reply_id: UUID, *, approve: bool, version: int) -> Reply:
        """Let a reply stand below its request, or not. Raise NoSuchReply, replies' AlreadyDecided and Changed."""
        before, words = await self._locked(tx, reply_id)
        reply = await self._replies.decide(tx, reply_id, version, posted=approve)
        await self._undos.keep(tx, reply_id, "reply", _Words(words))
        await self._show(tx, before, reply)
        action = "reply.approved" if approve else "reply.declined"
        await self._prayer.record(tx, action, before, reply=reply_id)
        return reply

    async def reopen_reply_in(self, tx: Transaction, reply_id: UUID) -> Reply:
        """Take a decision about a reply back, once and within a minute. Raise NoSuchReply, UndoOver."""
        before, _ = await self._locked(tx, reply_id)
        kept = await self._undos.take(tx, reply_id, "reply", _Words)
        reply = await self._replies.reopen(tx, reply_id, kept.body)
        await self._show(tx, before, reply)
        await self._prayer.record(tx, "reply.reopened", before, reply=reply_id)
        return reply

    async def remove_reply_in(self, tx: Transaction, reply_id: UUID) -> Reply:
        """Take a reply down that stands; it can be taken back as any decision. Raise NoSuchReply, AlreadyDecided."""
        before, words = await self._locked(tx, reply_id)
        reply = await self._replies.remove(tx, reply_id)
        await self._undos.keep(tx, reply_id, "reply", _Words(words))
        await self._show(tx, before, reply)
        await self._prayer.record(tx, "reply.removed", before, reply=reply_id)
        return reply

    async def below(self, tx: Transaction, request_id: UUID) -> tuple[Reply, ...]:
        """Return what stands below a request in the order of its writing; whoever asks may read it."""
        return (await self._replies.of(tx, [request_id])).get(request_id, ())

    async def _locked(self, tx: Transaction, reply_id: UUID) -> tuple[Request, str]:
        """Lock the request that a reply belongs to, for who may decide about it; return it and the reply's words."""
        APPROVE.require(tx.scope)
        found = (await self._replies.by_ids(tx, [reply_id])).get(reply_id)
        if found is None:
            raise NoSuchReply()
        request = await self._prayer.for_team(tx, found.request_id)
        found = (await self._replies.by_ids(tx, [reply_id])).get(reply_id)
        if found is None:
            raise NoSuchReply()
        return request, found.body

    async def _show(self, tx: Transaction, before: Request, reply: Reply) -> None:
        """Show the request anew; a testimony that the team lets stand becomes part of it."""
        if reply.kind != "testimony":
            await self._prayer.tell(tx, before, before)
            return
        testimony = reply.body if reply.state == "posted" else ""
        if testimony != before.testimony:
            after = msgspec.structs.replace(before, testimony=testimony)
            await self._prayer.save(tx, before, after, by=tx.scope.actor.id)
