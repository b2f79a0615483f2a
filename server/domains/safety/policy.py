"""Decide whether a text is taken; pure.

Order matters: who may not speak at all, then how fast, then what. A refusal tells its author; a hold waits for a
host; a shadow hold tells nobody. A need that is found goes before whatever else is against the words. Whoever looks
after the room is exempt from all but bans.
"""

from __future__ import annotations

import ipaddress
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal
from uuid import UUID

import msgspec

from server.domains.safety.errors import (
    BadRules,
    Banned,
    Duplicate,
    Flooding,
    LinkRefused,
    LockedDown,
    Protected,
    TimedOut,
    WordRefused,
)
from server.domains.safety.models import (
    HOST,
    Helplines,
    Labelled,
    LabelledFile,
    Measured,
    Need,
    Restraint,
    Rules,
    Said,
    Standing,
    Verdict,
)
from server.domains.safety.schemas import Card, HelplineShown
from server.kit.errors import AppError, FieldError, Invalid
from server.kit.instants import settle
from server.kit.phrases import Language, Phrases, fold, readings
from server.kit.scope import Rule, Scope

MANAGE = HOST
SET_RULES = Rule.of("owner", "admin", api_scope="moderation:write")
OVER_STAFF = Rule.of("owner", "admin")
FIND_HELP = Rule(anyone=True)
TIMEOUT_MINUTES = (1, 5, 10, 60)
SHADOW_DAYS = 365
SKETCH = 6  # minima kept of a text, one for each of _FACTORS
ALIKE = 5  # so many of them equal: a near-duplicate
MOST_INSIDE = 1  # stars between the letters of a pattern: the cost of each multiplies
SHORT = 3  # words; "Amen!" may be said twice, but not three times in a row
DATA = Path(__file__).with_name("data")
CRISES: tuple[Need, ...] = ("self_harm", "abuse")  # the kinds of need, the one that is told first in front
_RANK: dict[str, int] = {"take": 0, "hold": 1, "shadow": 2}


class Compiled(msgspec.Struct, frozen=True):
    """A church's rules, ready to be asked thousands of times."""

    rules: Rules
    words: dict[str, str]  # plain single words → act
    phrases: tuple[tuple[re.Pattern[str], str], ...]


def judge(
    said: Said, standing: Standing, rules: Compiled, *, locked: bool, now: datetime
) -> Verdict | AppError:
    """Return the verdict over one text, or the error its author is told."""
    refused = _may_speak(said, standing, locked=locked, now=now)
    if refused is not None:
        return refused
    if said.host:
        return Verdict()
    refused = _pace(said, rules.rules, now)
    if refused is not None:
        return refused
    if said.private:  # a need that is found calls somebody, and the words still reach the volunteer
        kind = crisis(said.text)
        return Verdict(reason="crisis" if kind else "", crisis=kind)
    found = [
        _links(said, rules.rules),
        _words(said.text, rules),
        _crisis(said.text, rules.rules),
        _first(said),
    ]
    return _strictest([verdict for verdict in found if verdict is not None], standing)


def _may_speak(said: Said, standing: Standing, *, locked: bool, now: datetime) -> AppError | None:
    if standing.banned:
        return Banned(retry_after=_seconds(standing.banned_until, now))
    if said.host:
        return None
    if standing.timeout_until is not None and standing.timeout_until > now:
        return TimedOut(retry_after=_seconds(standing.timeout_until, now))
    return LockedDown() if locked else None


def _pace(said: Said, rules: Rules, now: datetime) -> AppError | None:
    if rules.flood_messages:
        span = timedelta(seconds=rules.flood_seconds)
        inside = [recent.at for recent in said.recent if now - recent.at < span]
        if len(inside) >= rules.flood_messages:
            oldest = inside[rules.flood_messages - 1]
            return Flooding(retry_after=_seconds(oldest + span, now))
    if rules.duplicate_seconds and said.sketch and not said.private:
        span = timedelta(seconds=rules.duplicate_seconds)
        times = [
            recent.at
            for recent in said.recent
            if now - recent.at < span and alike(recent.sketch, said.sketch)
        ]
        if len(times) >= (2 if is_short(said.sketch) else 1):
            return Duplicate(retry_after=_seconds(times[0] + span, now))
    return None


