"""Who may give what, and what is accepted, as tables and properties."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domains.accounts import policy
from server.domains.accounts.errors import BadEmail, NotYoursToGive, WeakPassword
from server.kit.errors import Invalid
from server.kit.scope import Actor, Rule, Scope, TenantRef

GRACE = TenantRef("g" * 16, "grace", "Grace Church")
role_sets = st.frozensets(st.sampled_from(sorted(policy.ROLES)))


def acting(roles: frozenset[str]) -> Scope:
    return Scope(GRACE, Actor("person", uuid4(), "X", roles))


@pytest.mark.parametrize(
    ("role", "given_roles"),
    [
        ("owner", {"owner", "admin", "pastor", "moderator", "prayer_team", "member"}),
        ("admin", {"admin", "moderator", "member"}),
        ("pastor", {"pastor", "prayer_team", "member"}),
        ("moderator", {"moderator", "member"}),
        ("prayer_team", {"prayer_team", "member"}),
        ("member", {"member"}),
    ],
)
def test_what_a_role_covers(role: str, given_roles: set[str]) -> None:
    """The table of what each role may give, written out a second time."""
    assert policy.covered(acting(frozenset({role}))) == given_roles


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        (policy.ME, {"owner", "admin", "pastor", "moderator", "prayer_team", "member"}),
        (policy.LIST, {"owner", "admin"}),
        (policy.CHANGE_ROLES, {"owner", "admin"}),
        (policy.SUSPEND, {"owner", "admin"}),
    ],
)
def test_who_may(rule: Rule, allowed: set[str]) -> None:
    """Role by action."""
    assert {role for role in policy.ROLES if rule.allows(acting(frozenset({role})))} == allowed
    assert not rule.allows(Scope(GRACE, Actor("guest", uuid4(), "X")))
    assert not rule.allows(Scope(GRACE))


@given(role_sets, role_sets, role_sets)
def test_nobody_moves_what_they_do_not_cover(
    own: frozenset[str], before: frozenset[str], after: frozenset[str]
) -> None:
    """A change is allowed exactly when all that it gives or takes is covered."""
    scope = acting(own)
    covered = policy.covered(scope)
    if (before - after) <= covered and (after - before) <= covered:
        policy.check_change(scope, before, after)
    else:
        with pytest.raises(NotYoursToGive):
            policy.check_change(scope, before, after)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), role_sets), max_size=30),
    st.lists(role_sets, min_size=4, max_size=4),
)
def test_no_chain_of_gifts_reaches_further(
    acts: list[tuple[int, int, frozenset[str]]], start: list[frozenset[str]]
) -> None:
    """Whatever four people without an owner among them give one another, nothing appears that none of them covered."""
    people = [(roles - {"owner"}) | {"member"} for roles in start]
    reach = frozenset().union(*(policy.covered_by(roles) for roles in people))
    for actor, target, wanted in acts:
        try:
            policy.check_change(acting(people[actor]), people[target], wanted | {"member"})
        except NotYoursToGive:
            continue
        people[target] = wanted | {"member"}
    for roles in people:
        assert roles <= reach
        assert "owner" not in roles


@given(role_sets)
def test_covering_is_closed(own: frozenset[str]) -> None:
    """What one may give covers nothing that one could not give oneself: a friend is no detour."""
    covered = policy.covered_by(own)
    assert policy.covered_by(covered) == covered


def test_api_key_and_system() -> None:
    """A program makes members; background work of the church makes everything; a guest makes nothing."""
    assert policy.covered(
        Scope(GRACE, Actor("api_key", uuid4(), "X", scopes=frozenset({"accounts:write"})))
    ) == {"member"}
    assert policy.covered(Scope.system(GRACE)) == policy.ROLES
    assert policy.covered(Scope(GRACE, Actor("guest", uuid4(), "X"))) == frozenset()


def test_unknown_role() -> None:
    """A role that does not exist is named."""
    with pytest.raises(Invalid, match="bishop"):
        policy.check_roles(frozenset({"bishop"}))
    assert policy.check_roles(frozenset()) == {"member"}


@pytest.mark.parametrize(
    ("password", "code", "limit"),
    [
        ("short", "too_short", 10),
        ("a" * 300, "too_long", 256),
        ("1234567890", "too_common", None),
        ("Qwertyuiop", "too_common", None),
        ("JesusLovesMe1", "too_common", None),
        ("jesuslovesme777!!", "too_common", None),
        ("aaaaaaaaaaab", "too_simple", 4),
        ("anna@grace.example", "too_close", None),
        ("Anna Berg2024", "too_close", None),
        ("1gracechurch1", "too_close", None),
    ],
)
def test_weak_passwords_say_why(password: str, code: str, limit: int | None) -> None:
    """A refused password names the field, the reason and the limit."""
    with pytest.raises(WeakPassword) as caught:
        policy.check_password(password, "anna@grace.example", "Anna Berg", "gracechurch")
    (error,) = caught.value.errors
    assert (error.pointer, error.code, error.limit) == ("/password", code, limit)


@pytest.mark.parametrize(
    "password",
    ["a long walk by the lake", "correct horse battery", "πάντα ῥεῖ καὶ οὐδὲν μένει", "p" * 5 + "Qz7!k" * 3],
)
def test_good_passwords_need_no_rules(password: str) -> None:
    """Length is enough: no capital, digit or sign is asked for."""
    assert policy.check_password(password, "anna@grace.example", "Anna", "grace") == password


@given(st.text(max_size=300))
def test_any_password_is_judged(password: str) -> None:
    """No text makes the check fail in another way than by refusing, and what passes keeps the bounds."""
    try:
        policy.check_password(password, "anna@grace.example", "Anna", "grace")
    except WeakPassword:
        return
    assert len(password) <= 4 * policy.MOST_PASSWORD


@pytest.mark.parametrize(
    ("email", "stored"),
    [
        (" Anna@Grace.Example ", "anna@grace.example"),
        ("anna@xn--bcher-kva.example", "anna@bücher.example"),
        ("ANNA+tag@grace.example", "anna+tag@grace.example"),
        ("cafe\u0301@grace.example", "caf\u00e9@grace.example"),
    ],
)
def test_address_has_one_form(email: str, stored: str) -> None:
    """Spellings of one address are one account."""
    assert policy.check_email(email) == stored


@given(st.text(max_size=80))
def test_any_address_is_judged(email: str) -> None:
    """What passes is lower case, without control characters, and short enough to store."""
    try:
        stored = policy.check_email(email)
    except BadEmail:
        return
    assert stored == stored.lower()
    assert stored.isprintable()
    assert len(stored) <= 254


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b", "a\u202eb", "\u200b"])
def test_bad_names(name: str) -> None:
    """A name is printable and has a length."""
    with pytest.raises(Invalid) as caught:
        policy.check_name(name)
    assert caught.value.errors[0].limit == 100


def test_names_are_tidied() -> None:
    """Spaces become single, letters composed."""
    assert policy.check_name("  Rene\u0301   Müller ") == "Ren\u00e9 Müller"


@pytest.mark.parametrize("locale", ["", "e", "en_US", "en-", "x" * 40, "en\n"])
def test_bad_locales(locale: str) -> None:
    """A language reads like a tag of BCP 47."""
    with pytest.raises(Invalid):
        policy.check_locale(locale)
    assert policy.check_locale("pt-BR") == "pt-BR"
