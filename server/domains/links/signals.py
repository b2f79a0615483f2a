"""Facts about links. Addresses and tokens travel sealed: neither the outbox nor a dead letter shows them."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class LinkAsked(Signal, frozen=True, kw_only=True, tag="links.asked"):
    """Somebody asked for a link to an address of which nothing was looked up yet: so the asker learns nothing."""

    ask_id: UUID
    sealed: bytes

    @property
    def key(self) -> str:
        """Order by nothing: each stands alone."""
        return str(self.ask_id)


class LetterDue(Signal, frozen=True, kw_only=True, tag="links.letter_due"):
    """A letter is to be written; `letter_id` names it, so that it is sent once."""

    letter_id: UUID
    sealed: bytes

    @property
    def key(self) -> str:
        """Order by letter."""
        return str(self.letter_id)
