"""Who of the team may do what, and the letter they get each week; pure."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from html import escape
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

from server.domains.prayer.errors import NeedsReason
from server.domains.prayer.models import APPROVE, EDIT, READ_TEAM, SETTINGS, UNSEAL, Standing
from server.domains.prayer.schemas import WeekShown
from server.kit.errors import FieldError
from server.kit.scope import TenantRef
from server.kit.text import is_visible

READ, WORD, DECIDE, OPEN, SET = READ_TEAM, EDIT, APPROVE, UNSEAL, SETTINGS
WEEK = timedelta(days=7)
GETS_LETTER = frozenset({"prayer_team", "pastor"})
LEAST_REASON, MOST_REASON = 10, 300

_DATA = Path(__file__).parent / "data"
_TEXTS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(_DATA.glob("*.toml"))}


def check_reason(text: str) -> str:
    """Return a reason on one line; raise NeedsReason when it says nothing."""
    text = " ".join(text.split())
    seen = sum(map(is_visible, text))
    if seen < LEAST_REASON or len(text) > MOST_REASON or not text.isprintable():
        detail = f"{LEAST_REASON} to {MOST_REASON} characters."
        raise NeedsReason(errors=(FieldError("/reason", "needs_reason", detail, MOST_REASON),))
    return text


def least_prayed(standing: list[Standing], prayed: dict[UUID, int], most: int) -> list[UUID]:
    """Return what a list of prayers begins with: least prayed, then urgent, then oldest."""

    def place(one: Standing) -> tuple[int, bool, datetime, UUID]:
        return one.told(prayed.get(one.id, 0)), not one.urgent, one.approved_at, one.id

    return [one.id for one in sorted(standing, key=place)[:most]]


def monday(now: datetime) -> date:
    """Return the Monday of a moment's week, in UTC: it names the week's letter."""
    today = now.astimezone(UTC).date()
    return today - timedelta(days=today.weekday())


class LetterText:
    """A letter ready to send: subject, plain text, simple HTML."""

    __slots__ = ("html", "subject", "text")

    def __init__(self, subject: str, text: str, html: str) -> None:
        self.subject = subject
        self.text = text
        self.html = html


def compose(week: WeekShown, name: str, locale: str, tenant: TenantRef, public_url: str) -> LetterText:
    """Write the week's letter: figures and the way to the list, never anybody's words."""
    texts = _TEXTS.get(locale.partition("-")[0].lower(), _TEXTS["en"])
    values = {"church": tenant.name, "name": name, **{f: getattr(week, f) for f in week.__struct_fields__}}
    link = f"{public_url.rstrip('/')}/console/{quote(tenant.slug)}/prayers"
    subject = texts["subject"].format_map(values)
    lines = [line.format_map(values) for line in texts["lines"]]
    closing = texts["closing"].format_map(values)
    text = "\n\n".join([*lines, f"{texts['button']}:\n{link}", closing]) + "\n"
    body = "".join(f"<p>{escape(line)}</p>" for line in lines)
    body += f'<p><a href="{escape(link)}">{escape(texts["button"])}</a></p><p>{escape(closing)}</p>'
    head = f'<!doctype html><html lang="{escape(texts["lang"])}"><meta charset="utf-8"><title></title>'
    html = f'{head}<body style="font-family:sans-serif;line-height:1.5;max-width:36em">{body}</body></html>'
    return LetterText(subject, text, html)
