"""Fill the demo church through the services, so that the audit log and the outbox tell how it came about."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from server.cli.demo.logins import LOGINS, NAME, OTHERS, SLUG, TALK, Login
from server.cli.demo.prayers import fill_prayers
from server.cli.installation import opened
from server.domains.accounts.errors import EmailTaken
from server.domains.accounts.models import Person
from server.domains.chat.models import Post
from server.domains.events.models import Gathering
from server.domains.events.schemas import Plan
from server.domains.tenants.errors import NoSuchChurch
from server.domains.tenants.models import Tenant
from server.domains.widgets.schemas import WidgetsChange
from server.kit.ids import new_id
from server.kit.scope import Actor, Scope
from server.settings import Settings
from server.wiring import Wiring

ZONE = ZoneInfo("Europe/London")


def fill(found: Settings) -> None:
    """Make the church and what is in it; safe to repeat after a start that was killed half way."""
    asyncio.run(_fill(found))


async def _fill(found: Settings) -> None:
    async with opened(found) as wiring:
        church = await _church(wiring)
        system = Scope.system(church.ref)
        owner = await _account(wiring, system, LOGINS[0])
        if owner is None:
            return  # filled before
        # the others come in through the owner, as they would have
        scope = Scope(church.ref, Actor("person", owner.id, owner.name, owner.roles))
        for login in LOGINS[1:]:
            await _account(wiring, scope, login)
        for name, email, role, locale in OTHERS:
            await _account(wiring, scope, Login(name, email, secrets.token_urlsafe(18), role, locale))


async def _church(wiring: Wiring) -> Tenant:
    try:
        return await wiring.tenants.by_slug(SLUG)
    except NoSuchChurch:
        return await wiring.tenants.create(SLUG, NAME)


async def _account(wiring: Wiring, scope: Scope, login: Login) -> Person | None:
    """Open an account; None when it is there already."""
    try:
        return await wiring.accounts.create(
            scope,
            email=login.email,
            name=login.name,
            password=login.password,
            roles=frozenset({login.role}),
            locale=login.locale,
        )
    except EmailTaken:
        return None


def refresh(found: Settings, site: str) -> None:
    """Let the church's website be where it is today, and let something be going on; done at every start."""
    asyncio.run(_refresh(found, site))


async def _refresh(found: Settings, site: str) -> None:
    async with opened(found) as wiring:
        church = await wiring.tenants.by_slug(SLUG)
        async with wiring.database.transaction(Scope.system(church.ref), readonly=True) as tx:
            owner = await wiring.accounts.find(tx, LOGINS[0].email)
        assert owner is not None
        scope = Scope(church.ref, Actor("person", owner.id, owner.name, owner.roles))
        await _allow_site(wiring, scope, site)
        await _plan(wiring, scope)
    await fill_prayers(found, scope)


async def _allow_site(wiring: Wiring, scope: Scope, site: str) -> None:
    """Put the website on the church's list; sites of earlier starts on other ports are taken off."""
    now = await wiring.widgets.shown(scope)
    sites = [known for known in now.sites if not known.startswith("http://localhost:")] + [site]
    if list(now.sites) != sites:
        await wiring.widgets.put(scope, WidgetsChange(sites, now.theme, now.texts, now.consent))


async def _plan(wiring: Wiring, scope: Scope) -> None:
    """Plan the next Sundays, and something for today when nothing is on: doors that are open can be tried."""
    now = wiring.clock.now()
    current, _ = await wiring.events.now(scope)
    if current is None:
        began = now.replace(second=0, microsecond=0)
        plan = Plan("Open hall", began, began + timedelta(hours=12), ZONE.key)
        await _talk(wiring, scope, await wiring.events.plan(scope, plan))
    planned = {gathering.starts_at for gathering in await wiring.events.page(scope, since=now)}
    for starts in _sundays(now):
        if starts not in planned:
            await wiring.events.plan(
                scope, Plan("Family service", starts, starts + timedelta(minutes=75), ZONE.key)
            )


async def _talk(wiring: Wiring, scope: Scope, gathering: Gathering) -> None:
    """Let people have said something already, so that nobody comes into an empty hall."""
    system = Scope.system(scope.tenant)
    async with wiring.database.transaction(system) as tx:  # the relay, which makes rooms, does not run yet
        window = (gathering.opens_at, gathering.closes_at)
        room = await wiring.rooms.put_gathering(tx, gathering.id, gathering.title, window)
        emails = dict.fromkeys(email for email, _ in TALK)
        people = {email: await wiring.accounts.find(tx, email) for email in emails}
    before: UUID | None = None
    for email, words in TALK:
        person = people[email]
        assert person is not None
        author = Scope(scope.tenant, Actor("person", person.id, person.name, person.roles))
        reply_to = before if words.startswith("> ") else None
        before = new_id()
        (answer,) = await wiring.chat.post_many(
            system, [Post(author, room.id, before, words.removeprefix("> "), reply_to)]
        )
        if isinstance(answer, Exception):
            raise answer


def _sundays(now: datetime) -> list[datetime]:
    """Return the next four Sundays at 10:30 of the church's own clock."""
    today = now.astimezone(ZONE)
    first = today + timedelta(days=(6 - today.weekday()) % 7 or 7)
    days = [first + timedelta(weeks=week) for week in range(4)]
    return [day.replace(hour=10, minute=30, second=0, microsecond=0) for day in days]
