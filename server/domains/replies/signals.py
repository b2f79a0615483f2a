"""Facts about what is added below prayer requests."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class _OfReply(Signal, frozen=True, kw_only=True):
    request_id: UUID
    reply_id: UUID

    @property
    def key(self) -> str:
        """Order by request."""
        return str(self.request_id)


class ReplyHeld(_OfReply, frozen=True, kw_only=True, tag="replies.held"):
    """A reply waits for the team. `crisis` names a need that was found: somebody should look at once."""

    kind: str
    version: int
    crisis: str = ""


class ReplyDecided(_OfReply, frozen=True, kw_only=True, tag="replies.decided"):
    """The team let a reply stand, or did not."""

    kind: str
    posted: bool
    by: UUID | None


class ReplyRemoved(_OfReply, frozen=True, kw_only=True, tag="replies.removed"):
    """A reply was taken down, or went with its request or its author while it waited: then `by` is null."""

    by: UUID | None
