"""What becomes of the keys of somebody whose account changes; that they do nothing any more is asked at each use."""

from __future__ import annotations

from server.domains.accounts.signals import AccountSuspended, RolesChanged
from server.domains.keys.service import KeysService
from server.kit.db import Transaction
from server.kit.outbox import Listener


def listeners(keys: KeysService) -> list[Listener]:
    """Return what this slice listens to."""

    async def suspended(tx: Transaction, signal: AccountSuspended) -> None:
        await keys.revoke_of(tx, signal.person_id)

    async def roles_changed(tx: Transaction, signal: RolesChanged) -> None:
        await keys.look_again(tx, signal.person_id)

    return [
        Listener("keys.maker_suspended", AccountSuspended, suspended),
        Listener("keys.maker_roles_changed", RolesChanged, roles_changed),
    ]