def _links(said: Said, rules: Rules) -> Verdict | AppError | None:
    if rules.links == "allow" or (rules.links == "hold_guests" and not said.guest):
        return None
    foreign = [host for host in hosts(said.text) if not _below(host, rules.link_hosts)]
    if not foreign:
        return None
    if rules.links == "refuse":
        return LinkRefused(errors=(FieldError("/body", "link_refused", f"The link to {foreign[0][:100]}."),))
    return Verdict("hold", "link")


def _words(text: str, rules: Compiled) -> Verdict | AppError | None:
    if not rules.words and not rules.phrases:
        return None
    worst: str | None = None
    for plain in readings(text):
        acts = [rules.words[word] for word in plain.split() if word in rules.words]
        acts += [act for pattern, act in rules.phrases if pattern.search(plain)]
        if "refuse" in acts:
            return WordRefused(errors=(FieldError("/body", "word_refused", "A word that is not used here."),))
        worst = max([*acts, worst or "take"], key=_RANK.__getitem__)
    if worst == "hold":
        return Verdict("hold", "word")
    return Verdict("shadow", "word") if worst == "shadow" else None


def _crisis(text: str, rules: Rules) -> Verdict | None:
    kind = crisis(text) if rules.crisis else ""
    return Verdict("hold", "crisis", kind) if kind else None


def _first(said: Said) -> Verdict | None:
    if said.hold == "all":
        return Verdict("hold", "room")
    if said.hold == "guests" and said.guest:
        return Verdict("hold", "guest")
    if said.hold == "first" and said.guest and not said.known:
        return Verdict("hold", "first")
    return None


def _strictest(found: Sequence[Verdict | AppError], standing: Standing) -> Verdict | AppError:
    """Pick the strictest verdict; a need that was found is never hidden from the hosts or from the author."""
    verdicts = [verdict for verdict in found if isinstance(verdict, Verdict)]
    for verdict in verdicts:
        if verdict.crisis:
            return verdict
    for refused in found:
        if isinstance(refused, AppError):
            return refused
    if standing.shadow:
        return Verdict("shadow", "shadow")
    return max(verdicts, key=lambda verdict: _RANK[verdict.act], default=Verdict())


# ---- texts as they look


_LINK = re.compile(
    r"(?:https?:/{0,2}|www\.)([^\s/?#<>\"']+)|(?<![\w@.-])((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24})(?=[/?#:\s]|$|[.,;!)](?:\s|$))",
    re.IGNORECASE,
)
_COMMON = (
    "com net org info biz io co me tv xyz top site online shop club app dev link live click vip win bet"
    " ru cn de uk us fr br es it nl pl in eu ca au ch at"
)
_ENDINGS = frozenset(_COMMON.split())


def hosts(text: str) -> list[str]:
    """Return the hosts a text links to; bare names count when they end as addresses commonly do."""
    if "." not in text and ":" not in text:
        return []
    found = []
    for explicit, bare in _LINK.findall(text):
        if explicit:
            found.append(explicit.rpartition("@")[2].partition(":")[0].lower().rstrip(".,;!)"))
        elif bare.lower().rpartition(".")[2] in _ENDINGS:
            found.append(bare.lower())
    return found


def _below(host: str, allowed: Iterable[str]) -> bool:
    return any(host == good or host.endswith(f".{good}") for good in allowed)


