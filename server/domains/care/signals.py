"""Facts about one-to-one prayer. None carries a word that was said."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class _OfSession(Signal, frozen=True, kw_only=True):
    session_id: UUID
    version: int = 1

    @property
    def key(self) -> str:
        """Order by conversation."""
        return str(self.session_id)


class CareAsked(_OfSession, frozen=True, kw_only=True, tag="care.asked"):
    """Somebody asks for a person to pray with."""

    language: str
    crisis: str = ""


class CareAccepted(_OfSession, frozen=True, kw_only=True, tag="care.accepted"):
    """A volunteer accepted."""

    by: UUID


class CareSecondJoined(_OfSession, frozen=True, kw_only=True, tag="care.second"):
    """A second volunteer came into the room."""

    by: UUID


class CareHandedOver(_OfSession, frozen=True, kw_only=True, tag="care.handed_over"):
    """A volunteer left, and another goes on; `to` is null when nobody new came."""

    by: UUID
    to: UUID | None


class CareEnded(_OfSession, frozen=True, kw_only=True, tag="care.ended"):
    """A conversation is over, or never began: `state` says how."""

    state: str


class CareCrisis(_OfSession, frozen=True, kw_only=True, tag="care.crisis"):
    """Words in a private room speak of a great need: the leader on call is told, the words are not."""

    crisis: str
