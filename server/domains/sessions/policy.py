"""How long sessions live, what their tokens look like, when a refresh is honest; pure."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from server.domains.accounts.errors import Suspended
from server.domains.accounts.models import Standing
from server.domains.guests.models import Guest
from server.domains.sessions.errors import SessionEnded
from server.domains.sessions.models import Kind, Refusal, Session
from server.kit.crypto import Keyring, decode_bytes, encode_bytes
from server.kit.scope import Actor, Rule
from server.kit.tokens import BadToken

ROLES = ("owner", "admin", "pastor", "moderator", "prayer_team", "member")
OWN = Rule.of(*ROLES)
ANYBODY_SIGNED_IN = Rule(roles=frozenset(ROLES), guests=True)

ACCESS_SECONDS = 600
SOCKET_SECONDS = 300
GRACE = timedelta(seconds=20)  # two tabs may refresh at once: both get the same answer
TOUCH = timedelta(minutes=5)  # a session's use is written down at most this often
# (unused for so long, in all): a console is a staff member's desk, a widget a visitor's next Sunday
LIVES: dict[Kind, tuple[timedelta, timedelta]] = {
    "console": (timedelta(hours=12), timedelta(days=7)),
    "app": (timedelta(days=30), timedelta(days=180)),
    "widget": (timedelta(days=60), timedelta(days=365)),
}
REFRESH_PREFIX = "nr_"


class Shown(msgspec.Struct, frozen=True):
    """A refresh token or cookie, taken apart; nothing of it is proven yet."""

    session: UUID
    generation: int
    mac: bytes


def over(session: Session, now: datetime) -> bool:
    """Tell whether a session was ended, is too old or lay unused too long."""
    idle, _ = LIVES[session.kind]
    return session.ended_at is not None or now >= session.expires_at or now >= session.used_at + idle


def acting(session: Session, guest: Guest | None, standing: Standing | None) -> Actor | Refusal:
    """Return who acts in a session: its guest, or the person whose standing this is; or why nobody does."""
    if over(session, session.read_at):
        return SessionEnded
    if session.person_id is None:
        return SessionEnded if guest is None else Actor("guest", guest.id, guest.nickname, session=session.id)
    if standing is None:
        return SessionEnded
    if standing.person.status == "suspended":
        return Suspended
    if not standing.covers(session.id, session.created_at):
        return SessionEnded
    person = standing.person
    roles = roles_in(session.kind, person.roles)
    return Actor("person", person.id, person.name, roles, session=session.id, strong=session.strong)


def judge(session: Session, generation: int, device: str, now: datetime) -> Literal["next", "same", "reuse"]:
    """Decide about a genuine refresh token: the newest rotates, the one before may be a race, older is stolen."""
    if generation == session.generation:
        return "next"
    recent = now - session.rotated_at <= GRACE
    if generation == session.generation - 1 and recent and device[:200] == session.device:
        return "same"
    return "reuse"


def refresh_token(keyring: Keyring, session: Session) -> str:
    """Write the session's newest refresh token: always the same text for the same generation."""
    body = session.id.bytes + session.generation.to_bytes(4, "big")
    return REFRESH_PREFIX + encode_bytes(body + keyring.mac("refresh", body, session.seed))


def read_refresh(token: str) -> Shown:
    """Take a refresh token apart; raise BadToken."""
    data = _bytes(token.removeprefix(REFRESH_PREFIX), 52)
    if not token.startswith(REFRESH_PREFIX):
        raise BadToken()
    return Shown(UUID(bytes=data[:16]), int.from_bytes(data[16:20], "big"), data[20:])


def genuine_refresh(keyring: Keyring, session: Session, shown: Shown) -> bool:
    """Tell whether we made this refresh token for this session."""
    body = shown.session.bytes + shown.generation.to_bytes(4, "big")
    return shown.generation <= session.generation and keyring.verify_mac(
        shown.mac, "refresh", body, session.seed
    )


def cookie(keyring: Keyring, tenant_id: str, session: Session) -> str:
    """Write the console's cookie; it names the church, because one browser may know several."""
    mac = keyring.mac("console", session.id.bytes, session.seed)
    return f"{tenant_id}.{encode_bytes(session.id.bytes + mac)}"


def read_cookie(value: str, tenant_id: str) -> Shown | None:
    """Take a cookie apart; None for another church's or anything else."""
    church, _, rest = value.partition(".")
    if church != tenant_id:
        return None
    try:
        data = _bytes(rest, 48)
    except BadToken:
        return None
    return Shown(UUID(bytes=data[:16]), 0, data[16:])


def genuine_cookie(keyring: Keyring, session: Session, shown: Shown) -> bool:
    """Tell whether we made this cookie for this session."""
    return session.kind == "console" and keyring.verify_mac(
        shown.mac, "console", session.id.bytes, session.seed
    )


def csrf(keyring: Keyring, session: Session) -> str:
    """Write the session's CSRF token: only a page that could read our answers knows it."""
    return encode_bytes(keyring.mac("csrf", session.id.bytes, session.seed))


def csrf_matches(keyring: Keyring, session: Session, shown: str | None) -> bool:
    """Tell whether this is the session's CSRF token."""
    try:
        mac = decode_bytes(shown or "")
    except ValueError:
        return False
    return keyring.verify_mac(mac, "csrf", session.id.bytes, session.seed)


def roles_in(kind: Kind, roles: frozenset[str]) -> frozenset[str]:
    """Return the roles that count in this kind of session: on a church's website nobody is more than a member."""
    return roles & {"member"} if kind == "widget" else roles


def network(address: str) -> bytes:
    """Return the network of an address: itself for IPv4, its /64 for IPv6, where a home has billions of addresses."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address.encode()
    return parsed.packed if parsed.version == 4 else parsed.packed[:8]


def _bytes(text: str, size: int) -> bytes:
    try:
        data = decode_bytes(text)
    except ValueError:
        raise BadToken() from None
    if len(data) != size:
        raise BadToken()
    return data