def sketch(text: str) -> tuple[int, ...]:
    """Return the least hash of a text's words under several seeds (MinHash): alike texts agree in most of them.

    Digits are left out, so that a changed number does not make a new text. Short texts have their count in front.
    """
    words = {_letters(word) for word in _SQUEEZE.sub(r"\1", fold(text.translate(_NO_DIGITS))).split()} - {""}
    if not words:
        return ()
    hashes = [zlib.crc32(word.encode()) for word in words]
    least = [min([(one * factor) & 0xFFFFFFFF for one in hashes]) - 2**31 for factor in _FACTORS]
    return (*least, min(len(words), SHORT + 1))


# odd, so that each permutes the hashes; their own values mean nothing
_FACTORS = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1, 0xB5297A4D)
_NO_DIGITS = dict.fromkeys(range(ord("0"), ord("9") + 1))
_SQUEEZE = re.compile(r"(\w)\1{2,}")


def _letters(word: str) -> str:
    return word if word.isalpha() else "".join(char for char in word if char.isalpha())


def alike(one: Sequence[int], other: Sequence[int]) -> bool:
    """Tell whether two sketches are of nearly the same text."""
    return (
        len(one) == len(other)
        and sum(a == b for a, b in zip(one[:SKETCH], other[:SKETCH], strict=True)) >= ALIKE
    )


def is_short(sketch: Sequence[int]) -> bool:
    """Tell whether a sketch is of so few words that saying them twice is ordinary."""
    return sketch[-1] <= SHORT


# ---- a church's rules


def compile_rules(rules: Rules) -> Compiled:
    """Make rules ready; raise BadRules that names a pattern which cannot match anything."""
    words: dict[str, str] = {}
    phrases = []
    for index, rule in enumerate(rules.words):
        plain = fold(rule.pattern.replace("*", "")).strip()
        if not plain:
            raise _bad_pattern(index, "A pattern needs at least one letter or digit.")
        if "*" in rule.pattern or " " in plain:
            if len(re.findall(r"\*+", rule.pattern.strip().strip("*"))) > MOST_INSIDE:
                raise _bad_pattern(index, "A pattern has at most one * between its letters.")
            phrases.append((re.compile(_expression(rule.pattern)), rule.act))
        else:
            words[plain] = _stricter(rule.act, words.get(plain, "hold"))
    return Compiled(rules, words, tuple(phrases))


def _bad_pattern(index: int, detail: str) -> BadRules:
    return BadRules(detail, errors=(FieldError(f"/words/{index}/pattern", "bad_pattern", detail),))


def _stricter(one: str, other: str) -> str:
    order = ("hold", "shadow", "refuse")
    return max(one, other, key=order.index)


def _expression(pattern: str) -> str:
    """Return the expression of a pattern: only `*` has a meaning, and nothing in it can run away.

    At an end it says that the word may go on; inside it stands for at most 20 letters.
    """
    pattern = pattern.strip()
    inner = r"\w{0,20}".join(_part(part) for part in re.split(r"\*+", pattern.strip("*")))
    before = "" if pattern.startswith("*") else r"(?<!\w)"
    after = "" if pattern.endswith("*") else r"(?!\w)"
    return f"{before}{inner}{after}"


def _part(part: str) -> str:
    before, after = part[:1].isspace(), part[-1:].isspace()
    return f"{' ' * before}{re.escape(fold(part))}{' ' * (after and part.strip() != '')}"


# ---- crisis


def languages() -> list[Language]:
    """Read the phrases of need of every language."""
    files = sorted((DATA / "crisis").glob("*.json"))
    return [msgspec.json.decode(file.read_bytes(), type=Language) for file in files]


@lru_cache(maxsize=1)
def _phrases() -> Phrases:
    """Make ready the phrases of all languages, so that nobody must say theirs."""
    return Phrases(CRISES, languages())


def crisis(text: str) -> str:
    """Return the kind of need that a text's words speak of (`self_harm`, `abuse`), or nothing."""
    phrases = _phrases()
    return next((kind for plain in readings(text) if (kind := phrases.find(plain))), "")


