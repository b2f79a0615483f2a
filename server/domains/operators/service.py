"""Let operators in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

import structlog

from server.domains.operators import policy
from server.domains.operators.errors import BadCredentials, BadTotp, NotAnOperator, TotpRequired
from server.domains.operators.models import Pass, Pending
from server.domains.tenants.models import Operator, Tenant
from server.domains.tenants.service import TenantsService
from server.kit import totp
from server.kit.clock import Clock
from server.kit.crypto import CannotOpen, Keyring, decode_bytes, encode_bytes
from server.kit.errors import Limited
from server.kit.limits import Limit
from server.kit.passwords import Passwords
from server.kit.scope import Origin
from server.kit.tokens import Tokens

_log = structlog.get_logger("narthex.operators")


class Throttle(Protocol):
    """Take one of a caller's tries, or raise Limited."""

    async def take(self, limit: Limit, caller: str) -> object: ...


class OperatorsService:
    """Recognise operators. No method takes a Scope: they stand outside every church."""

    def __init__(
        self,
        tenants: TenantsService,
        passwords: Passwords,
        tokens: Tokens,
        keyring: Keyring,
        throttle: Throttle,
        clock: Clock,
    ) -> None:
        self._tenants = tenants
        self._passwords = passwords
        self._tokens = tokens
        self._keyring = keyring
        self._throttle = throttle
        self._clock = clock

    async def sign_in(self, origin: Origin, email: str, password: str, code: str | None = None) -> Pass:
        """Check an operator; unknown ones take the same time.

        Raise BadCredentials, TotpRequired, BadTotp, Limited.
        """
        await self._take(origin, email.strip().lower()[:254])
        operator = await self._known(email)
        hashed = operator.password_hash if operator else None
        if not await self._passwords.matches(password, hashed) or operator is None:
            _log.warning("operator refused", request_id=origin.request_id)
            raise BadCredentials()
        await self._second(operator, code)
        _log.info("operator signed in", operator=str(operator.id), request_id=origin.request_id)
        await self._tenants.see_operator_at(operator.id, self._place(origin))
        claims = {
            "aud": policy.AUDIENCE,
            "sub": str(operator.id),
            "use": policy.AUDIENCE,
            "gen": operator.generation,
        }
        token = self._tokens.sign(claims, at=self._clock.now(), seconds=policy.SECONDS)
        return Pass(token, policy.SECONDS)

    async def identify(self, authorization: str) -> Operator:
        """Recognise the Authorization header of an operator; raise NotAnOperator, BadToken or TokenExpired.

        The operator is read each time, so somebody disabled is out at once, and so are tokens that were ended.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise NotAnOperator()
        claims = self._tokens.verify(token.strip())
        if not _for_operators(claims):
            raise NotAnOperator()
        operator = await self._tenants.operator_by_id(UUID(claims["sub"]))
        if operator is None or operator.disabled_at is not None or claims.get("gen") != operator.generation:
            raise NotAnOperator()
        return operator

    async def churches(self, operator: Operator, *, after: str = "", most: int = 50) -> Sequence[Tenant]:
        """Return churches in order of their slug."""
        return await self._tenants.page(after=after, most=most)

    async def enrol(self, operator: Operator, password: str) -> Pending:
        """Begin to set up an authenticator, or to change it; nothing is asked for until `confirm`."""
        await self._throttle.take(policy.AGAIN, str(operator.id))
        if not await self._passwords.matches(password, operator.password_hash):
            raise BadCredentials()
        secret = totp.new_secret()
        sealed = self._keyring.seal(secret.encode(), _context(operator))
        return Pending(secret, totp.uri(secret, operator.email, "Narthex"), encode_bytes(sealed))

    async def confirm(self, operator: Operator, sealed: str, code: str) -> None:
        """Ask for codes from now on; raise BadTotp when the first one is wrong."""
        await self._throttle.take(policy.CODES, str(operator.id))
        try:
            given = decode_bytes(sealed)
            secret = self._keyring.open(given, _context(operator)).decode()
        except (ValueError, CannotOpen):
            raise BadTotp("Begin to set up the authenticator again.") from None
        step = totp.step_of(secret, code, self._clock.now(), after=0)
        if step is None:
            raise BadTotp()
        await self._tenants.set_operator_totp(operator.id, given, step)

    async def _take(self, origin: Origin, email: str) -> None:
        """Count a try against the address, the pair and the account."""
        await self._throttle.take(policy.BY_ADDRESS, origin.network)
        await self._throttle.take(policy.BY_ACCOUNT_AND_ADDRESS, f"{email}:{origin.network}")
        try:
            await self._throttle.take(policy.BY_ACCOUNT, email)
        except Limited:
            operator = await self._known(email)
            if operator is None or not await self._tenants.operator_was_at(operator.id, self._place(origin)):
                raise

    def _place(self, origin: Origin) -> bytes:
        return self._keyring.mac("operators.place", origin.network.encode())

    async def _known(self, email: str) -> Operator | None:
        """Find an operator who may sign in; text that no address holds finds nobody."""
        if "\x00" in email:
            return None
        operator = await self._tenants.operator(email.strip())
        return operator if operator is not None and operator.disabled_at is None else None

    async def _second(self, operator: Operator, code: str | None) -> None:
        if operator.totp_sealed is None:
            return
        if code is None:
            raise TotpRequired()
        await self._throttle.take(policy.CODES, str(operator.id))
        secret = self._keyring.open(operator.totp_sealed, _context(operator)).decode()
        step = totp.step_of(secret, code, self._clock.now(), after=operator.totp_step)
        if step is None or not await self._tenants.use_operator_step(operator.id, step):
            raise BadTotp()


def _for_operators(claims: Mapping[str, Any]) -> bool:
    return claims.get("aud") == policy.AUDIENCE and claims.get("use") == policy.AUDIENCE


def _context(operator: Operator) -> str:
    return f"operators.totp:{operator.id}"
