"""What a mailbox proves: registration, invitation, forgotten password, another address."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest

from server.domains.accounts.errors import (
    BadCredentials,
    BadEmail,
    EmailTaken,
    NotYoursToGive,
    Suspended,
    WeakPassword,
)
from server.domains.accounts.models import Person
from server.domains.auth.models import Proof
from server.domains.factors import listeners as factors_listeners
from server.domains.links import listeners as links_listeners
from server.domains.links.errors import InviterGone, LinkOver, NoSuchInvitation
from server.domains.sessions import listeners as sessions_listeners
from server.domains.sessions.errors import SessionEnded
from server.kit.crypto import CannotOpen
from server.kit.errors import Forbidden, Invalid, Limited, Unauthenticated
from server.kit.mail import Mail
from server.kit.outbox import Listeners, decode
from server.kit.scope import Actor, Origin, Scope
from server.settings import Settings
from server.wiring import Wiring

PASSWORD = "a long walk by the lake"
NEW = "another walk, in the woods"


def stranger(scope: Scope, address: str = "192.0.2.1") -> Scope:
    return Scope(scope.tenant, origin=Origin(address=address, device="Firefox"))


def acting(scope: Scope, person: Person) -> Scope:
    return Scope(scope.tenant, Actor("person", person.id, person.name, person.roles), scope.origin)


async def person(wiring: Wiring, scope: Scope, name: str, *roles: str) -> Person:
    return await wiring.accounts.create(
        scope, email=f"{name}@grace.example", name=name.title(), password=PASSWORD, roles=frozenset(roles)
    )


class Post:
    """Runs the church's waiting signals as a relay would, and keeps the letters."""

    def __init__(self, wiring: Wiring, settings: Settings, scope: Scope) -> None:
        self.wiring = wiring
        self.owner = settings.owner_url
        self.scope = scope
        self.listeners = Listeners(
            [
                *links_listeners.listeners(wiring.links),
                *factors_listeners.listeners(wiring.links),
                *sessions_listeners.listeners(wiring.links),
            ]
        )

    async def deliver(self) -> list[Mail]:
        """Handle every waiting signal once and return the letters that were posted since the last call."""
        with psycopg.connect(self.owner, autocommit=True) as owner:
            rows = owner.execute(
                "delete from shard.outbox where church = %s returning id, kind, data",
                (self.scope.tenant.schema,),
            ).fetchall()
            for _, kind, data in sorted(rows):
                for listener in self.listeners.of(kind):
                    async with self.wiring.database.transaction(self.scope) as tx:
                        await listener.handle(tx, decode(data, listener.signal))
            letters = owner.execute("delete from shard.mails returning id, data").fetchall()
        return [msgspec.json.decode(data, type=Mail) for _, data in sorted(letters)]

    async def token(self) -> str:
        """Deliver exactly one letter and return the token of its link."""
        (mail,) = await self.deliver()
        return token_of(mail)


def token_of(mail: Mail) -> str:
    found = re.search(r"#\w+=([\w-]{43})$", mail.text, re.MULTILINE)
    assert found, mail.text
    return found[1]


@pytest.fixture
def post(wiring: Wiring, settings: Settings, system: Scope) -> Post:
    return Post(wiring, settings, system)


async def test_registration_opens_an_account(wiring: Wiring, system: Scope, post: Post) -> None:
    """A letter brings a link; name and password are chosen behind it; then the account opens."""
    await wiring.links.register(stranger(system), email=" New@Grace.Example", locale="es-MX")
    (mail,) = await post.deliver()
    assert mail.to == "new@grace.example"
    assert mail.subject == "Confirme su dirección para Grace Church"
    assert 'lang="es"' in mail.html
    assert "http://127.0.0.1:8000/console/grace#register=" in mail.text
    told = await wiring.links.look(stranger(system), "register", token_of(mail))
    assert (told.email, told.has_account) == ("new@grace.example", False)
    opened = await wiring.links.confirm_registration(
        stranger(system), token_of(mail), name="Nia", password=PASSWORD
    )
    assert opened.roles == {"member"}
    assert (await wiring.auth.sign_in(stranger(system), "new@grace.example", PASSWORD)).subject == opened.id


