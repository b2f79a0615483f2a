"""What becomes of a request when somebody acts; pure.

A request goes held → approved, declined, or on to the pastors; what stands comes off again when its words or its
audience grow, when flags reach the church's number, when its days are over, and when its asker takes it back.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from msgspec import UnsetType
from msgspec.structs import replace

from server.domains.prayer.errors import AlreadyDecided, BadRequest, ConsentMissing, WrongState
from server.domains.prayer.models import (
    FEW,
    MOST_BODY,
    PASTORS,
    READ_TEAM,
    Request,
    Settings,
    State,
    Suggestion,
    SuggestionKind,
    Terms,
    Verdict,
    Visibility,
)
from server.domains.prayer.schemas import Editing, Rewording
from server.kit.errors import FieldError
from server.kit.scope import Scope
from server.kit.text import tidy

WIDTH: dict[Visibility, int] = {"pastors": 0, "team": 1, "members": 2, "wall": 3}
TOPICS: dict[Visibility, tuple[str, str]] = {
    "wall": ("wall", "public"),
    "members": ("wall", "members"),
    "team": ("prayer", "team"),
    "pastors": ("prayer", "pastors"),
}
ACTS: dict[Verdict, str] = {
    "approve": "prayer.approved",
    "decline": "prayer.declined",
    "pastor": "prayer.handed_on",
}
FLAGGED = "flagged"  # the reason of what flags took off
HANDED_ON = "handed_on"  # the reason of what the team gave to the pastors, and that it was theirs
LONGEST_SEARCH = 200  # characters
FEW_WORDS = 8  # "Please pray for my mother" is asked by many
ORDINARY = 5  # times in a day that few words are the same by chance
T = TypeVar("T")
OVER_KEPT = timedelta(days=30)  # declined, withdrawn, archived: then nothing is left


# ---- who sees


def for_pastors(request: Request) -> bool:
    """Tell whether a request is for pastors alone."""
    if request.state == "pastor" or request.visibility == "pastors":
        return True
    return request.reason == HANDED_ON and request.state == "declined"


def sees(scope: Scope, request: Request) -> bool:
    """Tell whether somebody of the team may read a request."""
    return READ_TEAM.allows(scope) and (not for_pastors(request) or PASTORS.allows(scope))


# ---- words


def check_body(text: str, pointer: str = "/body", *, optional: bool = False) -> str:
    """Return a request's words as they are kept; raise BadText that names field and limit."""
    return tidy(text, MOST_BODY, pointer=pointer, noun="A prayer request", optional=optional)


def public_words(request: Request) -> str:
    """Return the words that others may read."""
    return request.public_body or request.body


def searched(request: Request) -> str:
    """Return what a request is found by; an anonymous one has no name to be found by."""
    return fold(" ".join((request.body, request.public_body, request.testimony, request.name)))


