"""Read long lists page by page: a cursor names the last row seen, so rows that come or go never shift a page.

A cursor is base64url of a JSON array of sort keys. It is opaque to clients but not signed: it only says where to go
on, and the query that reads on is bound to the church and to the asker's rights all the same. Where sort keys say
more than the list may, the cursor is sealed.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

import msgspec

from server.kit.crypto import CannotOpen, Keyring
from server.kit.errors import Invalid

MOST_A_PAGE = 200
LONGEST_CURSOR = 512  # characters; ours hold a time and an id

T = TypeVar("T")
K = TypeVar("K")
R = TypeVar("R")

Limit = Annotated[
    int, msgspec.Meta(ge=1, le=MOST_A_PAGE, description="How many items a page holds at most.", examples=[50])
]
Cursor = Annotated[
    str,
    msgspec.Meta(
        max_length=LONGEST_CURSOR, description="`next` of the page before; leave out for the first page."
    ),
]


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some items of a list, and the cursor of the next page: `null` says that this was the last."""

    items: list[T]
    next: str | None = None


def encode(*keys: object) -> str:
    """Make a cursor of the last row's sort keys, in the order of the query's ORDER BY."""
    return urlsafe_b64encode(msgspec.json.encode(keys)).rstrip(b"=").decode()


def decode(cursor: str | None, shape: type[K]) -> K | None:
    """Read a cursor back as a tuple of this shape; None for the first page. Raise Invalid at /after."""
    return _read(cursor, shape, bytes)


def seal(keyring: Keyring, place: str, *keys: object) -> str:
    """Make a cursor that only we can read, for sort keys that say more than the list does; it is good in one place."""
    return urlsafe_b64encode(keyring.seal(msgspec.json.encode(keys), place)).rstrip(b"=").decode()


def unseal(keyring: Keyring, place: str, cursor: str | None, shape: type[K]) -> K | None:
    """Read a sealed cursor back; None for the first page. Raise Invalid at /after."""
    return _read(cursor, shape, lambda sealed: keyring.open(sealed, place))


def _read(cursor: str | None, shape: type[K], opened: Callable[[bytes], bytes]) -> K | None:
    if not cursor:
        return None
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError
        text = opened(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        if b"\\u0000" in text:  # Postgres refuses NUL in text
            raise ValueError
        return msgspec.json.decode(text, type=shape)
    except (ValueError, binascii.Error, msgspec.DecodeError, RecursionError, CannotOpen):
        detail = "This cursor is not one that we gave out: begin again without it."
        raise Invalid.field("/after", detail, code="bad_cursor", limit=LONGEST_CURSOR) from None


def page(
    rows: Sequence[R], limit: int, show: Callable[[R], T], keys: Callable[[R], Sequence[object]]
) -> Page[T]:
    """Make a page of rows read with LIMIT `limit` + 1: the row too many says that there is a next page."""
    more = len(rows) > limit
    return Page(
        items=[show(row) for row in rows[:limit]],
        next=encode(*keys(rows[limit - 1])) if more else None,
    )