async def test_link_works_once(wiring: Wiring, system: Scope, post: Post) -> None:
    """Of ten who open one link at once, one opens the account."""
    await wiring.links.register(stranger(system), email="new@grace.example")
    token = await post.token()
    results = await asyncio.gather(
        *(
            wiring.links.confirm_registration(stranger(system), token, name="Nia", password=PASSWORD)
            for _ in range(10)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Person) for result in results) == 1
    assert all(isinstance(result, Person | LinkOver) for result in results)


async def test_known_address_learns_by_letter_only(wiring: Wiring, system: Scope, post: Post) -> None:
    """Registering a known address answers the same; its owner is told, and no link is sent."""
    await person(wiring, system, "anna")
    await post.deliver()
    await wiring.links.register(stranger(system), email="anna@grace.example")
    (mail,) = await post.deliver()
    assert mail.subject == "You have an account at Grace Church"
    assert "#" not in mail.text
    await wiring.links.forgot(stranger(system), email="nobody@grace.example")
    assert await post.deliver() == []


async def test_asking_looks_nothing_up(wiring: Wiring, system: Scope, settings: Settings) -> None:
    """Asking writes the same for known and unknown addresses, and the address only sealed."""
    await person(wiring, system, "anna")
    for email in ("anna@grace.example", "nobody@grace.example"):
        await wiring.links.forgot(stranger(system), email=email)
    with psycopg.connect(settings.owner_url) as owner:
        rows = owner.execute("select data from shard.outbox where kind = 'links.asked'").fetchall()
        kept = owner.execute(f"select count(*) from {system.tenant.schema}.links_sent".encode()).fetchone()
    assert len(rows) == 2
    assert all(b"grace.example" not in bytes(data) for (data,) in rows)
    assert kept == (0,)


async def test_reset_sets_password_and_ends_sessions(wiring: Wiring, system: Scope, post: Post) -> None:
    """A forgotten password is replaced; sessions, cookies and other links end; the person is told."""
    anna = await person(wiring, system, "anna", "owner")
    grant = await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    await post.deliver()
    await wiring.links.change_email(acting(system, anna), email="a2@grace.example", password=PASSWORD)
    await wiring.links.forgot(stranger(system), email="anna@grace.example")
    other, mail = await post.deliver()
    assert mail.to == "anna@grace.example"
    await wiring.links.reset(stranger(system), token_of(mail), password=NEW)
    with pytest.raises(SessionEnded):
        await wiring.auth.identify(system.tenant, Proof(bearer=grant.access_token), Origin())
    with pytest.raises(SessionEnded):
        await wiring.auth.refresh(stranger(system), grant.refresh_token)
    with pytest.raises(BadCredentials):
        await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    assert await wiring.auth.sign_in(stranger(system), "anna@grace.example", NEW)
    for token, kind in ((token_of(mail), "reset"), (token_of(other), "email")):
        with pytest.raises(LinkOver):
            await wiring.links.look(stranger(system), kind, token)  # type: ignore[arg-type]
    (told,) = await post.deliver()
    assert told.subject == "Your password for Grace Church was changed"


async def test_changed_password_keeps_this_session(wiring: Wiring, system: Scope) -> None:
    """Whoever changes their password stays signed in here and is signed out elsewhere."""
    await person(wiring, system, "anna")
    here = await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    there = await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    scope = await wiring.auth.identify(system.tenant, Proof(bearer=here.access_token), Origin())
    with pytest.raises(BadCredentials):
        await wiring.accounts.change_password(scope, "not this one", NEW)
    await wiring.accounts.change_password(scope, PASSWORD, NEW)
    assert (await wiring.auth.identify(system.tenant, Proof(bearer=here.access_token), Origin())).actor.id
    assert await wiring.auth.refresh(stranger(system), here.refresh_token)
    with pytest.raises(SessionEnded):
        await wiring.auth.refresh(stranger(system), there.refresh_token)
    assert len(await wiring.sessions.mine(scope)) == 1


