"""Begin, renew, recognise and end sessions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from uuid import UUID

from realtime.log import Together
from server.domains.accounts.service import AccountsService
from server.domains.audit.service import AuditService
from server.domains.guests.service import GuestsService
from server.domains.sessions import policy, repository
from server.domains.sessions.errors import CsrfMissing, NoSuchSession, RefreshReused, SessionEnded
from server.domains.sessions.models import Cookie, Ended, Grant, Kind, Refusal, Seat, Session
from server.domains.sessions.signals import RefreshTokenReused
from server.kit.cache import Caches
from server.kit.crypto import Keyring
from server.kit.db import Database, MetMigration, Transaction
from server.kit.errors import NotFound
from server.kit.scope import Actor, Origin, Scope, TenantRef
from server.kit.tokens import BadToken, Tokens

SEAT_SECONDS = 5.0  # a seat is read again after this; ending a session tells every process at once as well
MOST_SEATS = 20_000

_Asked = tuple[TenantRef, UUID]


class SessionsService:
    """Keep the sessions of each church. Methods that take `tx` work inside the caller's transaction."""

    def __init__(
        self,
        database: Database,
        accounts: AccountsService,
        guests: GuestsService,
        audit: AuditService,
        keyring: Keyring,
        tokens: Tokens,
        caches: Caches,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._guests = guests
        self._audit = audit
        self._keyring = keyring
        self._tokens = tokens
        self._caches = caches
        self._seats = caches.make("seats", seconds=SEAT_SECONDS, most=MOST_SEATS)
        self._reads: Together[_Asked, tuple[Session, Actor | Refusal]] = Together(
            lambda asked: asked[0].id, self._read_seats
        )

    async def begin(
        self,
        tx: Transaction,
        scope: Scope,
        kind: Kind,
        *,
        person_id: UUID | None = None,
        guest_id: UUID | None = None,
        site: str = "",
        strong: bool = False,
    ) -> Session:
        """Begin a session for somebody whom the caller has recognised."""
        _, life = policy.LIVES[kind]
        return await repository.insert(
            tx.connection,
            kind=kind,
            guest_id=guest_id,
            person_id=person_id,
            seed=os.urandom(32),
            device=scope.origin.device[:200],
            place=self._place(scope.origin) if person_id else None,
            site=site,
            strong=strong,
            life=life,
        )

    def grant(self, tenant: TenantRef, session: Session) -> Grant:
        """Write the tokens of a session: the same ones each time until it is rotated."""
        at = session.rotated_at
        access = self._tokens.sign(self._claims(tenant, session), at=at, seconds=policy.ACCESS_SECONDS)
        left = policy.ACCESS_SECONDS - max(0, int((session.read_at - at).total_seconds()))
        refresh = policy.refresh_token(self._keyring, session)
        return Grant(access, refresh, left, session.id, session.subject)

    def cookie(self, tenant: TenantRef, session: Session) -> Cookie:
        """Write the cookie of a console session and its CSRF token."""
        seconds = int((session.expires_at - session.read_at).total_seconds())
        value = policy.cookie(self._keyring, tenant.id, session)
        return Cookie(value, policy.csrf(self._keyring, session), max(0, seconds))

    async def refresh(self, scope: Scope, token: str) -> Grant:
        """Rotate a refresh token. Raise BadToken, SessionEnded, or RefreshReused, which ends the session."""
        shown = policy.read_refresh(token)
        async with self._database.transaction(scope) as tx:
            session = await repository.lock(tx.connection, shown.session)
            if session is None or session.kind == "console":
                raise BadToken()
            if not policy.genuine_refresh(self._keyring, session, shown):
                raise BadToken()
            actor = _let_in((await self._actors(tx, [session]))[session.id])
            verdict = policy.judge(session, shown.generation, scope.origin.device, session.read_at)
            if verdict == "next":
                session = await repository.rotate(tx.connection, session.id, scope.origin.device[:200])
            elif verdict == "reuse":
                await self._stolen(tx, Scope(scope.tenant, actor, scope.origin), session)
        if verdict == "reuse":
            self.forget(scope.tenant)
            raise RefreshReused()
        return self.grant(scope.tenant, session)

    async def by_token(self, scope: Scope, token: str, *, socket: bool = False) -> Seat:
        """Recognise an access token (with `socket`, a socket token too); raise NotFound for another church's."""
        claims = self._tokens.verify(token)
        if claims.get("aud") != scope.tenant.id:
            raise NotFound()
        if claims.get("use") not in (("app", "widget", "socket") if socket else ("app", "widget")):
            raise BadToken("This token is for something else.")
        return await self._seat(scope.tenant, UUID(claims["sid"]))

    async def by_cookie(self, scope: Scope, value: str, *, csrf: str | None, unsafe: bool) -> Seat | None:
        """Recognise a console cookie; None when it is nobody's any more. Raise CsrfMissing on an unsafe request."""
        shown = policy.read_cookie(value, scope.tenant.id)
        if shown is None:
            return None
        try:
            seat = await self._seat(scope.tenant, shown.session)
        except SessionEnded:
            return None
        if not policy.genuine_cookie(self._keyring, seat.session, shown):
            return None
        if unsafe and not policy.csrf_matches(self._keyring, seat.session, csrf):
            raise CsrfMissing()
        await self._touch(scope.tenant, seat)
        return seat

    async def current(self, scope: Scope) -> Session:
        """Return the session that this request stands in; raise SessionEnded for a request without one."""
        return (await self.again(scope)).session

    async def again(self, scope: Scope) -> Seat:
        """Return the seat of this request's session as it is now, read anew; raise SessionEnded, Suspended."""
        if scope.actor.session is None:
            raise SessionEnded()
        return await self._read_seat(scope.tenant, scope.actor.session)

    def socket_token(self, tenant: TenantRef, session: Session) -> tuple[str, int]:
        """Write a token that opens a socket for five minutes and does nothing else; return it with its seconds.

        `session` may have been read a few seconds ago, and the token counts from then.
        """
        claims = {**self._claims(tenant, session), "use": "socket"}
        token = self._tokens.sign(claims, at=session.read_at, seconds=policy.SOCKET_SECONDS)
        return token, policy.SOCKET_SECONDS - int(SEAT_SECONDS)

    async def mine(self, scope: Scope) -> Sequence[Session]:
        """Return one's own open sessions, the last used first."""
        policy.OWN.require(scope)
        async with self._database.transaction(scope) as tx:
            standing = await self._accounts.standing(tx, _person(scope))
            found = await repository.of_person(tx.connection, _person(scope))
        alive = [session for session in found if not policy.over(session, session.read_at)]
        return [s for s in alive if standing is not None and standing.covers(s.id, s.created_at)]

    async def end(self, scope: Scope, session_id: UUID, why: Ended = "revoked") -> None:
        """End one of one's own sessions; raise NoSuchSession."""
        policy.ANYBODY_SIGNED_IN.require(scope)
        async with self._database.transaction(scope) as tx:
            session = await repository.lock(tx.connection, session_id)
            if session is None or session.subject != scope.actor.id:
                raise NoSuchSession()
            if await repository.end(tx.connection, session_id, why):
                tx.send_away(session.subject)
                await self._audit.record(tx, scope, "sessions.ended", str(session_id), {"why": why})
        self.forget(scope.tenant)

    async def end_everywhere(self, scope: Scope) -> None:
        """End all of one's own sessions, this one too, and close their sockets."""
        policy.OWN.require(scope)
        async with self._database.transaction(scope) as tx:
            await repository.end_of_person(tx.connection, _person(scope), "everywhere", but=None)
            await self._accounts.end_sessions(tx, scope, _person(scope))
        self.forget(scope.tenant)

    async def end_of_guest(self, tx: Transaction, guest_id: UUID) -> None:
        """End a guest's sessions, for whoever may ban; call `forget` after the transaction."""
        await repository.end_of_guest(tx.connection, guest_id, "revoked")
        tx.send_away(guest_id)

    async def end_of_site(self, tx: Transaction, scope: Scope, site: str) -> int:
        """End what was begun on a website that was taken off the church's list; call `forget` afterwards."""
        subjects = await repository.end_of_site(tx.connection, site)
        tx.send_away(*sorted(set(subjects)))
        await self._audit.record(tx, scope, "sessions.site_ended", site, {"sessions": len(subjects)})
        return len(subjects)

    async def known_place(self, tx: Transaction, person_id: UUID, origin: Origin) -> bool:
        """Tell whether a person signed in from this network in the last 90 days."""
        place = self._place(origin)
        return place is not None and await repository.known_place(tx.connection, person_id, place)

    async def trim(self, scope: Scope) -> int:
        """Forget sessions that expired long ago, at most 1,000 a call."""
        async with self._database.transaction(scope) as tx:
            return await repository.trim(tx.connection)

    def forget(self, tenant: TenantRef) -> None:
        """Tell every process to read this church's sessions again; call it after COMMIT."""
        self._caches.tell("seats", tenant.id)

    async def _seat(self, tenant: TenantRef, session_id: UUID) -> Seat:
        seat: Seat = await self._seats.get(tenant.id, session_id, lambda: self._read_seat(tenant, session_id))
        return seat

    async def _read_seat(self, tenant: TenantRef, session_id: UUID) -> Seat:
        """Read who sits in a session, together with whatever else is asked of the church; raise as `_let_in` does."""
        try:
            found = await self._reads.get((tenant, session_id))
        except MetMigration:
            # the read belongs to several requests, so the edge could not try it again for each: it is made again here
            found = await self._reads.get((tenant, session_id))
        if found is None:
            raise SessionEnded()
        session, actor = found
        return Seat(session, _let_in(actor))

    async def _read_seats(self, asked: Sequence[_Asked]) -> dict[_Asked, tuple[Session, Actor | Refusal]]:
        tenant = asked[0][0]
        async with self._database.transaction(Scope(tenant), readonly=True) as tx:
            sessions = await repository.by_ids(tx.connection, [id for _, id in asked])
            actors = await self._actors(tx, sessions)
        found = {session.id: (session, actors[session.id]) for session in sessions}
        return {one: found[one[1]] for one in asked if one[1] in found}

    async def _actors(self, tx: Transaction, sessions: Sequence[Session]) -> dict[UUID, Actor | Refusal]:
        """Return who acts in each session, or why nobody does."""
        guests = await self._guests.find_all(tx, [one.subject for one in sessions if one.person_id is None])
        people = [one.person_id for one in sessions if one.person_id is not None]
        standings = await self._accounts.standings(tx, people)
        return {
            one.id: policy.acting(one, guests.get(one.subject), standings.get(one.subject))
            for one in sessions
        }

    async def _stolen(self, tx: Transaction, scope: Scope, session: Session) -> None:
        await repository.end(tx.connection, session.id, "reuse")
        tx.send_away(session.subject)
        tx.signal(RefreshTokenReused(session_id=session.id, person_id=session.person_id))
        await self._audit.record(tx, scope, "sessions.refresh_reused", str(session.id))

    async def _touch(self, tenant: TenantRef, seat: Seat) -> None:
        if seat.session.read_at - seat.session.used_at < policy.TOUCH:
            return
        async with self._database.transaction(Scope(tenant, seat.actor)) as tx:
            await repository.touch(tx.connection, seat.session.id)
        self._seats.forget(tenant.id)

    def _claims(self, tenant: TenantRef, session: Session) -> dict[str, object]:
        use = "widget" if session.kind == "widget" else "app"
        return {"aud": tenant.id, "sub": str(session.subject), "sid": str(session.id), "use": use}

    def _place(self, origin: Origin) -> bytes | None:
        return self._keyring.mac("place", policy.network(origin.address)) if origin.address else None


def _let_in(actor: Actor | Refusal) -> Actor:
    """Return who acts in a session; raise SessionEnded or Suspended."""
    if isinstance(actor, Actor):
        return actor
    raise actor()


def _person(scope: Scope) -> UUID:
    if scope.actor.id is None:
        raise NoSuchSession()
    return scope.actor.id
