"""Welcome guests, rename them, and learn who they turn out to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from realtime.broker import Order
from server.domains.guests import policy, repository
from server.domains.guests.errors import NoSuchGuest
from server.domains.guests.models import Guest
from server.domains.guests.signals import GuestArrived, GuestBecameMember, GuestRenamed
from server.kit.db import Database, Transaction
from server.kit.scope import Scope, TenantRef


class GuestsService:
    """Keep the guests of each church. Methods that take `tx` work inside the caller's transaction."""

    def __init__(self, database: Database, changed: Callable[[TenantRef], None] = lambda _: None) -> None:
        self._database = database
        self._changed = (
            changed  # called after COMMIT: whatever was kept of this church's guests is read again
        )

    async def welcome(
        self, tx: Transaction, *, nickname: str, consent: str, site: str, locale: str = "en"
    ) -> Guest:
        """Make a guest; raise BadNickname, ConsentMissing, BadSite."""
        guest = await repository.insert(
            tx.connection,
            nickname=policy.check_nickname(nickname),
            consent=policy.check_consent(consent),
            site=policy.check_site(site),
            locale=locale,
        )
        tx.signal(GuestArrived(guest_id=guest.id))
        return guest

    def site(self, site: str) -> str:
        """Return a website's host as it is stored; raise BadSite."""
        return policy.check_site(site)

    async def rename(self, scope: Scope, nickname: str) -> Guest:
        """Let the guest who asks go by another nickname."""
        policy.RENAME.require(scope)
        if scope.actor.id is None:
            raise NoSuchGuest()
        async with self._database.transaction(scope) as tx:
            guest = await repository.rename(tx.connection, scope.actor.id, policy.check_nickname(nickname))
            tx.signal(GuestRenamed(guest_id=guest.id))
            tx.order(Order("recheck", str(guest.id)))
        self._changed(scope.tenant)
        return guest

    async def become(self, tx: Transaction, guest_id: UUID, person_id: UUID) -> None:
        """Write down who a guest is; told once."""
        if await repository.become(tx.connection, guest_id, person_id):
            tx.signal(GuestBecameMember(guest_id=guest_id, person_id=person_id))

    async def find(self, tx: Transaction, guest_id: UUID) -> Guest | None:
        """Read a guest."""
        return (await self.find_all(tx, [guest_id])).get(guest_id)

    async def find_all(self, tx: Transaction, guests: Sequence[UUID]) -> dict[UUID, Guest]:
        """Read guests by their ids; who is not there is absent."""
        return await repository.by_ids(tx.connection, guests) if guests else {}