def labelled(half: Literal["tuning", "frozen"]) -> list[Labelled]:
    """Return the sentences that the phrases are tuned on, or those that they are measured by."""
    text = (DATA / "labelled" / f"{half}.json").read_bytes()
    return msgspec.json.decode(text, type=LabelledFile).sentences


def measure(sentences: Sequence[Labelled]) -> Measured:
    """Return how many of the needs are found, and how much of what is found is a need, of whichever kind."""
    found = [one for one in sentences if crisis(one.text)]
    needs = [one for one in sentences if one.kind != "none"]
    missed = [one for one in needs if one not in found]
    false = [one for one in found if one.kind == "none"]
    return Measured(1 - len(missed) / max(1, len(needs)), 1 - len(false) / max(1, len(found)), missed, false)


@lru_cache(maxsize=1)
def _helplines() -> Helplines:
    return msgspec.json.decode((DATA / "helplines.json").read_bytes(), type=Helplines)


def helplines(kind: Need | None, country: str, language: str) -> Card:
    """Return the card of a country for a kind of need, or for all; who speaks the language stands in front."""
    known = _helplines()
    spoken = language.lower().partition("-")[0]
    written = spoken if spoken in known.words else "en"
    words, found = known.words[written], known.countries.get(country, known.fallback)
    lines = [line for line in found.helplines if kind is None or kind in line.kinds]
    lines.sort(key=lambda line: spoken not in line.languages)
    return Card(
        country if country in known.countries else "",
        written,
        words[kind or "self_harm"],
        words["danger"].format(number=found.emergency),
        found.emergency,
        [HelplineShown.of(line, written) for line in lines],
    )


# ---- restraining


def check_minutes(minutes: int) -> timedelta:
    """Return how long a timeout lasts; raise Invalid for any other length than those offered."""
    if minutes not in TIMEOUT_MINUTES:
        offered = ", ".join(str(offer) for offer in TIMEOUT_MINUTES)
        raise Invalid.field("/minutes", f"A timeout lasts {offered} minutes.", code="not_offered", limit=60)
    return timedelta(minutes=minutes)


def check_expiry(expires_at: datetime | None, now: datetime) -> datetime | None:
    """Return the end of a ban; raise Invalid when it has passed."""
    if expires_at is None:
        return None
    expires_at = settle(expires_at, "/expires_at")
    if expires_at <= now:
        raise Invalid.field("/expires_at", "A ban ends in the future, or never.", code="in_the_past")
    return expires_at


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """Return what stands for an address: IPv4 whole, IPv6 its /64, since a household holds one. Empty for none."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False).network_address)
    return str(ip)


def device(name: str, network: str) -> str:
    """Return what stands for a device: a browser as seen from its network, since thousands share a browser's name."""
    return f"{name} {network}" if name and network else ""


def check_over(scope: Scope, roles: frozenset[str]) -> None:
    """Raise Protected unless the caller may restrain somebody with these roles; staff is for owner and admin."""
    if not roles.isdisjoint(HOST.roles) and not OVER_STAFF.allows(scope):
        raise Protected()
    if "owner" in roles and "owner" not in scope.actor.roles and scope.actor.kind != "system":
        raise Protected("Only an owner can do this to an owner.")


def handed_over(person: UUID, found: Iterable[Restraint], own: Iterable[Restraint]) -> Iterator[Restraint]:
    """Yield what restrained a guest as the person's they turned out to be; of two the longer one counts."""
    ends = {restraint.kind: restraint.until for restraint in own}
    for restraint in found:
        until = max(restraint.until, ends.get(restraint.kind, restraint.until))
        yield msgspec.structs.replace(restraint, person_id=person, until=until)


def _seconds(until: datetime | None, now: datetime) -> float | None:
    return None if until is None else max(0.1, (until - now).total_seconds())
