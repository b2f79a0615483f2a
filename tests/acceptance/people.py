"""People of two churches, and what they show to say who they are."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec

from server.domains.accounts.models import Person
from server.kit.scope import Origin, Rule, Scope
from server.wiring import Wiring

ROLES = ("owner", "admin", "pastor", "moderator", "prayer_team", "member")
PASSWORD = "correct horse battery 9"


class People(msgspec.Struct):
    """Knows a person of each role in `grace` and `hope`; `token` begins a new session for each call."""

    wiring: Wiring
    scopes: Mapping[str, Scope]
    persons: Mapping[tuple[str, str], Person]
    operator: str = ""  # the access token of somebody who runs the installation

    @classmethod
    async def settle(cls, wiring: Wiring) -> People:
        """Open the accounts."""
        scopes, persons = {}, {}
        for slug in ("grace", "hope"):
            scope = scopes[slug] = Scope.system((await wiring.tenants.by_slug(slug)).ref)
            for role in ROLES:
                persons[slug, role] = await wiring.accounts.create(
                    scope,
                    email=f"{role}@{slug}.example",
                    name=f"{slug} {role}",
                    password=PASSWORD,
                    roles=frozenset({role}),
                )
        return cls(wiring, scopes, persons)

    async def token(self, church: str, role: str) -> str:
        """Return an access token of this role; `guest` is a guest."""
        scope = self.scopes[church]
        if role == "guest":
            _, grant = await self.wiring.auth.welcome(
                scope, nickname="Visitor", consent="2026-01", site="", locale="en"
            )
            return grant.access_token
        session = await self._session(church, role, "app")
        return self.wiring.sessions.grant(scope.tenant, session).access_token  # type: ignore[arg-type]

    async def operator_token(self) -> str:
        """Return an access token of somebody who runs the installation; it holds for all tests of a file."""
        if not self.operator:
            hashed = await self.wiring.passwords.hash(PASSWORD)
            await self.wiring.tenants.add_operator("ops@narthex.example", "Ops", hashed)
            here = Origin(address="192.0.2.99")
            self.operator = (await self.wiring.operators.sign_in(here, "ops@narthex.example", PASSWORD)).token
        return self.operator

    async def cookie(self, church: str, role: str) -> str:
        """Return the value of a console cookie."""
        session = await self._session(church, role, "console")
        return self.wiring.sessions.cookie(self.scopes[church].tenant, session).value  # type: ignore[arg-type]

    async def _session(self, church: str, role: str, kind: str) -> object:
        scope = self.scopes[church]
        async with self.wiring.database.transaction(scope) as tx:
            return await self.wiring.sessions.begin(
                tx,
                scope,
                kind,  # type: ignore[arg-type]
                person_id=self.persons[church, role].id,
                strong=True,
            )


def allowed(rule: Rule) -> list[str]:
    """Return the roles, guests among them, that a rule lets pass."""
    return [role for role in ROLES if rule.anyone or role in rule.roles] + (
        ["guest"] if rule.anyone or rule.guests else []
    )


def refused(rule: Rule) -> list[str]:
    """Return the roles that a rule stops."""
    return [role for role in (*ROLES, "guest") if role not in allowed(rule)]


NOBODY = UUID(int=0x01981F3E8A517CC2B1A45F2F4F6D9A10)
