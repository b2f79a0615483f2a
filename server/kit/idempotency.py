"""Do a thing once though it is asked twice: the `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header).

The key's row is written at the start of the transaction that does the work, so the row and the work are there together
or not at all; a second request with the key waits on that row. The answer is added right after. When the process dies
between the two, the work is known to be done and only its answer is lost: whoever asks again is told so.

Answers repeat what people wrote, and a church may have erased that meanwhile. So an answer is sealed with the client's
own key, of which only a hash is kept, as of the request: whoever has the key has had the answer, and nobody else opens
it or learns what somebody asked. It is as secret as the key is hard to guess: clients take a random one.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.kit.errors import Conflict
from server.kit.scope import Once

LIFE = timedelta(hours=24)
LONGEST_KEY = 255  # characters
LARGEST_ANSWER = 256 * 1024  # bytes; a larger one is not kept
PATIENCE = timedelta(seconds=30)  # an answer that is not there after this will not come
_NONCE = 12  # bytes

if TYPE_CHECKING:  # generic in the stubs only
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection


class Mismatch(Conflict):
    """This Idempotency-Key was used for another request: choose a new key."""

    code = "idempotency_mismatch"


class InProgress(Conflict):
    """The same request is being worked on: ask again in a moment."""

    code = "in_progress"


class AnswerLost(Conflict):
    """This request was carried out, but its answer was lost: read the present state instead of asking again."""

    code = "answer_lost"


class Answer(msgspec.Struct, frozen=True):
    """What was answered the first time."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def digest(method: str, path: str, query: bytes, body: bytes) -> bytes:
    """Tell one request from another: SHA-256 over everything that gives it its meaning."""
    parts = (method.encode(), path.encode(), query, body)
    return hashlib.sha256(b"".join(len(part).to_bytes(8) + part for part in parts)).digest()


async def claim(connection: Connection, once: Once | None) -> bool:
    """Write the key's row in the transaction that does the work; say whether this one did.

    Raise InProgress when another request was quicker. A request's second transaction claims nothing.
    """
    if once is None or once.claimed:
        return False
    oldest = datetime.now(UTC) - LIFE
    row = await connection.fetchrow(_CLAIM, once.actor, _named(once), _hashed(once), oldest)
    if row is None:
        once.taken = True
        raise InProgress(retry_after=1)
    once.claimed = True
    return True


async def find(connection: Connection, once: Once) -> Answer | None:
    """Return the first answer, None when the key is new; raise Mismatch, InProgress, AnswerLost."""
    row = await connection.fetchrow(_FIND, once.actor, _named(once), datetime.now(UTC) - LIFE)
    if row is None:
        return None
    if not hmac.compare_digest(row["request_hash"], _hashed(once)):
        raise Mismatch()
    if row["status"] is None:
        if row["age"] < PATIENCE:
            raise InProgress(retry_after=1)
        raise AnswerLost()
    headers: Any = msgspec.json.decode(row["headers"], type=list[tuple[str, str]])
    return Answer(row["status"], headers, _open(once, row["body"]))


async def keep(connection: Connection, once: Once, answer: Answer) -> None:
    """Add the answer to the row."""
    headers = msgspec.json.encode(answer.headers).decode()
    body = _seal(once, answer.body)
    await connection.execute(_KEEP, once.actor, _named(once), _hashed(once), answer.status, headers, body)


def _derived(once: Once, purpose: bytes) -> bytes:
    """Return 32 bytes that only who knows the client's key can make."""
    return hmac.digest(once.key.encode(), b"narthex idempotency " + purpose, "sha256")


def _named(once: Once) -> str:
    return _derived(once, b"name").hex()


def _hashed(once: Once) -> bytes:
    return _derived(once, b"request " + once.digest)


def _seal(once: Once, body: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(_derived(once, b"answer")).encrypt(nonce, body, once.digest)


def _open(once: Once, sealed: bytes) -> bytes:
    try:
        return AESGCM(_derived(once, b"answer")).decrypt(sealed[:_NONCE], sealed[_NONCE:], once.digest)
    except InvalidTag:
        raise AnswerLost() from None


_CLAIM = """
    insert into idempotency_keys as k (actor, key, request_hash) values ($1, $2, $3)
    on conflict (actor, key) do update
      set request_hash = excluded.request_hash, status = null, headers = null, body = null, at = now()
      where k.at < $4
    returning 1
"""
_FIND = """
    select request_hash, status, headers, body, now() - at as age from idempotency_keys
    where actor = $1 and key = $2 and at >= $3
"""
_KEEP = """
    update idempotency_keys set status = $4, headers = $5, body = $6
    where actor = $1 and key = $2 and request_hash = $3 and status is null
"""
