"""Set up, ask for and remove second factors."""

from __future__ import annotations

from uuid import UUID

from server.domains.accounts.service import AccountsService, Throttle
from server.domains.audit.service import AuditService
from server.domains.factors import policy, repository
from server.domains.factors.errors import BadTotp, NoTotp, TotpExists, TotpRequired
from server.domains.factors.models import Enrolment, FactorStatus, Totp
from server.domains.factors.signals import RecoveryCodeUsed, TotpAdded, TotpRemoved
from server.kit import totp
from server.kit.crypto import Keyring, digest
from server.kit.db import Database, Transaction
from server.kit.scope import Scope


class FactorsService:
    """Keep the second factors of each church's people."""

    def __init__(
        self,
        database: Database,
        accounts: AccountsService,
        audit: AuditService,
        keyring: Keyring,
        throttle: Throttle,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._audit = audit
        self._keyring = keyring
        self._throttle = throttle

    async def status(self, scope: Scope) -> FactorStatus:
        """Tell one's own state."""
        policy.OWN.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            person_id = _own(scope)
            return FactorStatus(
                await repository.asked(tx.connection, person_id),
                await repository.codes_left(tx.connection, person_id),
            )

    async def enrol(self, scope: Scope, password: str) -> Enrolment:
        """Begin to set up an authenticator; raise BadCredentials or TotpExists."""
        policy.OWN.require(scope)
        person_id = await self._accounts.again(scope, password)
        secret = totp.new_secret()
        async with self._database.transaction(scope) as tx:
            sealed = self._keyring.seal(secret.encode(), _context(scope, person_id))
            if not await repository.begin(tx.connection, person_id, sealed):
                raise TotpExists()
        person = await self._accounts.get(scope, person_id)
        return Enrolment(secret, totp.uri(secret, person.email or person.name, scope.tenant.name))

    async def confirm(self, scope: Scope, code: str) -> list[str]:
        """Finish setting up by a first code; return the recovery codes, shown this once. Raise BadTotp, NoTotp."""
        policy.OWN.require(scope)
        await self._throttle.take(policy.TRIES, _caller(scope, _own(scope)))
        async with self._database.transaction(scope) as tx:
            found = await repository.lock(tx.connection, _own(scope))
            if found is None:
                raise NoTotp()
            if found.confirmed_at is not None:
                raise TotpExists()
            await self._accept(tx, scope, found, code)
            codes = await self._new_codes(tx, found.person_id)
            tx.signal(TotpAdded(person_id=found.person_id))
            await self._audit.record(tx, scope, "factors.totp_added", str(found.person_id))
        return codes

    async def check(self, scope: Scope, person_id: UUID, code: str | None) -> bool:
        """Ask for the second factor of somebody whose password was right; True when one was shown.

        False when the account has none. Raise TotpRequired, BadTotp, Limited. A recovery code is accepted too.
        """
        async with self._database.transaction(scope, readonly=True) as tx:
            if not await repository.asked(tx.connection, person_id):
                return False
        if code is None:
            raise TotpRequired()
        await self._throttle.take(policy.TRIES, _caller(scope, person_id))
        async with self._database.transaction(scope) as tx:
            await self._use(tx, scope, person_id, code)
        return True

    async def renew_codes(self, scope: Scope, code: str) -> list[str]:
        """Replace the recovery codes; raise BadTotp or NoTotp."""
        policy.OWN.require(scope)
        if not await self.check(scope, _own(scope), code):
            raise NoTotp()
        async with self._database.transaction(scope) as tx:
            codes = await self._new_codes(tx, _own(scope))
            await self._audit.record(tx, scope, "factors.codes_renewed", str(_own(scope)))
        return codes

    async def disable(self, scope: Scope, password: str, code: str) -> None:
        """Remove one's own authenticator; raise BadCredentials, BadTotp, NoTotp."""
        policy.OWN.require(scope)
        person_id = await self._accounts.again(scope, password)
        if not await self.check(scope, person_id, code):
            raise NoTotp()
        async with self._database.transaction(scope) as tx:
            await self._remove(tx, scope, person_id)

    async def remove(self, scope: Scope, person_id: UUID) -> None:
        """Remove the authenticator of somebody who lost it and the recovery codes too; an owner vouches for them."""
        policy.REMOVE_OTHERS.require(scope)
        async with self._database.transaction(scope) as tx:
            await self._accounts.lock(tx, person_id)
            await self._remove(tx, scope, person_id)

    async def _remove(self, tx: Transaction, scope: Scope, person_id: UUID) -> None:
        if not await repository.remove(tx.connection, person_id):
            raise NoTotp()
        tx.signal(TotpRemoved(person_id=person_id))
        await self._audit.record(tx, scope, "factors.totp_removed", str(person_id))

    async def _use(self, tx: Transaction, scope: Scope, person_id: UUID, code: str) -> None:
        recovery = policy.recovery_code(code)
        if recovery is None:
            found = await repository.lock(tx.connection, person_id)
            if found is None or found.confirmed_at is None:
                raise BadTotp()
            await self._accept(tx, scope, found, code)
            return
        if not await repository.use_code(tx.connection, person_id, self._hash(person_id, recovery)):
            raise BadTotp()
        tx.signal(RecoveryCodeUsed(person_id=person_id))
        await self._audit.record(tx, scope, "factors.recovery_code_used", str(person_id))

    async def _accept(self, tx: Transaction, scope: Scope, found: Totp, code: str) -> None:
        secret = self._keyring.open(found.secret_sealed, _context(scope, found.person_id)).decode()
        step = totp.step_of(secret, code, found.read_at, after=found.last_step)
        if step is None or not await repository.accept(tx.connection, found.person_id, step):
            raise BadTotp()

    async def _new_codes(self, tx: Transaction, person_id: UUID) -> list[str]:
        codes = [policy.new_recovery_code() for _ in range(policy.RECOVERY_CODES)]
        hashes = [self._hash(person_id, code) for code in codes]
        await repository.replace_codes(tx.connection, person_id, hashes)
        return codes

    def _hash(self, person_id: UUID, code: str) -> bytes:
        """Hash a recovery code; 74 random bits need no slow hash, and the person's id keeps equal ones apart."""
        return digest(f"{person_id}:{code}")


def _context(scope: Scope, person_id: UUID) -> str:
    return f"factors.totp:{scope.tenant.id}:{person_id}"


def _caller(scope: Scope, person_id: UUID) -> str:
    return f"{scope.tenant.id}:{person_id}"


def _own(scope: Scope) -> UUID:
    if scope.actor.id is None:
        raise NoTotp()
    return scope.actor.id