async def test_new_address_is_confirmed_and_old_one_told(wiring: Wiring, system: Scope, post: Post) -> None:
    """The new mailbox gets the link and never the person's name; the old one learns of the change."""
    anna = await person(wiring, system, "anna")
    with pytest.raises(BadCredentials):
        await wiring.links.change_email(acting(system, anna), email="a2@grace.example", password="wrong")
    await wiring.links.change_email(acting(system, anna), email="a2@grace.example", password=PASSWORD)
    (mail,) = await post.deliver()
    assert mail.to == "a2@grace.example"
    assert "Anna" not in mail.text + mail.html + mail.subject
    changed = await wiring.links.confirm_email(stranger(system), token_of(mail))
    assert changed.email == "a2@grace.example"
    assert await wiring.auth.sign_in(stranger(system), "a2@grace.example", PASSWORD)
    with pytest.raises(BadCredentials):
        await wiring.auth.sign_in(stranger(system), "anna@grace.example", PASSWORD)
    (told,) = await post.deliver()
    assert (told.to, told.subject) == ("anna@grace.example", "Your address for Grace Church was changed")


async def test_address_taken_meanwhile(wiring: Wiring, system: Scope, post: Post) -> None:
    """An address that got an account between letter and click stays with that account."""
    anna = await person(wiring, system, "anna")
    await wiring.links.change_email(acting(system, anna), email="ben@grace.example", password=PASSWORD)
    token = await post.token()
    await person(wiring, system, "ben")
    with pytest.raises(EmailTaken):
        await wiring.links.confirm_email(stranger(system), token)
    assert (await wiring.accounts.get(system, anna.id)).email == "anna@grace.example"


async def test_invitation_brings_roles(wiring: Wiring, system: Scope, post: Post) -> None:
    """Whoever accepts an invitation has its roles; somebody with an account keeps theirs and gains these."""
    anna = await person(wiring, system, "anna", "owner")
    await person(wiring, system, "ben", "moderator")
    await post.deliver()
    for email in ("new@grace.example", "ben@grace.example"):
        await wiring.links.invite(acting(system, anna), email=email, roles=frozenset({"prayer_team"}))
    first, second = await post.deliver()
    assert "Anna invites you" in first.text
    assert len(await wiring.links.invitations(acting(system, anna))) == 2
    with pytest.raises(Invalid):
        await wiring.links.accept(stranger(system), token_of(first))
    nia = await wiring.links.accept(stranger(system), token_of(first), name="Nia", password=PASSWORD)
    assert nia.roles == {"prayer_team", "member"}
    ben = await wiring.links.accept(stranger(system), token_of(second))
    assert ben.roles == {"moderator", "prayer_team", "member"}
    assert await wiring.links.invitations(acting(system, anna)) == []


@pytest.mark.parametrize(
    ("inviter", "roles"),
    [
        ("admin", {"owner"}),
        ("admin", {"pastor"}),
        ("admin", {"prayer_team"}),
        ("admin", {"member", "moderator", "owner"}),
    ],
)
async def test_inviter_gives_no_more_than_they_have(
    wiring: Wiring, system: Scope, inviter: str, roles: set[str]
) -> None:
    """Nobody invites to a role that their own do not cover."""
    scope = Scope(system.tenant, Actor("person", uuid4(), "X", frozenset({inviter, "member"})))
    with pytest.raises(NotYoursToGive):
        await wiring.links.invite(scope, email="new@grace.example", roles=frozenset(roles))


@pytest.mark.parametrize("role", ["pastor", "moderator", "prayer_team", "member"])
async def test_only_owner_and_admin_invite(wiring: Wiring, system: Scope, role: str) -> None:
    """Other roles invite nobody, and nobody without a name does."""
    scope = Scope(system.tenant, Actor("person", uuid4(), "X", frozenset({role, "member"})))
    with pytest.raises(Forbidden):
        await wiring.links.invite(scope, email="new@grace.example", roles=frozenset())
    with pytest.raises(Unauthenticated):
        await wiring.links.invite(stranger(system), email="new@grace.example", roles=frozenset())


async def test_api_key_invites_members_only(wiring: Wiring, system: Scope) -> None:
    """A program invites members and gives no role."""
    scope = Scope(system.tenant, Actor("api_key", uuid4(), "X", scopes=frozenset({"accounts:write"})))
    assert (await wiring.links.invite(scope, email="new@grace.example", roles=frozenset())).roles == {
        "member"
    }
    with pytest.raises(NotYoursToGive):
        await wiring.links.invite(scope, email="new@grace.example", roles=frozenset({"moderator"}))


