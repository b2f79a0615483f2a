"""What becomes of a request when somebody acts, as tables; no database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from server.domains.prayer import policy
from server.domains.prayer.errors import AlreadyDecided, BadRequest, ConsentMissing, WrongState
from server.domains.prayer.models import (
    APPROVE,
    EDIT,
    MEMBERS,
    PASTORS,
    READ_TEAM,
    SETTINGS,
    UNSEAL,
    Request,
    Settings,
    State,
    Visibility,
)
from server.domains.prayer.schemas import Editing, RequestShown, Rewording
from server.domains.replies.models import Reply
from server.kit.scope import Actor, Rule, Scope, TenantRef
from server.kit.text import BadText

NOW = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
CHURCH = TenantRef("g" * 16, "grace", "Grace")
BY = (UUID(int=9), "Pia")
ROLES = ("owner", "admin", "pastor", "moderator", "prayer_team", "member", "guest", "nobody")
STATES: tuple[State, ...] = (
    "held", "pastor", "approved", "declined", "answered", "expired", "archived", "withdrawn",
)  # fmt: skip


def request(**more: Any) -> Request:
    """Return a request that waits for the team and is meant for the wall."""
    plain: dict[str, Any] = {
        "id": UUID(int=1), "version": 1, "round": 1, "state": "held", "visibility": "wall", "for_whom": "self",
        "category": "health", "urgent": False, "language": "en", "anonymous": False, "asker_id": UUID(int=2),
        "name": "Maria", "body": "My knee", "public_body": "", "suggestions": (), "reason": "", "crisis": "",
        "tell_prayed": True, "testimony": "", "created_at": NOW, "changed_at": NOW, "approved_at": None,
        "decided_at": None, "decided_by": None, "decided_by_name": "", "expires_at": None, "closed_at": None,
    }  # fmt: skip
    stands = {"approved_at": NOW} if more.get("state") in ("approved", "answered", "expired") else {}
    closed = {"closed_at": NOW} if more.get("state") in ("answered", "declined", "expired") else {}
    return Request(**plain | stands | closed | more)


def who(role: str, *scopes: str) -> Scope:
    """Return somebody of a role; `key` is an API key with scopes."""
    if role == "nobody":
        return Scope(CHURCH)
    kind: Any = role if role == "guest" else "api_key" if role == "key" else "person"
    return Scope(
        CHURCH,
        Actor(
            kind, uuid4(), role, frozenset({role, "member"} if kind == "person" else ()), frozenset(scopes)
        ),
    )


# ---- who may


TEAM = {"owner", "admin", "pastor", "prayer_team"}
RIGHTS: list[tuple[str, Rule, set[str], str | None]] = [
    ("read", READ_TEAM, TEAM, "prayer:read"),
    ("edit", EDIT, TEAM, "prayer:write"),
    ("approve", APPROVE, TEAM, "prayer:approve"),
    ("pastors", PASTORS, {"owner", "pastor"}, None),
    ("unseal", UNSEAL, {"owner", "pastor"}, None),
    ("settings", SETTINGS, {"owner", "admin"}, None),
    ("members", MEMBERS, set(ROLES) - {"guest", "nobody"}, None),
]


@pytest.mark.parametrize(("action", "rule", "roles", "key"), RIGHTS, ids=[name for name, *_ in RIGHTS])
def test_rights(action: str, rule: Rule, roles: set[str], key: str | None) -> None:
    """Each action is for these roles and no other; a key needs exactly the scope of the action."""
    assert {role for role in ROLES if rule.allows(who(role))} == roles
    every = ("prayer:read", "prayer:write", "prayer:approve", "moderation:write", "care:read")
    assert [scope for scope in every if rule.allows(who("key", scope))] == ([key] if key else [])


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("visibility", ["wall", "members", "team", "pastors"])
@pytest.mark.parametrize("state", STATES)
def test_who_of_the_team_sees(role: str, visibility: Visibility, state: State) -> None:
    """The team sees all but what is for pastors alone, and a moderator of the chat sees nothing."""
    one = request(state=state, visibility=visibility)
    hidden = state == "pastor" or visibility == "pastors"
    assert policy.sees(who(role), one) == (role in ({"owner", "pastor"} if hidden else TEAM))


def test_what_pastors_declined_stays_with_them() -> None:
    """The team that handed a request on does not read what the asker wrote to the pastors since."""
    handed_on = policy.decided(request(), "pastor", UNSET, BY, Settings(), NOW)
    declined = policy.decided(handed_on, "decline", UNSET, BY, Settings(), NOW)
    assert not policy.sees(who("prayer_team"), declined)
    assert policy.reopened(declined).state == "pastor"


def test_who_handed_on_takes_back_until_somebody_touched_it() -> None:
    """The one who did it, and nobody once the asker wrote anew."""
    handed_on = policy.decided(request(), "pastor", UNSET, BY, Settings(), NOW)
    assert policy.handed_on_by(handed_on, BY[0])
    assert not policy.handed_on_by(handed_on, UUID(int=8))
    assert not policy.handed_on_by(handed_on, None)
    assert not policy.handed_on_by(policy.reworded(handed_on, Rewording(body="More")), BY[0])
    assert policy.reopened(handed_on).state == "held"


# ---- acts by state


Act = Callable[[Request], Request]
ACTS: dict[str, tuple[Act, dict[State, State]]] = {
    "approve": (
        lambda one: policy.decided(one, "approve", UNSET, BY, Settings(), NOW),
        {"held": "approved", "pastor": "approved"},
    ),
    "hand on": (lambda one: policy.decided(one, "pastor", UNSET, BY, Settings(), NOW), {"held": "pastor"}),
    "reopen": (
        lambda one: policy.reopened(one),
        {"approved": "held", "answered": "held", "declined": "held"},
    ),
    "reword": (
        lambda one: policy.reworded(one, Rewording(body="My other knee")),
        {"held": "held", "pastor": "held", "approved": "held", "answered": "held"},
    ),
    "answer": (lambda one: policy.answered(one, NOW), {"approved": "answered"}),
    "renew": (
        lambda one: policy.renewed(one, Settings(), NOW),
        {"approved": "approved", "expired": "approved"},
    ),
    "withdraw": (
        lambda one: policy.withdrawn(one, NOW),
        {state: "withdrawn" for state in STATES if state not in ("withdrawn", "archived")},
    ),
    "archive": (
        lambda one: policy.archived(one, NOW),
        {"approved": "archived", "answered": "archived", "expired": "archived"},
    ),
    "clear flags": (
        lambda one: policy.cleared(one, Settings(), NOW),
        {"approved": "approved", "answered": "answered"},
    ),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
def test_acts_by_state(act: str, state: State) -> None:
    """Each act leads from these states to those, and is refused in every other."""
    do, leads = ACTS[act]
    if act in ("approve", "hand on") and state not in ("held", "pastor"):
        with pytest.raises(AlreadyDecided):
            policy.check_waiting(request(state=state))
    elif state in leads:
        assert do(request(state=state)).state == leads[state]
    else:
        with pytest.raises(WrongState):
            do(request(state=state))


def test_an_approved_request_has_its_days() -> None:
    """Who and when is kept, and it stands until the church's days are over."""
    one = policy.decided(request(reason="link"), "approve", " A knee ", BY, Settings(expires_days=7), NOW)
    assert (one.public_body, one.decided_by, one.decided_by_name, one.reason) == ("A knee", *BY, "")
    assert (one.approved_at, one.expires_at) == (NOW, NOW + timedelta(days=7))


