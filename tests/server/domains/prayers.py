"""Who asks and who tends in the tests of prayer, and how."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg

from realtime.topics import Topic
from server.domains.prayer.models import Visibility
from server.domains.prayer.schemas import Ask, Asked, Decision, TeamRequest
from server.domains.prayer.service import topic_of
from server.kit.scope import Scope
from server.settings import Settings
from server.wiring import Wiring
from tests.server.domains.voices import guest, log, person


def pastor(system: Scope) -> Scope:
    """Return a pastor."""
    return person(system, "Pia", "pastor", "member")


def helper(system: Scope, name: str = "Lucia") -> Scope:
    """Return somebody of the prayer team."""
    return person(system, name, "prayer_team", "member")


async def ask(wiring: Wiring, system: Scope, body: str = "Please pray", **more: Any) -> Asked:
    """Ask as a new guest, for the wall unless the test says otherwise."""
    asker = more.pop("asker", None) or guest(system)
    return await wiring.asking.ask(asker, Ask(body, **{"visibility": "wall", "wall_consent": True, **more}))


async def put_up(wiring: Wiring, system: Scope, body: str = "Please pray", **more: Any) -> Asked:
    """Ask, and let a pastor approve it."""
    asked = await ask(wiring, system, body, **more)
    await wiring.tending.decide(pastor(system), asked.id, Decision("approve", 1))
    return asked


def secret(asked: Asked) -> str:
    """Return the token of a secret link."""
    return asked.link.rpartition(".")[2]


async def seen(wiring: Wiring, system: Scope, id: UUID) -> TeamRequest:
    """Return a request as a pastor sees it."""
    return await wiring.tending.one(pastor(system), id)


async def told(wiring: Wiring, system: Scope, visibility: Visibility = "wall") -> list[tuple[str, Any]]:
    """Return what everybody was told who reads an audience's topic."""
    return await log(wiring, topic_of(system.tenant.id, visibility))


async def told_me(wiring: Wiring, scope: Scope) -> list[tuple[str, Any]]:
    """Return what one person alone was told."""
    return await log(wiring, Topic(scope.tenant.id, "me", str(scope.actor.id)))


def announced(settings: Settings) -> list[tuple[str, str]]:
    """Return the kinds and the data of all signals that wait, in their order."""
    with psycopg.connect(settings.owner_url) as owner:
        rows = owner.execute("select kind, data from shard.outbox order by id").fetchall()
    return [(kind, bytes(data).decode()) for kind, data in rows]


def kinds(settings: Settings) -> list[str]:
    """Return the kinds of all signals that wait."""
    return [kind for kind, _ in announced(settings)]