async def test_invitation_ends_with_its_inviter(wiring: Wiring, system: Scope, post: Post) -> None:
    """An invitation of somebody who was demoted or suspended since gives nothing."""
    anna = await person(wiring, system, "anna", "admin")
    await post.deliver()
    await wiring.links.invite(acting(system, anna), email="new@grace.example", roles=frozenset({"moderator"}))
    token = await post.token()
    await wiring.accounts.set_roles(system, anna.id, frozenset())
    with pytest.raises(InviterGone):
        await wiring.links.accept(stranger(system), token, name="Nia", password=PASSWORD)
    await wiring.accounts.set_roles(system, anna.id, frozenset({"admin"}))
    await wiring.accounts.suspend(system, anna.id)
    with pytest.raises(InviterGone):
        await wiring.links.accept(stranger(system), token, name="Nia", password=PASSWORD)
    await wiring.accounts.resume(system, anna.id)
    assert await wiring.links.accept(stranger(system), token, name="Nia", password=PASSWORD)


async def test_invitation_is_taken_back_or_replaced(wiring: Wiring, system: Scope, post: Post) -> None:
    """A link that was taken back or replaced by a newer one opens nothing."""
    first = await wiring.links.invite(system, email="new@grace.example", roles=frozenset({"owner"}))
    old = await post.token()
    second = await wiring.links.invite(system, email="new@grace.example", roles=frozenset())
    new = await post.token()
    with pytest.raises(LinkOver):
        await wiring.links.accept(stranger(system), old, name="Nia", password=PASSWORD)
    with pytest.raises(NoSuchInvitation):
        await wiring.links.take_back(system, first.id)
    await wiring.links.take_back(system, second.id)
    with pytest.raises(LinkOver):
        await wiring.links.accept(stranger(system), new, name="Nia", password=PASSWORD)


async def test_admin_takes_back_no_owners_invitation(wiring: Wiring, system: Scope) -> None:
    """Whose roles do not cover an invitation cannot end it."""
    link = await wiring.links.invite(system, email="new@grace.example", roles=frozenset({"owner"}))
    admin = Scope(system.tenant, Actor("person", uuid4(), "X", frozenset({"admin"})))
    with pytest.raises(NotYoursToGive):
        await wiring.links.take_back(admin, link.id)


async def test_token_is_good_for_its_kind_church_and_time(
    wiring: Wiring, settings: Settings, system: Scope, other_system: Scope, post: Post
) -> None:
    """A token opens nothing as another kind, in another church, or after its time."""
    await person(wiring, system, "anna")
    await post.deliver()
    await wiring.links.forgot(stranger(system), email="anna@grace.example")
    token = await post.token()
    for kind in ("register", "email", "invite"):
        with pytest.raises(LinkOver):
            await wiring.links.look(stranger(system), kind, token)  # type: ignore[arg-type]
    with pytest.raises(LinkOver):
        await wiring.links.reset(stranger(other_system), token, password=NEW)
    assert await wiring.links.look(stranger(system), "reset", token)
    with psycopg.connect(settings.owner_url, autocommit=True) as owner:
        owner.execute(f"update {system.tenant.schema}.links_sent set expires_at = now()".encode())
    with pytest.raises(LinkOver):
        await wiring.links.reset(stranger(system), token, password=NEW)


async def test_tokens_are_kept_hashed_and_sealed(
    wiring: Wiring, settings: Settings, system: Scope, other_system: Scope, post: Post
) -> None:
    """The raw token stands neither in the table nor in the outbox, and a sealed one opens in its church alone."""
    await wiring.links.invite(system, email="new@grace.example", roles=frozenset())
    with psycopg.connect(settings.owner_url, autocommit=True) as owner:
        ((kind, data),) = owner.execute("select kind, data from shard.outbox").fetchall()
    token = await post.token()
    assert token.encode() not in data
    assert b"new@grace.example" not in data
    with psycopg.connect(settings.owner_url) as owner:
        rows = owner.execute(f"select l::text from {system.tenant.schema}.links_sent l".encode()).fetchall()
    assert token not in str(rows)
    (listener,) = post.listeners.of(kind)
    with pytest.raises(CannotOpen):
        async with wiring.database.transaction(other_system) as tx:
            await listener.handle(tx, decode(data, listener.signal))


