"""Send links to mailboxes, and do what whoever opens one may do."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from server.domains.accounts.errors import Suspended
from server.domains.accounts.models import Person
from server.domains.accounts.service import AccountsService, Throttle
from server.domains.audit.service import AuditService
from server.domains.links import policy, repository
from server.domains.links.errors import InviterGone, LinkOver, NoSuchInvitation
from server.domains.links.models import Asked, Kind, Letter, Link, Secret, Told
from server.domains.links.signals import LetterDue, LinkAsked
from server.kit.crypto import Keyring, digest, random_token
from server.kit.db import Database, Transaction
from server.kit.errors import Invalid
from server.kit.ids import random_id
from server.kit.mail import Mail
from server.kit.scope import Actor, Scope

NONE = UUID(int=0)


class LinksService:
    """Keep the links of each church. Only listeners ask for the letters themselves."""

    def __init__(
        self,
        database: Database,
        accounts: AccountsService,
        audit: AuditService,
        keyring: Keyring,
        throttle: Throttle,
        public_url: str,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._audit = audit
        self._keyring = keyring
        self._throttle = throttle
        self._public_url = public_url

    async def register(self, scope: Scope, *, email: str, locale: str = "en") -> None:
        """Send a link that opens an account; known addresses are told so by letter, and the asker learns nothing."""
        await self._ask(scope, Asked("register", self._accounts.check_address(email), locale=locale))

    async def forgot(self, scope: Scope, *, email: str) -> None:
        """Send a link that sets a new password, if the address has an account; the asker learns nothing."""
        await self._ask(scope, Asked("reset", self._accounts.check_address(email)))

    async def change_email(self, scope: Scope, *, email: str, password: str) -> None:
        """Send a link to the address that a signed-in person wants to have; raise BadCredentials."""
        policy.PERSON.require(scope)
        email = self._accounts.check_address(email)
        person_id = await self._accounts.again(scope, password)
        person = await self._accounts.get(scope, person_id)
        await self._ask(scope, Asked("email", email, locale=person.locale, person_id=person_id))

    async def invite(
        self, scope: Scope, *, email: str, roles: frozenset[str], name: str = "", locale: str = "en"
    ) -> Link:
        """Send an invitation with roles that the inviter's own cover. A new one replaces the one before."""
        policy.INVITE.require(scope)
        roles = self._accounts.may_give(scope, roles)
        email = self._accounts.check_address(email)
        await self._throttle.take(policy.INVITATIONS, scope.tenant.id)
        token = random_token()
        async with self._database.transaction(scope) as tx:
            link = await repository.insert(
                tx.connection,
                kind="invite",
                token_hash=digest(token),
                email=email,
                name=name,
                locale=locale,
                roles=roles,
                invited_by=scope.actor.id if scope.actor.kind == "person" else None,
                life=policy.LIVES["invite"],
            )
            inviter = scope.actor.name if scope.actor.kind == "person" else scope.tenant.name
            self._due(tx, Secret("invite", email, locale, token=token, inviter=inviter))
            await self._audit.record(tx, scope, "links.invited", str(link.id), {"roles": sorted(roles)})
        return link

    async def invitations(self, scope: Scope, *, after: UUID | None = None, most: int = 50) -> Sequence[Link]:
        """Return open invitations in the order they were sent."""
        policy.SEE_INVITATIONS.require(scope)
        async with self._database.transaction(scope, readonly=True) as tx:
            return await repository.invitations(tx.connection, after=after or NONE, most=most)

    async def take_back(self, scope: Scope, link_id: UUID) -> None:
        """End an open invitation; raise NoSuchInvitation."""
        policy.INVITE.require(scope)
        async with self._database.transaction(scope) as tx:
            link = await repository.lock_invitation(tx.connection, link_id)
            if link is None:
                raise NoSuchInvitation()
            self._accounts.may_give(scope, link.roles)
            await repository.end(tx.connection, link_id)
            await self._audit.record(tx, scope, "links.invitation_taken_back", str(link_id))

    async def look(self, scope: Scope, kind: Kind, token: str) -> Told:
        """Tell the page behind a link what it is for, without using it up; raise LinkOver."""
        link, person = await self._peek(scope, kind, token)
        return Told(kind, link.email, person.name if person else link.name, person is not None)

    async def confirm_registration(self, scope: Scope, token: str, *, name: str, password: str) -> Person:
        """Open the account whose mailbox was shown. Raise LinkOver, WeakPassword, EmailTaken."""
        link, _ = await self._peek(scope, "register", token)
        hashed = await self._accounts.hash(password, link.email, name, scope.tenant.slug)
        async with self._database.transaction(scope) as tx:
            link = await self._use(tx, "register", token)
            return await self._accounts.open(
                tx, scope, email=link.email, name=name, password_hash=hashed, locale=link.locale
            )

    async def accept(
        self, scope: Scope, token: str, *, name: str | None = None, password: str | None = None
    ) -> Person:
        """Accept an invitation: open an account with name and password, or add the roles to the one there is.

        Raise LinkOver, InviterGone, Suspended, WeakPassword.
        """
        link, person = await self._peek(scope, "invite", token)
        hashed = ""
        if person is None:
            name, password = _given("/name", name), _given("/password", password)
            hashed = await self._accounts.hash(password, link.email, name, scope.tenant.slug)
        async with self._database.transaction(scope) as tx:
            link = await self._use(tx, "invite", token)
            await self._check_inviter(tx, link)
            if person is None:
                person = await self._accounts.open(
                    tx,
                    scope,
                    email=link.email,
                    name=name or link.name,
                    roles=link.roles,
                    password_hash=hashed,
                    locale=link.locale,
                )
            else:
                person = await self._join(tx, scope, person.id, link.roles)
        self._accounts.changed(scope.tenant)
        return person

    async def reset(self, scope: Scope, token: str, *, password: str) -> None:
        """Set a new password and end all sessions and other links. Raise LinkOver, WeakPassword, Suspended."""
        link, person = await self._peek(scope, "reset", token)
        if person is None or link.person_id != person.id:
            raise LinkOver()
        hashed = await self._accounts.hash(password, link.email, person.name, scope.tenant.slug)
        async with self._database.transaction(scope) as tx:
            await self._use(tx, "reset", token)
            person = await self._active(tx, person.id)
            await repository.end_of_person(tx.connection, person.id)
            await self._accounts.set_password(tx, _as(scope, person), person.id, hashed)
        self._accounts.changed(scope.tenant)

    async def confirm_email(self, scope: Scope, token: str) -> Person:
        """Give an account its new address and tell the old one. Raise LinkOver, EmailTaken, Suspended."""
        await self._peek(scope, "email", token)
        async with self._database.transaction(scope) as tx:
            link = await self._use(tx, "email", token)
            person = await self._active(tx, link.person_id or NONE)
            await repository.end_of_person(tx.connection, person.id)
            await self._accounts.set_email(tx, _as(scope, person), person.id, link.email)
            if person.email is not None:
                self._due(tx, Secret("email_changed", person.email, person.locale, person.name))
        return msgspec.structs.replace(person, email=link.email)

    async def answer(self, tx: Transaction, signal: LinkAsked) -> Mail | None:
        """Look up what was asked for and write its letter; None when there is nobody to write to."""
        asked = msgspec.json.decode(self._open(tx, signal.sealed), type=Asked)
        person = await self._accounts.find(tx, asked.email)
        secret = await self._link(tx, asked, person)
        return self._mail(tx, secret, signal.ask_id) if secret else None

    async def letter(self, tx: Transaction, signal: LetterDue) -> Mail:
        """Write a letter that is due."""
        secret = msgspec.json.decode(self._open(tx, signal.sealed), type=Secret)
        return self._mail(tx, secret, signal.letter_id)

    async def notice(self, tx: Transaction, letter: Letter, person_id: UUID) -> Mail | None:
        """Write to a person what happened to their account; None when they have no address."""
        standing = await self._accounts.standing(tx, person_id)
        if standing is None or standing.person.email is None:
            return None
        person = standing.person
        secret = Secret(letter, standing.person.email, person.locale, person.name)
        return self._mail(tx, secret, random_id())

    async def trim(self, scope: Scope) -> int:
        """Forget links that were over long ago, for the schedule; return how many."""
        async with self._database.transaction(scope) as tx:
            return await repository.trim(tx.connection)

    async def _ask(self, scope: Scope, asked: Asked) -> None:
        """Promise a letter. Nothing is looked up here, so known and unknown addresses take the same time."""
        await self._throttle.take(policy.BY_ADDRESS, f"{scope.tenant.id}:{scope.origin.network}")
        await self._throttle.take(policy.BY_MAILBOX, f"{scope.tenant.id}:{asked.email}")
        sealed = self._keyring.seal(msgspec.json.encode(asked), _context(scope))
        async with self._database.transaction(scope) as tx:
            tx.signal(LinkAsked(ask_id=random_id(), sealed=sealed))

    async def _link(self, tx: Transaction, asked: Asked, person: Person | None) -> Secret | None:
        """Make the link that was asked for; a known address gets a letter without one."""
        if asked.kind != "reset" and person is not None:
            return Secret("known", asked.email, person.locale, person.name)
        if asked.kind == "reset" and (person is None or person.status == "suspended"):
            return None
        token = random_token()
        await repository.insert(
            tx.connection,
            kind=asked.kind,
            token_hash=digest(token),
            email=asked.email,
            person_id=person.id if person else asked.person_id,
            locale=asked.locale,
            life=policy.LIVES[asked.kind],
        )
        # only a mailbox that was proven is called by name: nobody sends words of their own to strangers through us
        name, locale = (person.name, person.locale) if person else ("", asked.locale)
        return Secret(asked.kind, asked.email, locale, name, token)

    async def _peek(self, scope: Scope, kind: Kind, token: str) -> tuple[Link, Person | None]:
        await self._throttle.take(policy.TRIES, f"{scope.tenant.id}:{scope.origin.network}")
        async with self._database.transaction(scope, readonly=True) as tx:
            link = await repository.open_by_hash(tx.connection, kind, digest(token))
            if link is None:
                raise LinkOver()
            return link, await self._accounts.find(tx, link.email)

    async def _use(self, tx: Transaction, kind: Kind, token: str) -> Link:
        link = await repository.use(tx.connection, kind, digest(token))
        if link is None:
            raise LinkOver()
        return link

    async def _active(self, tx: Transaction, person_id: UUID) -> Person:
        person = await self._accounts.lock(tx, person_id)
        if person.status == "suspended":
            raise Suspended()
        return person

    async def _join(self, tx: Transaction, scope: Scope, person_id: UUID, roles: frozenset[str]) -> Person:
        person = await self._active(tx, person_id)
        return await self._accounts.give(tx, _as(scope, person), person, person.roles | roles)

    async def _check_inviter(self, tx: Transaction, link: Link) -> None:
        """Raise InviterGone unless whoever invited may still give these roles today."""
        if link.invited_by is None:
            return
        standing = await self._accounts.standing(tx, link.invited_by)
        if standing is None or not self._accounts.covers(standing.person, link.roles):
            raise InviterGone()

    def _due(self, tx: Transaction, secret: Secret) -> None:
        sealed = self._keyring.seal(msgspec.json.encode(secret), _context(tx.scope))
        tx.signal(LetterDue(letter_id=random_id(), sealed=sealed))

    def _open(self, tx: Transaction, sealed: bytes) -> bytes:
        return self._keyring.open(sealed, _context(tx.scope))

    def _mail(self, tx: Transaction, secret: Secret, letter_id: UUID) -> Mail:
        letter = policy.compose(secret, tx.scope.tenant, self._public_url)
        life = policy.LIVES[secret.letter].total_seconds() if secret.letter in policy.LIVES else 259_200.0
        return Mail(
            to=secret.email,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            message_id=f"links.{letter_id}",
            from_name=tx.scope.tenant.name,
            useful_for=life,
        )


def _context(scope: Scope) -> str:
    return f"links.letter:{scope.tenant.id}"


def _as(scope: Scope, person: Person) -> Scope:
    """Return the scope with the person whom the mailbox proved; no roles, for this is no signing in."""
    return Scope(scope.tenant, Actor("person", person.id, person.name), scope.origin)


def _given(pointer: str, value: str | None) -> str:
    if not value:
        raise Invalid.field(pointer, "A new account needs a name and a password.", code="required")
    return value
