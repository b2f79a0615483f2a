"""Ask for prayer, and look after one's own request by its secret link or by the account that asked.

No method here hands an asker's id on: what is announced and recorded names the request alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import asyncpg
import msgspec
from msgspec import UnsetType

from server.domains.accounts.service import AccountsService, Throttle
from server.domains.asking import policy
from server.domains.asking.models import Secret
from server.domains.asking.signals import AskerLetterDue
from server.domains.encouragement.service import EncouragementService
from server.domains.intercession.service import IntercessionService
from server.domains.prayer.errors import LinkOver
from server.domains.prayer.models import NEWEST, Place, Request
from server.domains.prayer.schemas import Answered, Ask, Asked, OwnReply, OwnRequest, Rewording
from server.domains.prayer.service import PrayerService
from server.domains.replies.models import Reply
from server.domains.replies.service import RepliesService
from server.domains.safety.service import SafetyService
from server.kit.clock import Clock
from server.kit.crypto import Keyring, random_token
from server.kit.db import Database, Transaction
from server.kit.errors import Unauthenticated
from server.kit.ids import random_id
from server.kit.mail import Mail
from server.kit.scope import Scope

Act = Callable[[Transaction, Request], Awaitable[Request]]
LETTER_SECONDS = 259_200.0  # three days; the link itself does not run out


class AskingService:
    """Take requests, and let their askers look after them."""

    def __init__(
        self,
        database: Database,
        accounts: AccountsService,
        safety: SafetyService,
        prayer: PrayerService,
        encouragement: EncouragementService,
        replies: RepliesService,
        intercession: IntercessionService,
        keyring: Keyring,
        throttle: Throttle,
        clock: Clock,
        public_url: str,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._safety = safety
        self._prayer = prayer
        self._encouragement = encouragement
        self._replies = replies
        self._intercession = intercession
        self._keyring = keyring
        self._throttle = throttle
        self._clock = clock
        self._public_url = public_url

    async def ask(self, scope: Scope, ask: Ask) -> Asked:
        """Take a request: it waits, whatever it says. Asked again with the same secret, it is there once.

        Raise BadText, ConsentMissing, BadEmail, Limited.
        """
        policy.ASK.require(scope)
        policy.check_consents(ask)
        words = self._prayer.check_words(ask.body, ask.public_body)
        email = self._accounts.check_address(ask.email) if ask.email.strip() else ""
        if known := await self._asked_before(scope, ask.secret):
            return known
        await self._take(scope, email)
        crisis = self._safety.crisis("\n".join((*words, ask.name)))
        token = ask.secret or random_token()
        try:
            request = await self._add(scope, ask, words, email, crisis, token)
        except asyncpg.UniqueViolationError:  # its first try was still on its way
            if known := await self._asked_before(scope, ask.secret):
                return known
            raise
        return self._asked(scope, request, token)

    async def _asked_before(self, scope: Scope, secret: str | None) -> Asked | None:
        """Return the answer of a request that is there already under its secret; trying again costs nothing."""
        if secret is None:
            return None
        async with self._database.transaction(_nobody(scope)) as tx:  # a replica may not have it yet
            known = await self._prayer.linked(tx, secret)
            found = {} if known is None else await self._prayer.by_ids(tx, [known])
        return None if known is None else self._asked(scope, found[known], secret)

    def _asked(self, scope: Scope, request: Request, token: str) -> Asked:
        link = policy.address(scope.tenant, self._public_url, request.id, token)
        return Asked(request.id, link, request.state, request.crisis)

    async def _add(
        self, scope: Scope, ask: Ask, words: tuple[str, str], email: str, crisis: str, token: str
    ) -> Request:
        async with self._database.transaction(_nobody(scope)) as tx:
            reason = await self._reason(tx, words, crisis)
            now = self._clock.now()
            draft = policy.request(ask, scope.actor, words, crisis=crisis, reason=reason, now=now)
            await self._prayer.add(tx, draft, policy.identity(ask, scope.actor, email), token)
            if email:
                self._due(tx, Secret("asked", email, ask.language, draft.id, token))
            return draft

    async def own(self, scope: Scope, id: UUID, secret: str | None) -> OwnRequest:
        """Return a request to whoever asked. Raise Unauthenticated, LinkOver."""
        await self._try(scope, secret)
        async with self._database.transaction(scope, readonly=True) as tx:
            await self._check_own(tx, scope, id, secret)
            found = await self._prayer.by_ids(tx, [id])
            return (await self._shown(tx, list(found.values())))[0]

    async def mine(self, scope: Scope, *, before: Place | None = None, most: int = 50) -> list[OwnRequest]:
        """Return what the caller asked under their own name, newest first."""
        policy.MINE.require(scope)
        assert scope.actor.id is not None
        async with self._database.transaction(scope, readonly=True) as tx:
            found = await self._prayer.own_list(tx, scope.actor.id, before or NEWEST, most)
            return await self._shown(tx, found)

    async def change(self, scope: Scope, id: UUID, change: Rewording, secret: str | None) -> OwnRequest:
        """Change what is named. New words or a wider audience wait for the team; a narrower one holds at once.

        Raise BadText, ConsentMissing, WrongState, LinkOver.
        """
        given = [text for text in (change.body, change.public_body) if not isinstance(text, UnsetType)]
        crisis = self._safety.crisis("\n".join(given))

        async def act(tx: Transaction, request: Request) -> Request:
            return await self._prayer.reword_in(tx, request, change, crisis)

        return await self._act(scope, id, secret, act, crisis)

    async def withdraw(self, scope: Scope, id: UUID, secret: str | None) -> OwnRequest:
        """Take a request back: it goes off every wall, and its words are forgotten. Raise WrongState, LinkOver."""
        return await self._act(scope, id, secret, self._prayer.withdraw_in)

    async def answered(self, scope: Scope, id: UUID, told: Answered, secret: str | None) -> OwnRequest:
        """Say that a prayer was answered; a testimony waits for the team. Raise WrongState, BadText, LinkOver."""
        crisis = self._safety.crisis(told.testimony)

        async def act(tx: Transaction, request: Request) -> Request:
            after = await self._prayer.answer_in(tx, request)
            if told.testimony.strip():
                author = (request.asker_id, request.name)
                await self._encouragement.add_in(tx, after, "testimony", told.testimony, author)
            return after

        return await self._act(scope, id, secret, act, crisis)

    async def renew(self, scope: Scope, id: UUID, secret: str | None) -> OwnRequest:
        """Let a request stand for all its days again. Raise WrongState, LinkOver."""
        return await self._act(scope, id, secret, self._prayer.renew_in)

    async def add_update(self, scope: Scope, id: UUID, body: str, secret: str | None) -> OwnReply:
        """Add words below one's own request, once the team lets them stand. Raise WrongState, BadText, LinkOver."""
        added: list[Reply] = []

        async def act(tx: Transaction, request: Request) -> Request:
            author = (request.asker_id, request.name)
            added.append(await self._encouragement.add_in(tx, request, "update", body, author))
            return request

        await self._act(scope, id, secret, act)
        return OwnReply.of(added[0], card=added[0].crisis)

    # ---- for listeners

    async def take_over(self, tx: Transaction, guest: UUID, person: UUID) -> None:
        """Let what a guest asked for, wrote and prayed be the person's they turned out to be."""
        await self._prayer.take_over(tx, guest, person)
        await self._replies.take_over(tx, guest, person)
        await self._intercession.take_over(tx, guest, person)

    async def letter(self, tx: Transaction, signal: AskerLetterDue) -> Mail:
        """Write a letter that is due."""
        secret = msgspec.json.decode(self._keyring.open(signal.sealed, _context(tx)), type=Secret)
        letter = policy.compose(secret, tx.scope.tenant, self._public_url)
        return Mail(
            to=secret.email,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            message_id=f"asking.{signal.letter_id}",
            from_name=tx.scope.tenant.name,
            useful_for=LETTER_SECONDS,
        )

    # ---- inside

    async def _take(self, scope: Scope, email: str) -> None:
        """Count a request for its person, its address and the mailbox; raise Limited.

        The team, who may write down what they were told at the door, are not counted.
        """
        if not policy.UNCOUNTED.allows(scope):
            async with self._database.transaction(_nobody(scope), readonly=True) as tx:
                _, settings = await self._prayer.settings(tx)
            person, network = policy.limits(settings)
            if scope.actor.kind in ("person", "guest"):
                await self._throttle.take(person, f"{scope.tenant.id}:{scope.actor.id}")
            if scope.actor.kind != "person":  # anybody makes himself a new guest
                await self._throttle.take(network, f"{scope.tenant.id}:{scope.origin.network}")
        if email:
            await self._throttle.take(policy.MAILBOX, f"{scope.tenant.id}:{email}")

    async def _reason(self, tx: Transaction, words: tuple[str, str], crisis: str) -> str:
        """Return why a new request needs a closer look."""
        if crisis:
            return "crisis"
        if await self._prayer.alike(tx, words[0]):
            return "duplicate"
        _, settings = await self._prayer.settings(tx)
        return "link" if settings.links and any(map(self._prayer.has_link, words)) else ""

    async def _act(
        self, scope: Scope, id: UUID, secret: str | None, act: Act, crisis: str = ""
    ) -> OwnRequest:
        """Do something with one's own request in one transaction that names nobody."""
        await self._try(scope, secret)
        async with self._database.transaction(_nobody(scope)) as tx:
            await self._check_own(tx, scope, id, secret)
            request = await act(tx, await self._prayer.locked(tx, id))
            return (await self._shown(tx, [request], crisis))[0]

    async def _try(self, scope: Scope, secret: str | None) -> None:
        policy.OWN.require(scope)
        if secret is None and scope.actor.id is None:
            raise Unauthenticated("Open this request with its secret link, or sign in as who asked.")
        who = str(scope.actor.id or scope.origin.network)
        await self._throttle.take(policy.TRIES, f"{scope.tenant.id}:{who}")

    async def _check_own(self, tx: Transaction, scope: Scope, id: UUID, secret: str | None) -> None:
        """Raise LinkOver unless the link, or else the account, is that of whoever asked; nobody learns more."""
        if secret is not None:
            mine = await self._prayer.linked(tx, secret) == id
        else:
            found = (await self._prayer.by_ids(tx, [id])).get(id)
            mine = found is not None and found.asker_id is not None and found.asker_id == scope.actor.id
        if not mine:
            raise LinkOver()

    async def _shown(self, tx: Transaction, requests: Sequence[Request], card: str = "") -> list[OwnRequest]:
        ids = [request.id for request in requests]
        replies = await self._replies.all_of(tx, ids)
        prayed = await self._intercession.totals(tx, ids)
        return [
            OwnRequest.of(one, replies.get(one.id, ()), prayed=prayed.get(one.id, 0), card=card)
            for one in requests
        ]

    def _due(self, tx: Transaction, secret: Secret) -> None:
        sealed = self._keyring.seal(msgspec.json.encode(secret), _context(tx))
        tx.signal(AskerLetterDue(letter_id=random_id(), sealed=sealed))


def _context(tx: Transaction) -> str:
    return f"asking.letter:{tx.scope.tenant.id}"


def _nobody(scope: Scope) -> Scope:
    """Return the scope with the church alone: whatever is written under it can name nobody."""
    return Scope(scope.tenant)
