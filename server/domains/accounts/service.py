"""Open accounts, check passwords, give roles, suspend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from server.domains.accounts import policy, repository
from server.domains.accounts.errors import BadCredentials, BadEmail, LastOwner, Suspended
from server.domains.accounts.models import Person, Standing, Verified
from server.domains.accounts.signals import (
    AccountOpened,
    AccountRenamed,
    AccountResumed,
    AccountSuspended,
    EmailChanged,
    PasswordChanged,
    RolesChanged,
    SignedOutEverywhere,
)
from server.domains.audit.service import AuditService
from server.kit.db import Database, Transaction
from server.kit.limits import Limit
from server.kit.passwords import Passwords
from server.kit.scope import Scope, TenantRef

AGAIN = Limit("password_again", 10, 900)  # a signed-in person's password, asked again for what matters
NOBODY = UUID(int=0)


class Throttle(Protocol):
    """Take one of a caller's tries, or raise Limited."""

    async def take(self, limit: Limit, caller: str) -> object: ...


class AccountsService:
    """Keep the accounts of each church. Methods that take `tx` work inside the caller's transaction."""

    def __init__(
        self,
        database: Database,
        audit: AuditService,
        passwords: Passwords,
        throttle: Throttle,
        changed: Callable[[TenantRef], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._audit = audit
        self._passwords = passwords
        self._throttle = throttle
        self.changed = changed  # called after COMMIT: whatever was kept of this church's people is read again

    async def create(
        self, scope: Scope, *, email: str, name: str, password: str, roles: frozenset[str], locale: str = "en"
    ) -> Person:
        """Open an account at once, for the command line and the demo; people come by invitation or registration."""
        policy.CHANGE_ROLES.require(scope)
        hashed = await self.hash(password, email, name, scope.tenant.slug)
        async with self._database.transaction(scope) as tx:
            return await self.open(
                tx, scope, email=email, name=name, roles=roles, password_hash=hashed, locale=locale
            )

    async def hash(self, password: str, *about: str, pointer: str = "/password") -> str:
        """Return the hash of a new password; raise WeakPassword. `about`: name, address, church."""
        return await self._passwords.hash(policy.check_password(password, *about, pointer=pointer))

    async def open(
        self,
        tx: Transaction,
        scope: Scope,
        *,
        email: str | None,
        name: str,
        roles: frozenset[str] = frozenset(),
        password_hash: str | None = None,
        locale: str = "en",
        id: UUID | None = None,
    ) -> Person:
        """Open an account inside a transaction whose caller knows that the person may have it; raise EmailTaken."""
        person = await repository.insert(
            tx.connection,
            id=id,
            email=None if email is None else policy.check_email(email),
            name=policy.check_name(name),
            locale=policy.check_locale(locale),
            roles=policy.check_roles(roles),
            password_hash=password_hash,
        )
        tx.signal(AccountOpened(person_id=person.id))
        await self._audit.record(
            tx, scope, "accounts.opened", str(person.id), {"roles": sorted(person.roles)}
        )
        return person

    async def verify(self, scope: Scope, email: str, password: str) -> Verified:
        """Check address and password; raise BadCredentials (in the same time for unknown accounts) or Suspended."""
        async with self._database.transaction(scope, readonly=True) as tx:
            person, hashed = await repository.with_hash(tx.connection, _loose(email))
        if not await self._passwords.matches(password, hashed) or person is None or hashed is None:
            raise BadCredentials()
        if person.status == "suspended":
            raise Suspended()
        if self._passwords.outdated(hashed):
            hashed = await self._rehash(scope, person.id, hashed, password)
        return Verified(person, hashed)

    async def still(self, tx: Transaction, verified: Verified) -> Person:
        """Read a verified account again where its session is begun: what was changed meanwhile counts."""
        if await repository.hash_by_id(tx.connection, verified.person.id) != verified.proof:
            raise BadCredentials()
        person = await repository.by_id(tx.connection, verified.person.id)
        if person.status == "suspended":
            raise Suspended()
        return person

    async def again(self, scope: Scope, password: str) -> UUID:
        """Let a signed-in person show their password again; raise BadCredentials or Limited."""
        policy.ME.require(scope)
        person_id = scope.actor.id or NOBODY
        await self._throttle.take(AGAIN, f"{scope.tenant.id}:{person_id}")
        async with self._database.transaction(scope) as tx:
            hashed = await repository.hash_by_id(tx.connection, person_id)
        if not await self._passwords.matches(password, hashed):
            raise BadCredentials("This is not your present password.")
        return person_id

    async def change_password(self, scope: Scope, old: str, new: str) -> None:
        """Change one's own password: this session goes on, all others end."""
        person_id = await self.again(scope, old)
        person = await self.get(scope, person_id)
        hashed = await self.hash(new, person.email or "", person.name, scope.tenant.slug, pointer="/new")
        async with self._database.transaction(scope) as tx:
            await self.set_password(tx, scope, person_id, hashed, kept_session=scope.actor.session)
        self.changed(scope.tenant)

    async def set_password(
        self,
        tx: Transaction,
        scope: Scope,
        person_id: UUID,
        password_hash: str,
        *,
        kept_session: UUID | None = None,
    ) -> None:
        """Set a password inside a transaction whose caller has proof that it is the person's wish."""
        await repository.lock(tx.connection, person_id)
        await repository.set_password(tx.connection, person_id, password_hash, kept_session=kept_session)
        tx.signal(PasswordChanged(person_id=person_id))
        tx.send_away(person_id)
        await self._audit.record(tx, scope, "accounts.password_changed", str(person_id))

    async def set_email(self, tx: Transaction, scope: Scope, person_id: UUID, email: str) -> None:
        """Set an address inside a transaction whose caller has proof that the mailbox is the person's."""
        await repository.set_email(tx.connection, person_id, policy.check_email(email))
        tx.signal(EmailChanged(person_id=person_id))
        await self._audit.record(tx, scope, "accounts.email_changed", str(person_id))

    async def rename(self, scope: Scope, *, name: str | None, locale: str | None) -> Person:
        """Change one's own name or language."""
        policy.ME.require(scope)
        async with self._database.transaction(scope) as tx:
            person = await repository.lock(tx.connection, scope.actor.id or NOBODY)
            person = await repository.set_profile(
                tx.connection,
                person.id,
                name=policy.check_name(name) if name is not None else person.name,
                locale=policy.check_locale(locale) if locale is not None else person.locale,
            )
            tx.signal(AccountRenamed(person_id=person.id))
        self.changed(scope.tenant)
        return person

    async def set_roles(self, scope: Scope, person_id: UUID, roles: frozenset[str]) -> Person:
        """Replace somebody's roles; raise NotYoursToGive or LastOwner."""
        policy.CHANGE_ROLES.require(scope)
        roles = policy.check_roles(roles)
        async with self._database.transaction(scope) as tx:
            owners = await repository.lock_owners(tx.connection)
            before = await repository.lock(tx.connection, person_id)
            policy.check_change(scope, before.roles, roles)
            if "owner" not in roles and owners == {person_id}:
                raise LastOwner()
            person = await self.give(tx, scope, before, roles)
        self.changed(scope.tenant)
        return person

    def may_give(self, scope: Scope, roles: frozenset[str]) -> frozenset[str]:
        """Return the roles with `member`; raise NotYoursToGive unless the asker's own cover them."""
        roles = policy.check_roles(roles)
        policy.check_over(scope, roles)
        return roles

    def covers(self, person: Person, roles: frozenset[str]) -> bool:
        """Tell whether a person may give these roles today."""
        return person.status == "active" and policy.covered_by(person.roles) >= roles

    async def give(self, tx: Transaction, scope: Scope, before: Person, roles: frozenset[str]) -> Person:
        """Replace roles inside a transaction whose caller has asked policy."""
        if roles == before.roles:
            return before
        given, taken = tuple(sorted(roles - before.roles)), tuple(sorted(before.roles - roles))
        person = await repository.set_roles(tx.connection, before.id, roles)
        tx.signal(RolesChanged(person_id=person.id, given=given, taken=taken))
        tx.look_again(person.id)
        await self._audit.record(
            tx, scope, "accounts.roles_changed", str(person.id), {"given": given, "taken": taken}
        )
        return person

    async def suspend(self, scope: Scope, person_id: UUID) -> Person:
        """Keep somebody out: sessions and sockets end. Raise NotYoursToGive or LastOwner."""
        policy.SUSPEND.require(scope)
        async with self._database.transaction(scope) as tx:
            owners = await repository.lock_owners(tx.connection)
            person = await repository.lock(tx.connection, person_id)
            policy.check_over(scope, person.roles)
            if owners == {person_id}:
                raise LastOwner()
            person = await repository.set_status(tx.connection, person_id, "suspended")
            await repository.end_sessions(tx.connection, person_id, kept_session=None)
            tx.signal(AccountSuspended(person_id=person_id))
            tx.send_away(person_id)
            await self._audit.record(tx, scope, "accounts.suspended", str(person_id))
        self.changed(scope.tenant)
        return person

    async def resume(self, scope: Scope, person_id: UUID) -> Person:
        """Let a suspended person in again."""
        policy.SUSPEND.require(scope)
        async with self._database.transaction(scope) as tx:
            person = await repository.lock(tx.connection, person_id)
            policy.check_over(scope, person.roles)
            person = await repository.set_status(tx.connection, person_id, "active")
            tx.signal(AccountResumed(person_id=person_id))
            await self._audit.record(tx, scope, "accounts.resumed", str(person_id))
        self.changed(scope.tenant)
        return person

    async def end_sessions(self, tx: Transaction, scope: Scope, person_id: UUID) -> None:
        """End every session of a person, sockets too."""
        await repository.lock(tx.connection, person_id)
        await repository.end_sessions(tx.connection, person_id, kept_session=None)
        tx.signal(SignedOutEverywhere(person_id=person_id))
        tx.send_away(person_id)
        await self._audit.record(tx, scope, "accounts.signed_out_everywhere", str(person_id))

    async def standing(self, tx: Transaction, person_id: UUID) -> Standing | None:
        """Read what decides whether a person's sessions count."""
        return (await self.standings(tx, [person_id])).get(person_id)

    async def standings(self, tx: Transaction, people: Sequence[UUID]) -> dict[UUID, Standing]:
        """Read the same of many; who has no account is absent."""
        return await repository.standings(tx.connection, people) if people else {}

    async def find(self, tx: Transaction, email: str) -> Person | None:
        """Find an account by its address; None for what is no address."""
        return await repository.by_email(tx.connection, _loose(email))

    def check_address(self, email: str) -> str:
        """Return an address in the form it is stored; raise BadEmail."""
        return policy.check_email(email)

    def address(self, email: str) -> str:
        """Return the one form of an address, so that a limit cannot be passed by another spelling."""
        return _loose(email) or email[:254]

    async def lock(self, tx: Transaction, person_id: UUID) -> Person:
        """Read one account until COMMIT; raise NoSuchPerson."""
        return await repository.lock(tx.connection, person_id)

    async def get(self, scope: Scope, person_id: UUID) -> Person:
        """Read one account: one's own, or anybody's for those who may list them."""
        if scope.actor.kind != "person" or scope.actor.id != person_id:
            policy.LIST.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.by_id(tx.connection, person_id)

    async def page(
        self, scope: Scope, *, after: UUID | None = None, most: int = 50, staff: bool = False
    ) -> Sequence[Person]:
        """Return accounts in the order they were opened; `staff`: only those with more than `member`."""
        policy.LIST.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.page(tx.connection, after=after or NOBODY, most=most, staff=staff)

    async def staff(self, tx: Transaction, most: int) -> Sequence[Person]:
        """Return those with more than `member`, in the order their accounts were opened."""
        return await repository.page(tx.connection, after=NOBODY, most=most, staff=True)

    async def _rehash(self, scope: Scope, person_id: UUID, before: str, password: str) -> str:
        hashed = await self._passwords.hash(password)
        async with self._database.transaction(scope) as tx:
            await repository.rehash(tx.connection, person_id, before=before, password_hash=hashed)
        return hashed


def _loose(email: str) -> str:
    """Return an address as it would be stored; one that is none finds nobody, in the same time."""
    try:
        return policy.check_email(email)
    except BadEmail:
        return ""
