"""server.kit.paging."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.kit.crypto import Keyring, RootKey
from server.kit.errors import Invalid
from server.kit.paging import LONGEST_CURSOR, decode, encode, page, seal, unseal

Keys = tuple[datetime, UUID]


def test_cursor_comes_back() -> None:
    """A cursor holds the sort keys exactly, to the microsecond."""
    keys = (datetime(2026, 3, 1, 9, 30, 15, 123456, tzinfo=UTC), uuid4())
    assert decode(encode(*keys), Keys) == keys


def test_a_sealed_cursor_comes_back_to_its_place_alone() -> None:
    """Nobody reads its keys; elsewhere, with another key, changed or unsealed it is refused."""
    keys, keyring = (datetime(2026, 3, 1, tzinfo=UTC), uuid4()), Keyring((RootKey(b"k" * 32),))
    cursor = seal(keyring, "wall:grace", *keys)
    assert unseal(keyring, "wall:grace", cursor, Keys) == keys
    assert unseal(keyring, "wall:grace", None, Keys) is None
    assert len(cursor) <= LONGEST_CURSOR
    other = Keyring((RootKey(b"o" * 32),))
    for ring, place, text in (
        (keyring, "wall:hope", cursor),
        (other, "wall:grace", cursor),
        (keyring, "wall:grace", cursor[:-4]),
        (keyring, "wall:grace", encode(*keys)),
    ):
        with pytest.raises(Invalid):
            unseal(ring, place, text, Keys)
    with pytest.raises(Invalid):
        decode(cursor, Keys)


@pytest.mark.parametrize("nothing", [None, ""])
def test_first_page(nothing: str | None) -> None:
    """No cursor means the first page."""
    assert decode(nothing, Keys) is None


@given(st.text(min_size=1))
def test_foreign_cursor(text: str) -> None:
    """Whatever is not a cursor of this list is refused with the field's name, never with a crash."""
    with pytest.raises(Invalid) as caught:
        decode(text, Keys)
    assert caught.value.errors[0].pointer == "/after"
    assert caught.value.errors[0].code == "bad_cursor"


@pytest.mark.parametrize(
    "cursor",
    [
        encode("a\x00b"),
        encode("x", "y"),
        encode(1),
        encode("x" * LONGEST_CURSOR),
        "WyJcdWQ4MDAiXQ",  # ["\ud800"], half a surrogate pair
        "W1tbW1tbW1tbW1tb",
    ],
)
def test_hostile_cursor(cursor: str) -> None:
    """NUL, other shapes, other types, over-long and broken text are refused."""
    with pytest.raises(Invalid):
        decode(cursor, tuple[str])


def test_pages_of_a_list() -> None:
    """Walking from cursor to cursor shows every row once, and the last page has no next."""
    rows = [f"row {n:02}" for n in range(11)]
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(5):
        after = decode(cursor, tuple[str])
        left = [row for row in rows if after is None or row > after[0]]
        got = page(left[: 3 + 1], 3, str.upper, lambda row: (row,))
        seen += got.items
        cursor = got.next
        if cursor is None:
            break
    assert seen == [row.upper() for row in rows]
    assert cursor is None