# ---- words and audiences


@pytest.mark.parametrize("after", list(policy.WIDTH))
@pytest.mark.parametrize("before", list(policy.WIDTH))
@pytest.mark.parametrize("state", ["held", "approved"])
def test_audiences(state: State, before: Visibility, after: Visibility) -> None:
    """Narrower holds at once, wider waits in a new round, the wall needs consent, and the team never widens."""
    state = "pastor" if state == "held" and before == "pastors" else state
    one = request(state=state, visibility=before)
    wider = policy.WIDTH[after] > policy.WIDTH[before]
    change = policy.reworded(one, Rewording(visibility=after, wall_consent=True))
    waits: State = "pastor" if after == "pastors" else "held"
    assert change.visibility == after
    assert change.state == (waits if state != "approved" or wider else "approved")
    assert change.round == 1 + (wider and (state == "approved" or before == "pastors"))
    if wider and after == "wall":
        with pytest.raises(ConsentMissing) as caught:
            policy.reworded(one, Rewording(visibility=after))
        assert caught.value.errors[0].pointer == "/wall_consent"
    if wider:
        with pytest.raises(BadRequest) as refused:
            policy.edited(one, Editing(1, visibility=after), may_approve=True)
        assert refused.value.errors[0].pointer == "/visibility"
    else:
        assert policy.edited(one, Editing(1, visibility=after), may_approve=False).state == change.state


