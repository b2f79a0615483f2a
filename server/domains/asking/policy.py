"""Who may ask, how often, what a new request is, and the letter that carries its link; pure."""

from __future__ import annotations

import tomllib
from datetime import datetime
from html import escape
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

from server.domains.asking.models import Secret
from server.domains.prayer.errors import ConsentMissing
from server.domains.prayer.models import EDIT, Identity, Request, Settings
from server.domains.prayer.schemas import Ask
from server.kit.errors import FieldError
from server.kit.ids import random_id
from server.kit.limits import Limit
from server.kit.scope import Actor, Rule, TenantRef
from server.kit.text import LONGEST_NAME, shown_name

ASK = Rule(anyone=True)
OWN = Rule(anyone=True)  # a secret link, or the account that asked
MINE = Rule(frozenset({"owner", "admin", "pastor", "moderator", "prayer_team", "member"}), guests=True)
UNCOUNTED = EDIT
DAY = 86_400
AN_ADDRESS = 10  # times what one person may: a household, a school
TRIES = Limit("prayer_links", 60, 600)
MAILBOX = Limit("prayer_mailbox", 5, DAY)  # nobody floods a stranger's mailbox through us

_DATA = Path(__file__).parent / "data"
_TEXTS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(_DATA.glob("*.toml"))}


def limits(settings: Settings) -> tuple[Limit, Limit]:
    """Return how much a person, and how much an address, may ask in a day."""
    return (
        Limit("prayers_person", settings.asks_a_day, DAY),
        Limit("prayers_address", settings.asks_a_day * AN_ADDRESS, DAY),
    )


def check_consents(ask: Ask) -> None:
    """Raise ConsentMissing that names each consent which is needed and was not given."""
    wrong = []
    if ask.for_whom == "other" and not ask.consent:
        detail = "Say that the person you ask for agrees."
        wrong.append(FieldError("/consent", "consent_missing", detail))
    if ask.visibility == "wall" and not ask.wall_consent:
        detail = "Say that these words may stand on the wall, where everybody reads them."
        wrong.append(FieldError("/wall_consent", "consent_missing", detail))
    if wrong:
        raise ConsentMissing(wrong[0].detail, errors=tuple(wrong))


def shown_as(name: str) -> str:
    """Return a name as it stands beside a request: one line, nothing hidden; empty for nobody."""
    return shown_name(name, "")[:LONGEST_NAME]


def request(
    ask: Ask, actor: Actor, words: tuple[str, str], *, crisis: str, reason: str, now: datetime
) -> Request:
    """Return a new request; whoever wants to be nobody is nobody in it. `words` are the asker's and the public ones."""
    body, public_body = words
    by_account = actor.kind in ("person", "guest") and not ask.anonymous
    return Request(
        id=random_id(),
        version=1,
        round=1,
        state="pastor" if ask.visibility == "pastors" else "held",
        visibility=ask.visibility,
        for_whom=ask.for_whom,
        category=ask.category,
        urgent=ask.urgent,
        language=ask.language,
        anonymous=ask.anonymous,
        asker_id=actor.id if by_account else None,
        name="" if ask.anonymous else shown_as(ask.name),
        body=body,
        public_body=public_body,
        suggestions=(),
        reason=reason,
        crisis=crisis,
        tell_prayed=ask.tell_prayed,
        testimony="",
        created_at=now,
        changed_at=now,
        approved_at=None,
        decided_at=None,
        decided_by=None,
        decided_by_name="",
        expires_at=None,
        closed_at=None,
    )


def identity(ask: Ask, actor: Actor, email: str) -> Identity | None:
    """Return what is sealed of whoever asks; None when nothing is known that the row does not say."""
    person: UUID | None = actor.id if actor.kind in ("person", "guest") else None
    name = shown_as(ask.name or actor.name)
    if not (email or (ask.anonymous and (person or name))):
        return None
    return Identity(person, actor.kind, name, email)


def address(tenant: TenantRef, public_url: str, id: UUID, token: str) -> str:
    """Return the secret link: id and token stand behind #, so that no server and no referrer ever sees them."""
    return f"{public_url.rstrip('/')}/w/{quote(tenant.slug)}/prayer-request#own={id}.{token}"


class LetterText:
    """A letter ready to send: subject, plain text, simple HTML."""

    __slots__ = ("html", "subject", "text")

    def __init__(self, subject: str, text: str, html: str) -> None:
        self.subject = subject
        self.text = text
        self.html = html


def compose(secret: Secret, tenant: TenantRef, public_url: str) -> LetterText:
    """Write the letter to an asker, in English where we do not have their language.

    Nothing that somebody typed is in it: nobody can send their own words to strangers through us.
    """
    texts = _TEXTS.get(secret.locale, _TEXTS["en"])
    letter, frame = texts[secret.letter], texts["frame"]
    link = address(tenant, public_url, secret.request_id, secret.token)
    lines = [line.format(church=tenant.name) for line in [frame["greeting"], *letter["lines"]]]
    after = [line.format(church=tenant.name) for line in [*letter["after"], frame["closing"]]]
    text = "\n\n".join([*lines, f"{letter['button']}:\n{link}", *after]) + "\n"
    body = "".join(f"<p>{escape(line)}</p>" for line in lines)
    body += f'<p><a href="{escape(link)}">{escape(letter["button"])}</a></p><p>{escape(link)}</p>'
    body += "".join(f"<p>{escape(line)}</p>" for line in after)
    head = f'<!doctype html><html lang="{escape(frame["lang"])}"><meta charset="utf-8"><title></title>'
    html = f'{head}<body style="font-family:sans-serif;line-height:1.5;max-width:36em">{body}</body></html>'
    return LetterText(letter["subject"].format(church=tenant.name), text, html)
