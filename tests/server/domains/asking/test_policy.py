"""Who may ask, what a new request is, what is sealed, the letter; no database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.domains.asking import policy
from server.domains.asking.models import Secret
from server.domains.prayer.errors import ConsentMissing
from server.domains.prayer.models import Identity, Settings
from server.domains.prayer.schemas import Ask
from server.kit.scope import Actor, Scope, TenantRef

CHURCH = TenantRef("g" * 16, "grace", "Grace & <Peace>")
NOW = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
ME = uuid4()
ACTORS = {
    "person": Actor("person", ME, "Ruth", frozenset({"member"})),
    "guest": Actor("guest", ME, "Maria"),
    "nobody": Actor(),
    "key": Actor("api_key", ME, "Site", scopes=frozenset({"prayer:write"})),
}


def test_rights() -> None:
    """Anybody asks and opens their own; a list of one's own needs somebody; only the team is not counted."""
    scopes = {name: Scope(CHURCH, actor) for name, actor in ACTORS.items()}
    scopes["team"] = Scope(CHURCH, Actor("person", ME, "Pia", frozenset({"prayer_team"})))
    assert {name for name, one in scopes.items() if policy.ASK.allows(one)} == set(scopes)
    assert {name for name, one in scopes.items() if policy.MINE.allows(one)} == {"person", "guest", "team"}
    assert {name for name, one in scopes.items() if policy.UNCOUNTED.allows(one)} == {"team", "key"}


@pytest.mark.parametrize(
    ("more", "pointers"),
    [
        ({"visibility": "wall"}, ["/wall_consent"]),
        ({"for_whom": "other"}, ["/consent"]),
        ({"visibility": "wall", "for_whom": "other"}, ["/consent", "/wall_consent"]),
        ({"visibility": "wall", "wall_consent": True}, []),
        ({"for_whom": "other", "consent": True, "visibility": "members"}, []),
        ({}, []),
    ],
)
def test_consents(more: dict[str, Any], pointers: list[str]) -> None:
    """Each consent that is needed is named when it is missing."""
    if not pointers:
        policy.check_consents(Ask("Please", **more))
        return
    with pytest.raises(ConsentMissing) as caught:
        policy.check_consents(Ask("Please", **more))
    assert [error.pointer for error in caught.value.errors] == pointers


@pytest.mark.parametrize("name", ACTORS)
@pytest.mark.parametrize("anonymous", [True, False])
def test_who_stands_in_the_row(name: str, anonymous: bool) -> None:
    """People and guests who do not hide; a key or nobody never; whoever hides has no name either."""
    ask = Ask("Please", anonymous=anonymous, name=" Ruth\n M. ")
    one = policy.request(ask, ACTORS[name], ("Please", ""), crisis="", reason="", now=NOW)
    by_account = name in ("person", "guest") and not anonymous
    assert one.asker_id == (ME if by_account else None)
    assert one.name == ("" if anonymous else "Ruth M.")
    assert one.id.version == 4
    assert one.state == "held"


@pytest.mark.parametrize(
    ("actor", "more", "email", "sealed"),
    [
        ("person", {"anonymous": True}, "", Identity(ME, "person", "Ruth")),
        ("guest", {"anonymous": True, "name": "M"}, "", Identity(ME, "guest", "M")),
        ("nobody", {"anonymous": True, "name": "M"}, "", Identity(None, "anonymous", "M")),
        ("nobody", {"anonymous": True}, "", None),
        ("person", {}, "", None),
        ("person", {}, "a@b.example", Identity(ME, "person", "Ruth", "a@b.example")),
        ("nobody", {}, "a@b.example", Identity(None, "anonymous", "", "a@b.example")),
        ("key", {"anonymous": True, "name": "M"}, "", Identity(None, "api_key", "M")),
    ],
)
def test_what_is_sealed(actor: str, more: dict[str, Any], email: str, sealed: Identity | None) -> None:
    """What the row does not say and somebody with a reason may need; nothing when nothing is known."""
    assert policy.identity(Ask("Please", **more), ACTORS[actor], email) == sealed


def test_an_address_has_ten_times_a_persons() -> None:
    """A household, a school; both by the church's own number."""
    person, address = policy.limits(Settings(asks_a_day=3))
    assert (person.amount, person.seconds, address.amount, address.seconds) == (3, 86_400, 30, 86_400)


@pytest.mark.parametrize(
    ("locale", "subject"), [("en", "Your prayer request"), ("es", "Su petición"), ("de", "Your")]
)
def test_the_letter(locale: str, subject: str) -> None:
    """In the asker's language; the link hides its token behind #; markup in a church's name stays text."""
    secret = Secret("asked", "a@b.example", locale, UUID(int=1), "t" * 43)
    letter = policy.compose(secret, CHURCH, "https://narthex.example/")
    link = f"https://narthex.example/w/grace/prayer-request#own={UUID(int=1)}.{'t' * 43}"
    assert letter.subject.startswith(subject)
    assert f"\n{link}\n" in letter.text
    assert link in letter.html
    assert "<Peace>" not in letter.html
    assert "{" not in letter.text + letter.html + letter.subject