def test_other_words_of_what_stands_wait_again() -> None:
    """Words and public wording both; a category does not; unchanged words neither."""
    one = request(state="approved", public_body="A knee")
    for change in (Rewording(body="My hip"), Rewording(public_body="A hip"), Rewording(public_body="")):
        after = policy.reworded(one, change)
        assert (after.state, after.round, after.reason) == ("held", 2, "changed")
    for same in (
        Rewording(category="family"),
        Rewording(body="My knee"),
        Rewording(urgent=True),
        Rewording(),
    ):
        assert policy.reworded(one, same).state == "approved"


def test_wording_by_who_may_not_approve_waits() -> None:
    """To word is no right to put up: what an editor changes under a request that stands is for others to approve."""
    one = request(state="approved")
    assert policy.edited(one, Editing(1, public_body="A knee"), may_approve=True).state == "approved"
    after = policy.edited(one, Editing(1, public_body="A knee"), may_approve=False)
    assert (after.state, after.round) == ("held", 2)
    assert policy.edited(one, Editing(1, urgent=True), may_approve=False).state == "approved"
    for state in ("declined", "expired", "archived", "withdrawn"):
        with pytest.raises(WrongState):
            policy.edited(request(state=state), Editing(1, urgent=True), may_approve=True)


@pytest.mark.parametrize("text", ["a" * 5_001, "", " \u200b ", "a\0", "\udc00"])
def test_words_have_bounds(text: str) -> None:
    """5,001 characters, none, NUL and half a pair are refused and name the field."""
    with pytest.raises(BadText) as caught:
        policy.reworded(request(), Rewording(body=text))
    assert caught.value.errors[0].pointer == "/body"
    if len(text) > 5_000:
        assert (caught.value.errors[0].limit, "5,000" in caught.value.detail) == (5_000, True)


def test_five_thousand_characters_are_taken_in_any_script() -> None:
    """The limit counts characters, and marks that turn the direction of reading are taken out."""
    assert len(policy.check_body("ש" * 5_000)) == 5_000
    assert policy.check_body("a\u202eb\u2066c") == "abc"
    assert policy.check_body("<script>alert(1)</script>") == "<script>alert(1)</script>"


# ---- flags


@pytest.mark.parametrize(
    ("team", "others", "off"), [(0, 0, False), (1, 4, False), (2, 0, True), (0, 5, True), (1, 5, True)]
)
def test_flags_take_off_at_the_churchs_number(team: int, others: int, off: bool) -> None:
    """Two of the team or five of others, unless the church says otherwise; then it waits in its round."""
    for state in ("approved", "answered"):
        after = policy.flagged(request(state=state), (team, others), Settings())
        assert (after.state, after.round) == ("held" if off else state, 1)
    assert policy.flagged(request(state="approved"), (1, 0), Settings(flags=1)).state == "held"


@pytest.mark.parametrize("state", ["approved", "answered"])
def test_a_cleared_request_stands_as_before(state: State) -> None:
    """Where and when it was put up stays, its flags are of an earlier round."""
    before = request(state=state, expires_at=NOW)
    after = policy.cleared(policy.flagged(before, (2, 0), Settings()), Settings(), NOW + timedelta(days=1))
    assert after == replace(before, round=2)


# ---- what others see


def test_who_reads_sees_no_more_than_a_day() -> None:
    """No asker, no exact time, no reason, no words but the public ones."""
    one = request(state="approved", anonymous=True, asker_id=None, name="", public_body="A knee")
    assert RequestShown.of(one) == RequestShown(
        one.id, "approved", "health", "self", False, "en", "", "A knee", "", NOW.date()
    )
    for state in ("held", "declined", "expired", "withdrawn", "archived", "pastor"):
        assert RequestShown.of(replace(one, state=state)) == RequestShown(one.id, state)


def test_what_stands_below_is_shown() -> None:
    """Only what the team let stand; a testimony is part of the request and not told twice."""

    def reply(kind: Any, state: Any) -> Reply:
        return Reply(uuid4(), UUID(int=1), kind, state, 1, kind, "", "", None, "Ruth", NOW, None)

    replies = (reply("update", "posted"), reply("update", "held"), reply("testimony", "posted"))
    shown = RequestShown.of(request(state="answered", testimony="She is home"), replies)
    assert (shown.testimony, [one.body for one in shown.replies]) == ("She is home", ["update"])
    assert RequestShown.of(request(state="approved", testimony="She is home")).testimony == ""