async def test_suspended_account_gets_no_link(wiring: Wiring, system: Scope, post: Post) -> None:
    """A suspended person can neither reset a password nor come back by invitation."""
    anna = await person(wiring, system, "anna")
    await wiring.links.forgot(stranger(system), email="anna@grace.example")
    token = await post.token()
    await wiring.links.invite(system, email="anna@grace.example", roles=frozenset({"admin"}))
    invitation = await post.token()
    await wiring.accounts.suspend(system, anna.id)
    with pytest.raises(Suspended):
        await wiring.links.reset(stranger(system), token, password=NEW)
    with pytest.raises(Suspended):
        await wiring.links.accept(stranger(system), invitation)
    await wiring.links.forgot(stranger(system), email="anna@grace.example")
    assert await post.deliver() == []


async def test_mailbox_is_not_flooded(wiring: Wiring, system: Scope, post: Post) -> None:
    """One mailbox gets at most five letters an hour, whoever asks and however the address is written."""
    spellings = ["new@grace.example", "NEW@grace.example", " new@GRACE.example "]
    for number in range(5):
        await wiring.links.register(
            stranger(system, f"192.0.2.{number}"), email=spellings[number % len(spellings)]
        )
    with pytest.raises(Limited):
        await wiring.links.forgot(stranger(system, "192.0.2.77"), email="new@grace.example")
    assert len(await post.deliver()) == 5


@pytest.mark.parametrize("email", ["", "x", "a@b", "a b@c.de", "a@c.de\r\nBcc: x@y.de", "x" * 65 + "@c.de"])
async def test_bad_address_names_the_field(wiring: Wiring, system: Scope, email: str) -> None:
    """What cannot be an address is refused with the field and the limit."""
    with pytest.raises(BadEmail) as caught:
        await wiring.links.register(stranger(system), email=email)
    assert caught.value.errors[0].pointer == "/email"


async def test_weak_password_leaves_the_link_open(wiring: Wiring, system: Scope, post: Post) -> None:
    """A refused password does not use the link up."""
    await wiring.links.register(stranger(system), email="new@grace.example")
    token = await post.token()
    with pytest.raises(WeakPassword):
        await wiring.links.confirm_registration(stranger(system), token, name="Nia", password="jesus12345")
    assert await wiring.links.confirm_registration(stranger(system), token, name="Nia", password=PASSWORD)


async def test_every_letter_is_written_in_both_languages(wiring: Wiring, system: Scope) -> None:
    """Each notice can be written in English and Spanish, with no placeholder left and no markup from names."""
    for locale in ("en", "es", "de"):
        anna: Any = await wiring.accounts.create(
            system,
            email=f"{locale}@grace.example",
            name="<b>Anna</b>",
            password=PASSWORD,
            roles=frozenset(),
            locale=locale,
        )
        for letter in (
            "password_changed",
            "totp_added",
            "totp_removed",
            "recovery_code_used",
            "refresh_reused",
        ):
            async with wiring.database.transaction(system) as tx:
                mail = await wiring.links.notice(tx, letter, anna.id)  # type: ignore[arg-type]
            assert mail is not None
            assert "{" not in mail.text + mail.html.replace("{", "", 0).partition("<body")[2]
            assert "<b>" not in mail.html
            assert "Grace Church" in mail.text


async def test_trim_forgets_what_is_long_over(wiring: Wiring, settings: Settings, system: Scope) -> None:
    """Links that ended a month ago are deleted, younger ones stay."""
    await wiring.links.invite(system, email="old@grace.example", roles=frozenset())
    await wiring.links.invite(system, email="new@grace.example", roles=frozenset())
    with psycopg.connect(settings.owner_url, autocommit=True) as owner:
        owner.execute(
            f"update {system.tenant.schema}.links_sent set expires_at = now() - interval '31 days'"
            " where email = 'old@grace.example'".encode()
        )
    assert await wiring.links.trim(system) == 1
    assert len(await wiring.links.invitations(system)) == 1
