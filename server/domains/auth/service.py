"""Recognise who is asking; sign in and out; welcome guests and those whom a church's website vouches for."""

from __future__ import annotations

import structlog

from server.domains.accounts.errors import BadCredentials, Suspended
from server.domains.accounts.models import Person, Verified
from server.domains.accounts.service import AccountsService, Throttle
from server.domains.audit.service import AuditService
from server.domains.auth import policy, repository
from server.domains.auth.errors import BadIdentity, IdentityUsed, NotStaff, TwoProofs
from server.domains.auth.models import Proof
from server.domains.factors.service import FactorsService
from server.domains.guests.models import Guest
from server.domains.guests.service import GuestsService
from server.domains.keys.service import KeysService
from server.domains.sessions.errors import SessionEnded
from server.domains.sessions.models import Cookie, Grant, Kind, Session
from server.domains.sessions.service import SessionsService
from server.kit.clock import Clock
from server.kit.crypto import digest
from server.kit.db import Database, Transaction
from server.kit.errors import Forbidden, Limited, NotFound, Unauthenticated
from server.kit.scope import Actor, Origin, Scope, TenantRef

_log = structlog.get_logger("narthex.auth")


class AuthService:
    """Say who is asking, church by church."""

    def __init__(
        self,
        database: Database,
        *,
        accounts: AccountsService,
        guests: GuestsService,
        factors: FactorsService,
        keys: KeysService,
        sessions: SessionsService,
        audit: AuditService,
        throttle: Throttle,
        clock: Clock,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._guests = guests
        self._factors = factors
        self._keys = keys
        self._sessions = sessions
        self._audit = audit
        self._throttle = throttle
        self._clock = clock

    async def identify(
        self, tenant: TenantRef, proof: Proof, origin: Origin, *, socket: bool = False
    ) -> Scope:
        """Return the scope of a request; nobody's when it proves nothing.

        A header that proves nothing valid raises (Unauthenticated; NotFound when it is another church's). A cookie
        that has expired or is another church's is nobody's: browsers send it by themselves. `socket`: no cookies,
        but socket tokens.
        """
        nobody = Scope(tenant, Actor(), origin)
        if proof.bearer and proof.api_key:
            raise TwoProofs()
        if proof.bearer:
            seat = await self._sessions.by_token(nobody, proof.bearer, socket=socket)
            return Scope(tenant, seat.actor, _sited(origin, seat.session))
        if proof.api_key:
            return Scope(tenant, await self._keys.identify(nobody, proof.api_key), origin)
        if proof.console and not socket:
            found = await self._sessions.by_cookie(
                nobody, proof.console, csrf=proof.csrf, unsafe=proof.unsafe
            )
            if found is not None:
                return Scope(tenant, found.actor, origin)
        return nobody

    async def again(self, scope: Scope) -> Scope:
        """Return an open socket's scope as it is now. Raise SessionEnded, Suspended, BadApiKey."""
        if scope.actor.kind == "api_key":
            return Scope(scope.tenant, await self._keys.again(scope), scope.origin)
        if scope.actor.session is None:
            return scope
        seat = await self._sessions.again(scope)
        return Scope(scope.tenant, seat.actor, scope.origin)

    async def sign_in(self, scope: Scope, email: str, password: str, code: str | None = None) -> Grant:
        """Begin a session of the app by e-mail and password.

        Raise BadCredentials, Suspended, TotpRequired, BadTotp, Limited.
        """
        session, _ = await self._begin(scope, "app", email, password, code)
        return self._sessions.grant(scope.tenant, session)

    async def sign_in_console(
        self, scope: Scope, email: str, password: str, code: str | None = None
    ) -> tuple[Person, Cookie]:
        """Begin a session of the console; raise NotStaff as well."""
        session, person = await self._begin(scope, "console", email, password, code)
        return person, self._sessions.cookie(scope.tenant, session)

    async def sign_in_widget(
        self,
        scope: Scope,
        email: str,
        password: str,
        code: str | None = None,
        *,
        site: str = "",
        guest: str = "",
    ) -> Grant:
        """Begin a session on a website; `guest` is the access token of a guest who turns out to be this person.

        What the guest wrote becomes the person's, and the guest's sessions end, because somebody else may hold their
        tokens. A token that proves nothing any more is not in the way.
        """
        site = self._guests.site(site)
        asker = await self._visitor(scope, guest) if guest else None
        session, _ = await self._begin(scope, "widget", email, password, code, site=site, asker=asker)
        if asker is not None:
            self._sessions.forget(scope.tenant)
        return self._sessions.grant(scope.tenant, session)

    async def console(self, scope: Scope) -> Cookie:
        """Return the cookie and CSRF token of the console session that asks; raise SessionEnded."""
        policy.PERSON.require(scope)
        session = await self._sessions.current(scope)
        if session.kind != "console":
            raise SessionEnded()
        return self._sessions.cookie(scope.tenant, session)

    async def refresh(self, scope: Scope, token: str) -> Grant:
        """Renew the tokens of a session. Raise BadToken, SessionEnded, RefreshReused, Suspended, Limited."""
        await self._throttle.take(policy.REFRESH_BY_ADDRESS, _address(scope))
        return await self._sessions.refresh(scope, token)

    async def sign_out(self, scope: Scope) -> None:
        """End the session that this request stands in."""
        policy.SIGNED_IN.require(scope)
        if scope.actor.session is not None:
            await self._sessions.end(scope, scope.actor.session, "signed_out")

    async def socket(self, scope: Scope) -> tuple[str, int]:
        """Return a token for one socket and its seconds, for whoever is signed in."""
        policy.SIGNED_IN.require(scope)
        return self._sessions.socket_token(scope.tenant, await self._sessions.current(scope))

    async def welcome(
        self, scope: Scope, *, nickname: str, consent: str, site: str, locale: str
    ) -> tuple[Guest, Grant]:
        """Make a guest on a church's website and begin their session. Raise BadNickname, ConsentMissing, Limited."""
        await self._throttle.take(policy.GUESTS_BY_ADDRESS, _address(scope))
        async with self._database.transaction(scope) as tx:
            guest = await self._guests.welcome(
                tx, nickname=nickname, consent=consent, site=site, locale=locale
            )
            session = await self._sessions.begin(tx, scope, "widget", guest_id=guest.id, site=guest.site)
        return guest, self._sessions.grant(scope.tenant, session)

    async def exchange(self, scope: Scope, token: str, *, site: str = "") -> Grant:
        """Begin a session for the visitor for whom the church's website vouches. Raise BadIdentity, IdentityUsed.

        When a guest asks and the visitor is new here, the guest becomes that person and keeps the id; the guest's
        sessions end, because somebody else may hold their tokens.
        """
        await self._throttle.take(policy.EXCHANGE_BY_ADDRESS, _address(scope))
        site = self._guests.site(site)
        kid = policy.kid_of(token)
        async with self._database.transaction(scope) as tx:
            key = await self._keys.host(tx, kid)
            if key is None:
                raise BadIdentity("This church knows no key with that kid.")
            claims = policy.read_identity(token, key, scope.tenant, self._clock.now())
            if not await repository.use_token(tx.connection, digest(policy.signed_part(token)), claims.exp):
                raise IdentityUsed()
            guest = await self._guest(tx, scope)
            person = await self._vouched(tx, scope, key.issuer, claims, guest)
            if guest is not None:
                site = guest.site or site
                await self._become(tx, guest, person)
            session = await self._sessions.begin(tx, scope, "widget", person_id=person.id, site=site)
        if guest is not None:
            self._sessions.forget(scope.tenant)
        return self._sessions.grant(scope.tenant, session)

    async def end_site(self, scope: Scope, site: str) -> int:
        """End every session that was begun on a website, when it is taken off the church's list; return how many."""
        policy.END_SITE.require(scope)
        site = self._guests.site(site)
        async with self._database.transaction(scope) as tx:
            ended = await self._sessions.end_of_site(tx, scope, site)
        self._sessions.forget(scope.tenant)
        return ended

    async def trim(self, scope: Scope) -> int:
        """Forget used identity tokens and sessions of long ago, for the schedule; return how many rows."""
        async with self._database.transaction(scope) as tx:
            used = await repository.trim(tx.connection)
        return used + await self._sessions.trim(scope)

    async def _visitor(self, scope: Scope, token: str) -> Scope | None:
        """Return the scope of whoever holds a widget's token; None when it proves nothing any more."""
        try:
            return await self.identify(scope.tenant, Proof(bearer=token), scope.origin)
        except (Unauthenticated, Forbidden, NotFound):
            return None

    async def _become(self, tx: Transaction, guest: Guest, person: Person) -> None:
        await self._guests.become(tx, guest.id, person.id)
        await self._sessions.end_of_guest(tx, guest.id)

    async def _guest(self, tx: Transaction, scope: Scope) -> Guest | None:
        """Return the guest who asks, unless it is known already who they are."""
        if scope.actor.kind != "guest" or scope.actor.id is None:
            return None
        guest = await self._guests.find(tx, scope.actor.id)
        return guest if guest is not None and guest.person_id is None else None

    async def _vouched(
        self, tx: Transaction, scope: Scope, issuer: str, claims: policy.HostClaims, guest: Guest | None
    ) -> Person:
        known = await repository.identity(tx.connection, issuer, claims.sub)
        if known is not None:
            person = await self._accounts.lock(tx, known)
            if person.status == "suspended":
                raise Suspended()
            return person
        fallback = guest.nickname if guest else "Member"
        person = await self._accounts.open(
            tx,
            scope,
            email=None,
            name=policy.display_name(claims.name, fallback),
            locale=guest.locale if guest else "en",
            id=guest.id if guest else None,
        )
        await repository.insert_identity(tx.connection, issuer, claims.sub, person.id)
        return person

    async def _begin(
        self,
        scope: Scope,
        kind: Kind,
        email: str,
        password: str,
        code: str | None,
        *,
        site: str = "",
        asker: Scope | None = None,
    ) -> tuple[Session, Person]:
        await self._take(scope, email)
        try:
            verified = await self._accounts.verify(scope, email, password)
            if kind == "console" and not verified.person.staff:
                raise NotStaff()
            strong = await self._factors.check(scope, verified.person.id, code)
        except BadCredentials:
            _log.info("sign-in refused", church=scope.tenant.id, request_id=scope.origin.request_id)
            raise
        return await self._open(scope, kind, verified, strong=strong, site=site, asker=asker)

    async def _open(
        self, scope: Scope, kind: Kind, verified: Verified, *, strong: bool, site: str, asker: Scope | None
    ) -> tuple[Session, Person]:
        async with self._database.transaction(scope) as tx:
            person = await self._accounts.still(tx, verified)
            guest = await self._guest(tx, asker) if asker else None
            if guest is not None:
                site = guest.site or site
                await self._become(tx, guest, person)
            session = await self._sessions.begin(
                tx, scope, kind, person_id=person.id, site=site, strong=strong
            )
            actor = Actor("person", person.id, person.name, person.roles, session=session.id, strong=strong)
            details: dict[str, object] = {"kind": kind, "second_factor": strong}
            if guest is not None:
                details["guest"] = guest.id
            await self._audit.record(
                tx, Scope(scope.tenant, actor, scope.origin), "auth.signed_in", str(session.id), details
            )
        return session, person

    async def _take(self, scope: Scope, email: str) -> None:
        """Count a try against the address, the pair and the account."""
        account = f"{scope.tenant.id}:{self._accounts.address(email)}"
        await self._throttle.take(policy.BY_ADDRESS, _address(scope))
        await self._throttle.take(policy.BY_ACCOUNT_AND_ADDRESS, f"{account}:{scope.origin.network}")
        try:
            await self._throttle.take(policy.BY_ACCOUNT, account)
        except Limited:
            if not await self._known_place(scope, email):
                raise

    async def _known_place(self, scope: Scope, email: str) -> bool:
        async with self._database.transaction(scope, readonly=True) as tx:
            person = await self._accounts.find(tx, email)
            return person is not None and await self._sessions.known_place(tx, person.id, scope.origin)


def _sited(origin: Origin, session: Session) -> Origin:
    """Return the origin with the website the session was begun on, whatever the request claims."""
    return Origin(origin.request_id, origin.address, origin.device, session.site, origin.locale, origin.once)


def _address(scope: Scope) -> str:
    return f"{scope.tenant.id}:{scope.origin.network}"
