"""Who may block; pure."""

from __future__ import annotations

from uuid import UUID

from server.domains.blocks.errors import NotYourself
from server.kit.errors import Unauthenticated
from server.kit.scope import Rule, Scope

BLOCK = Rule(frozenset({"owner", "admin", "pastor", "moderator", "prayer_team", "member"}), guests=True)
MOST_BLOCKS = 500  # of one person


def check(scope: Scope, person: UUID) -> UUID:
    """Return who blocks; raise NotYourself."""
    BLOCK.require(scope)
    if scope.actor.id is None:
        raise Unauthenticated()
    if scope.actor.id == person:
        raise NotYourself()
    return scope.actor.id
