"""What a church sets for its websites, on a real database."""

from __future__ import annotations

import pytest

from server.domains.widgets.errors import BadSites
from server.domains.widgets.models import Consent, Theme, Widgets
from server.domains.widgets.schemas import WidgetsChange
from server.kit.errors import Forbidden, Invalid, Unauthenticated
from server.kit.scope import Actor, Origin, Scope
from server.wiring import Wiring

CHANGE = WidgetsChange(
    ["https://www.grace.example"],
    Theme("dark", "#ffdd00"),
    {"en": {"title": "The porch"}},
    Consent("2026-01", "https://grace.example/rules"),
)


async def test_a_church_that_set_nothing_has_ours(wiring: Wiring, system: Scope) -> None:
    """Without a row every value is the default, and no site may hold a widget."""
    assert await wiring.widgets.shown(system) == Widgets()


async def test_what_is_set_is_shown_at_once(wiring: Wiring, system: Scope) -> None:
    """A change is seen by the next reader in spite of the cache, and by anybody."""
    await wiring.widgets.shown(system)
    await wiring.widgets.put(system, CHANGE)
    stranger = Scope(system.tenant)
    assert await wiring.widgets.shown(stranger) == Widgets(
        ("https://www.grace.example",), CHANGE.theme, CHANGE.texts, CHANGE.consent
    )


async def test_only_owners_and_admins_set(wiring: Wiring, system: Scope) -> None:
    """A moderator is refused, and so is nobody."""
    moderator = Scope(system.tenant, Actor("person", None, "Mo", frozenset({"moderator", "member"})))
    with pytest.raises(Forbidden):
        await wiring.widgets.put(moderator, CHANGE)
    with pytest.raises(Unauthenticated):
        await wiring.widgets.put(Scope(system.tenant), CHANGE)


async def test_a_wrong_site_changes_nothing(wiring: Wiring, system: Scope) -> None:
    """The list is taken as a whole or not at all."""
    await wiring.widgets.put(system, CHANGE)
    with pytest.raises(BadSites):
        await wiring.widgets.put(system, WidgetsChange(["https://new.example", "no site"]))
    assert (await wiring.widgets.shown(system)).sites == ("https://www.grace.example",)


@pytest.mark.parametrize(
    "wrong",
    [
        WidgetsChange(theme=Theme(accent="red")),
        WidgetsChange(consent=Consent(url="here")),
        WidgetsChange(texts={"English": {}}),
    ],
)
async def test_a_wrong_look_changes_nothing(wiring: Wiring, system: Scope, wrong: WidgetsChange) -> None:
    """Colours, addresses and languages are checked wherever a change comes from."""
    await wiring.widgets.put(system, CHANGE)
    with pytest.raises(Invalid):
        await wiring.widgets.put(system, wrong)
    assert (await wiring.widgets.shown(system)).theme == CHANGE.theme


async def test_a_site_taken_off_ends_its_sessions(wiring: Wiring, system: Scope) -> None:
    """Whoever began on that site has to begin anew; others go on."""
    await wiring.widgets.put(system, WidgetsChange(["https://a.example", "https://b.example"]))
    visitor = Scope(system.tenant, Actor(), Origin(address="192.0.2.1"))
    grants = {
        site: (await wiring.auth.welcome(visitor, nickname="Ruth", consent="1", site=site, locale="en"))[1]
        for site in ("a.example", "b.example")
    }
    await wiring.widgets.put(system, WidgetsChange(["https://b.example"]))
    await wiring.sessions.refresh(visitor, grants["b.example"].refresh_token)
    with pytest.raises(Unauthenticated):
        await wiring.sessions.refresh(visitor, grants["a.example"].refresh_token)


async def test_another_church_sees_nothing_of_it(wiring: Wiring, system: Scope, other_system: Scope) -> None:
    """What one church set is not the other's."""
    await wiring.widgets.put(system, CHANGE)
    assert await wiring.widgets.shown(other_system) == Widgets()
