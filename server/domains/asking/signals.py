"""Facts about those who ask. Addresses and tokens travel sealed: neither the outbox nor a dead letter shows them."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class AskerLetterDue(Signal, frozen=True, kw_only=True, tag="asking.letter_due"):
    """A letter to an asker is to be written; `letter_id` names it, so that it is sent once."""

    letter_id: UUID
    sealed: bytes

    @property
    def key(self) -> str:
        """Order by letter."""
        return str(self.letter_id)
