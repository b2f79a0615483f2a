"""Facts about who is on duty."""

from __future__ import annotations

from uuid import UUID

from server.kit.outbox import Signal


class RotaChanged(Signal, frozen=True, kw_only=True, tag="rota.changed"):
    """The plan changed, or somebody came or went."""

    person_id: UUID

    @property
    def key(self) -> str:
        """Order by church."""
        return "rota"