@pytest.mark.parametrize(("anonymous", "prayed", "told"), [(True, 4, None), (True, 5, 5), (False, 1, 1)])
def test_few_are_not_counted_for_the_anonymous(anonymous: bool, prayed: int, told: int | None) -> None:
    """Below five there is no number."""
    assert policy.told(request(anonymous=anonymous), prayed) == told


# ---- suggestions


FOUND = [
    ("My wife Anna is ill", [("name", "Anna")]),
    ("Anna Miller is ill", [("name", "Anna Miller")]),
    ("pray for Tom, please", [("name", "Tom")]),
    ("Mi hermana María José está enferma", [("name", "María José")]),
    ("se llama Lucía", [("name", "Lucía")]),
    ("Call 555-123-4567 today", [("phone", "555-123-4567")]),
    ("Llame al +34 612 345 678", [("phone", "+34 612 345 678")]),
    ("Write to anna.m@mail.example.org", [("email", "anna.m@mail.example.org")]),
    ("see https://example.org/x?y", [("link", "https://example.org/x?y")]),
    ("see example.org/help", [("link", "example.org/help")]),
    ("at 12 Main Street", [("address", "12 Main Street")]),
    ("en la Calle Mayor 5", [("address", "Calle Mayor 5")]),
    ("case 12345", [("number", "12345")]),
    ("🙏 for Anna", [("name", "Anna")]),
    ("Dear Lord Jesus Christ, Holy Spirit, Father God", []),
    ("Señor Jesús, Espíritu Santo", []),
    ("John 3:16, Psalm 23 and 2026", []),
    ("please pray, I am tired", []),
    ("为我的母亲祷告", []),
    ("صلوا من أجل أمي المريضة", []),
]


@pytest.mark.parametrize(("text", "found"), FOUND, ids=[text for text, _ in FOUND])
def test_what_may_say_who_it_is_about_is_marked(text: str, found: list[tuple[str, str]]) -> None:
    """Names, numbers and addresses are marked by places of characters, and nothing is taken out."""
    assert [(one.kind, text[one.start : one.end]) for one in policy.suggestions(text)] == found


@given(st.text(st.sampled_from("aA1 .@-+/'łÉ李\n"), max_size=300))
def test_places_are_inside_and_apart(text: str) -> None:
    """Whatever is written, places lie in the text, in order, and do not overlap."""
    end = 0
    for one in policy.suggestions(text):
        assert end <= one.start < one.end <= len(text)
        end = one.end


# ---- looking for words


@pytest.mark.parametrize(
    ("text", "words", "begun", "plain"),
    [
        ("Oración", "oracion", "oracion:*", "oracion"),
        ('"my knee"', '"my knee"', None, None),
        ("knee -hip", "knee -hip", None, None),
        ("100% _x_ \\", "100 x", "100 & x:*", "100 x"),
        ("well-being", "well-being", "well & being:*", "well being"),
        ("a & b | !c:*", "a b c", "a & b & c:*", "a b c"),
    ],
)
def test_terms(text: str, words: str, begun: str | None, plain: str | None) -> None:
    """Case, accents and signs of LIKE go; quotes and a minus keep their meaning; the last word may be begun only."""
    found = policy.terms(text)
    assert found is not None
    assert (found.words, found.begun, found.plain) == (words, begun, plain)


def test_nothing_is_looked_for_by_signs_alone() -> None:
    """Blank text and signs are no search."""
    assert [policy.terms(text) for text in ("", " ", '"', "-", "%%", "\u202e")] == [None] * 6


@given(st.text(max_size=300))
def test_any_text_can_be_looked_for(text: str) -> None:
    """No text breaks the making of terms."""
    found = policy.terms(text)
    assert found is None or "%" not in found.words


@pytest.mark.parametrize(
    "wrong", [b'{"expires_days": 0}', b'{"flags": 21}', b'{"unknown": 1}', b'{"links": 2}']
)
def test_a_church_cannot_set_what_is_no_rule(wrong: bytes) -> None:
    """Bounds stand in the type, and unknown names are refused."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(wrong, type=Settings)
