"""How long links live, how often they may be asked for, and the letters that carry them; pure."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from html import escape
from pathlib import Path
from urllib.parse import quote

from server.domains.links.models import Kind, Letter, Secret
from server.kit.limits import Limit
from server.kit.scope import Rule, TenantRef

INVITE = Rule.of("owner", "admin", api_scope="accounts:write")
SEE_INVITATIONS = Rule.of("owner", "admin", api_scope="accounts:read")
PERSON = Rule.of("owner", "admin", "pastor", "moderator", "prayer_team", "member")
PUBLIC = Rule(anyone=True)

LIVES: dict[Kind, timedelta] = {
    "register": timedelta(hours=24),
    "reset": timedelta(hours=1),
    "email": timedelta(hours=24),
    "invite": timedelta(days=7),
}
# a mailbox is not flooded, whoever asks; an address that asks is limited too
BY_MAILBOX = Limit("mailbox", 5, 3600)
BY_ADDRESS = Limit("links_asked", 30, 3600)
TRIES = Limit("links_used", 60, 600)
INVITATIONS = Limit("invitations", 200, 86_400)

_DATA = Path(__file__).parent / "data"
_TEXTS = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(_DATA.glob("*.toml"))}


class LetterText:
    """A letter ready to send: subject, plain text, simple HTML."""

    __slots__ = ("html", "subject", "text")

    def __init__(self, subject: str, text: str, html: str) -> None:
        self.subject = subject
        self.text = text
        self.html = html


def languages() -> frozenset[str]:
    """Return the languages in which letters are written."""
    return frozenset(_TEXTS)


def compose(secret: Secret, tenant: TenantRef, public_url: str) -> LetterText:
    """Write a letter in the reader's language, in English where we do not have it.

    What strangers typed is never in it: nobody can send their own words through us.
    """
    texts = _TEXTS.get(secret.locale.partition("-")[0].lower(), _TEXTS["en"])
    letter, frame = texts[secret.letter], texts["frame"]
    values = {"church": tenant.name, "name": secret.name, "inviter": secret.inviter, "email": secret.email}
    link = address(secret, tenant, public_url)
    lines = [line.format_map(values) for line in [frame["greeting" if secret.name else "greeting_nobody"]]]
    lines += [line.format_map(values) for line in letter["lines"]]
    after = [line.format_map(values) for line in letter.get("after", [])]
    button = letter.get("button", "").format_map(values) if link else ""
    closing = frame["closing"].format_map(values)
    return LetterText(
        letter["subject"].format_map(values),
        _plain(lines, button, link, after, closing),
        _html(texts["frame"]["lang"], lines, button, link, after, closing),
    )


def address(secret: Secret, tenant: TenantRef, public_url: str) -> str:
    """Return where a link leads; the token stands behind #, so that no server and no referrer ever sees it."""
    if not secret.token:
        return ""
    return f"{public_url.rstrip('/')}/console/{quote(tenant.slug)}#{secret.letter}={secret.token}"


def needs_token(letter: Letter) -> bool:
    """Tell whether a letter carries a link."""
    return letter in LIVES


def _plain(lines: list[str], button: str, link: str, after: list[str], closing: str) -> str:
    parts = [*lines, *([f"{button}:\n{link}"] if link else []), *after, closing]
    return "\n\n".join(parts) + "\n"


def _html(lang: str, lines: list[str], button: str, link: str, after: list[str], closing: str) -> str:
    body = "".join(f"<p>{escape(line)}</p>" for line in lines)
    if link:
        body += f'<p><a href="{escape(link)}">{escape(button)}</a></p><p>{escape(link)}</p>'
    body += "".join(f"<p>{escape(line)}</p>" for line in [*after, closing])
    head = f'<!doctype html><html lang="{escape(lang)}"><meta charset="utf-8"><title></title>'
    return f'{head}<body style="font-family:sans-serif;line-height:1.5;max-width:36em">{body}</body></html>'