def fold(text: str, keep: str = "") -> str:
    """Return a text's words without case, accents and signs, but for the signs in `keep`."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(
        char if char.isalnum() or char in keep else "" if unicodedata.category(char) == "Mn" else " "
        for char in apart
    )
    return " ".join(plain.split())


def terms(text: str) -> Terms | None:
    """Return what to look for; None for nothing. Quotes, `or` and a minus have their meaning."""
    words = fold(text[:LONGEST_SEARCH], keep='"-')
    plain = fold(words)
    if not plain:
        return None
    if '"' in words or words.startswith("-") or " -" in words:
        return Terms(words, None, None)
    return Terms(words, " & ".join(plain.split()) + ":*", plain)


def has_link(text: str) -> bool:
    """Tell whether a text leads somewhere else."""
    return any(kind == "link" and pattern.search(text) for kind, pattern in _FOUND)


def is_repeated(body: str, alike: int) -> bool:
    """Tell whether so many requests alike in a day are more than chance."""
    return alike >= (ORDINARY if len(body.split()) <= FEW_WORDS else 1)


def told(request: Request, prayed: int) -> int | None:
    """Return how many prayed as others may know it: nothing for few, under an anonymous request."""
    return None if request.anonymous and prayed < FEW else prayed


# ---- decided by the team


def check_waiting(request: Request) -> None:
    """Raise AlreadyDecided for a request that waits for nobody."""
    if not request.waits:
        raise AlreadyDecided()


def waiting(visibility: Visibility) -> State:
    """Return the state in which a request of this audience waits."""
    return "pastor" if visibility == "pastors" else "held"


def decided(
    request: Request,
    verdict: Verdict,
    wording: str | UnsetType,
    by: tuple[UUID | None, str],
    settings: Settings,
    now: datetime,
) -> Request:
    """Return a request as somebody decided; raise WrongState for handing on what is with the pastors already."""
    if not isinstance(wording, UnsetType):
        request = replace(request, public_body=check_body(wording, "/public_body", optional=True))
    if verdict == "pastor":
        if request.state == "pastor":
            raise WrongState("This request is with the pastors already.")
        # a round of its own: what the team decided is over, and can be taken back
        round = request.round + 1
        known = {"decided_by": by[0], "decided_by_name": by[1][:200]}
        return replace(request, state="pastor", reason=HANDED_ON, round=round, **known)
    request = replace(request, decided_at=now, decided_by=by[0], decided_by_name=by[1][:200])
    if verdict == "decline":
        return replace(request, state="declined", closed_at=now, reason=_lasting(request))
    return _put_up(request, settings, now)


def _put_up(request: Request, settings: Settings, now: datetime) -> Request:
    """Let a request stand: one that was flagged goes on where it was, and its flags are done with."""
    state: State = "approved" if request.closed_at is None else "answered"
    if request.reason == FLAGGED:
        return replace(request, state=state, round=request.round + 1, reason="")
    return replace(
        request,
        state=state,
        reason=_lasting(request),
        approved_at=now,
        expires_at=now + timedelta(days=settings.expires_days),
    )


def _lasting(request: Request) -> str:
    """Return what a reason leaves behind: what the pastors decided about is theirs when it waits again."""
    return HANDED_ON if request.reason == HANDED_ON else ""


def handed_on_by(request: Request, actor: UUID | None) -> bool:
    """Tell whether this very person handed a request on that nobody has touched since; they may take it back."""
    return (
        request.state == "pastor"
        and request.reason == HANDED_ON
        and actor is not None
        and request.decided_by == actor
    )


def reopened(request: Request) -> Request:
    """Return a decided request as it waits again; raise WrongState for one that nobody decided about.

    What the pastors decided about goes back to the pastors.
    """
    handed_on = request.state == "pastor" and request.reason == HANDED_ON
    if request.state not in ("approved", "answered", "declined") and not handed_on:
        raise WrongState()
    closed_at = request.closed_at if request.state == "answered" else None
    to_pastors = request.reason == HANDED_ON and not handed_on
    return replace(
        request,
        state="pastor" if to_pastors else waiting(request.visibility),
        round=request.round + 1,
        reason=HANDED_ON if to_pastors else "reopened",
        closed_at=closed_at,
        decided_at=None,
        decided_by=None,
        decided_by_name="",
    )


def edited(request: Request, change: Editing, *, may_approve: bool) -> Request:
    """Return a request as the team changed it: never for a wider audience than its asker named.

    New words under a request that stands are a decision: who may not approve sends it back to those who may.
    """
    if request.state not in ("held", "pastor", "approved", "answered"):
        raise WrongState()
    after = replace(
        request,
        category=_or(change.category, request.category),
        urgent=_or(change.urgent, request.urgent),
        visibility=_or(change.visibility, request.visibility),
    )
    if WIDTH[after.visibility] > WIDTH[request.visibility]:
        detail = "Only the asker may show a request to more people."
        raise BadRequest(detail, errors=(FieldError("/visibility", "wider", detail),))
    if not isinstance(change.public_body, UnsetType):
        after = replace(after, public_body=check_body(change.public_body, "/public_body", optional=True))
    words = public_words(after) != public_words(request)
    return _placed(request, after, review=words and request.shown and not may_approve)


# ---- changed by the asker


def reworded(request: Request, change: Rewording, crisis: str = "") -> Request:
    """Return a request as its asker changed it; new words or a wider audience are for the team to look at again.

    Raise WrongState, BadText, ConsentMissing.
    """
    if not (request.waits or request.shown):
        raise WrongState()
    after = replace(
        request,
        category=_or(change.category, request.category),
        urgent=_or(change.urgent, request.urgent),
        tell_prayed=_or(change.tell_prayed, request.tell_prayed),
        visibility=_or(change.visibility, request.visibility),
    )
    if not isinstance(change.body, UnsetType):
        after = replace(after, body=check_body(change.body))
    if not isinstance(change.public_body, UnsetType):
        after = replace(after, public_body=check_body(change.public_body, "/public_body", optional=True))
    wider = WIDTH[after.visibility] > WIDTH[request.visibility]
    if wider and after.visibility == "wall":
        check_wall_consent(given=change.wall_consent is True)
    words = (after.body, after.public_body) != (request.body, request.public_body)
    after = _placed(request, after, review=words or wider)
    if request.waits:  # whoever handed it on has not read these words
        after = replace(after, decided_by=None, decided_by_name="")
    return replace(after, crisis=crisis) if crisis else after


def check_wall_consent(*, given: bool) -> None:
    """Raise ConsentMissing unless the words may stand where everybody reads them."""
    if not given:
        detail = "Say that these words may stand on the wall, where everybody reads them."
        raise ConsentMissing(detail, errors=(FieldError("/wall_consent", "consent_missing", detail),))


def _placed(before: Request, after: Request, *, review: bool) -> Request:
    """Return a changed request in the state and round that its words and audience lead to."""
    if before.shown and not review:
        return after
    handed_on = before.reason == HANDED_ON
    state: State = "pastor" if handed_on else waiting(after.visibility)
    anew = before.shown or (before.state, state) == ("pastor", "held")
    reason = "changed" if review and before.reason not in (FLAGGED, HANDED_ON) else before.reason
    return replace(after, state=state, round=before.round + anew, reason=reason)


def answered(request: Request, now: datetime) -> Request:
    """Return a request whose prayer was answered; raise WrongState for one that does not stand."""
    if request.state != "approved":
        raise WrongState()
    return replace(request, state="answered", closed_at=now, expires_at=None)


def renewed(request: Request, settings: Settings, now: datetime) -> Request:
    """Return a request with all its days before it again; raise WrongState for one that did not run out."""
    if request.state not in ("approved", "expired"):
        raise WrongState()
    days = timedelta(days=settings.expires_days)
    return replace(request, state="approved", closed_at=None, expires_at=now + days)


def withdrawn(request: Request, now: datetime) -> Request:
    """Return what is left of a request that was taken back: that it was."""
    if request.state in ("withdrawn", "archived"):
        raise WrongState()
    return replace(_emptied(request), state="withdrawn", closed_at=now)


def _emptied(request: Request) -> Request:
    return replace(request, body="", public_body="", testimony="", name="", reason="", crisis="")


# ---- by itself


def flagged(request: Request, counts: tuple[int, int], settings: Settings) -> Request:
    """Return a request as so many flags of the team and of others leave it."""
    off = counts[0] >= settings.flags or counts[1] >= settings.reports
    return replace(request, state="held", reason=FLAGGED) if off and request.shown else request


def cleared(request: Request, settings: Settings, now: datetime) -> Request:
    """Return a request whose flags are done with: what they took off stands again."""
    if request.waits and request.reason == FLAGGED:
        return _put_up(request, settings, now)
    if not request.shown:
        raise WrongState()
    return replace(request, round=request.round + 1)


def expired(request: Request, now: datetime) -> Request:
    """Return a request whose days are over."""
    return replace(request, state="expired", closed_at=now)


def archived(request: Request, now: datetime) -> Request:
    """Return a request that is put away for good; raise WrongState for one that waits or is over."""
    if request.state not in ("approved", "answered", "expired"):
        raise WrongState()
    return replace(request, state="archived", closed_at=now, expires_at=None)


# ---- what may say who it is about


_CAP = r"[^\W\d_a-zß-öø-ÿ][^\W\d_]{1,30}(?:[-'\u2019][^\W\d_]{1,30})?"
_NAMES = rf"{_CAP}(?: {_CAP}){{0,3}}"
_STREETS = r"street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|place|pl|square"
_CALLES = r"calle|avenida|av|avda|carrera|plaza|paseo|callejón"
_FOUND: tuple[tuple[SuggestionKind, re.Pattern[str]], ...] = (
    ("email", re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")),
    ("link", re.compile(r"(?i)(?:https?://|www\.)\S{1,500}")),
    (
        "link",
        re.compile(
            r"(?i)(?<![\w@.])(?:[\w-]{1,63}\.){1,4}(?:com|org|net|info|io|me|ly|tv|es|mx|de|uk)\b\S{0,500}"
        ),
    ),
    ("address", re.compile(rf"(?i)\b\d{{1,5}}\s(?:[\w.]{{1,30}}\s){{1,4}}(?:{_STREETS})\b\.?")),
    (
        "address",
        re.compile(
            rf"(?i)\b(?:{_CALLES})\.?\s(?:[\w.]{{1,30}}\s){{1,4}}(?:n[.º°o]{{1,3}}\s?|#\s?)?\d{{1,5}}\b"
        ),
    ),
    ("address", re.compile(r"\b\w{2,30}(?:straße|strasse|weg|platz|gasse)\s\d{1,4}\b")),
    ("phone", re.compile(r"(?<![\w+])(?:\+|\()?\d(?:[ ()./-]{0,2}\d){6,14}(?!\w)")),
    ("number", re.compile(r"(?<!\w)\d{5,20}(?!\w)")),
)
_PAIR = re.compile(rf"(?<![\w'\u2019])({_CAP}(?: {_CAP}){{1,7}})(?![\w'\u2019])")


@lru_cache(maxsize=1)
def _lists() -> dict[str, frozenset[str]]:
    text = (Path(__file__).parent / "data" / "names.toml").read_text("utf-8")
    return {name: frozenset(words) for name, words in tomllib.loads(text).items()}


@lru_cache(maxsize=1)
def _beside() -> re.Pattern[str]:
    words = sorted(_lists()["kin"] | _lists()["before"], key=len, reverse=True)
    either = "|".join(map(re.escape, words))
    return re.compile(rf"(?<!\w)(?i:{either})\.?,? ({_NAMES})(?![\w'\u2019])")


def suggestions(text: str) -> tuple[Suggestion, ...]:
    """Return what in a text may say who it is about, in the order of the text; places are of code points."""
    found: list[Suggestion] = []
    for kind, pattern in _FOUND:
        found += [Suggestion(kind, *one.span()) for one in pattern.finditer(text)]
    found += [Suggestion("name", *span) for span in _names(text)]
    return tuple(_apart(sorted(found, key=lambda one: (one.start, -one.end))))


def suggested(request: Request) -> Request:
    """Return a request with the places of its public words that may say who it is about."""
    return replace(request, suggestions=suggestions(public_words(request)))


def _names(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_beside(), _PAIR):
        for one in pattern.finditer(text):
            yield from _without_others(one[1], one.start(1), alone=pattern is not _PAIR)


def _without_others(text: str, start: int, *, alone: bool) -> Iterator[tuple[int, int]]:
    """Yield what is left of capitalised words when those that are no names are taken away; a pair needs two."""
    others, run = _lists()["other"], list[tuple[int, int]]()
    for word in re.finditer(r"\S+", text + " \0"):
        if word[0][0].isupper() and word[0].casefold() not in others:
            run.append((start + word.start(), start + word.end()))
            continue
        if len(run) >= (1 if alone else 2):
            yield run[0][0], run[-1][1]
        run = []


def _apart(found: list[Suggestion]) -> Iterator[Suggestion]:
    """Leave out what lies inside something found before."""
    end = -1
    for one in found:
        if one.start >= end:
            yield one
            end = one.end


def _or(value: T | UnsetType, before: T) -> T:
    return before if isinstance(value, UnsetType) else value
