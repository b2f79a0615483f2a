"""The TypeScript types are those of the Structs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType, inspect

from realtime.log import Position
from server.cli import types


class Part(msgspec.Struct, frozen=True):
    """One part."""

    at: datetime


class Heard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What we read. Its second paragraph

    is left out.
    """

    id: UUID
    note: Annotated[str, Meta(max_length=5)] = ""
    change: str | UnsetType | None = UNSET


class Said(msgspec.Struct, frozen=True):
    """What we say."""

    kind: Literal["one", "two"]
    parts: list[Part]
    totals: dict[str, int | float]
    place: Position
    always: int = 0


def shown(kind: type[msgspec.Struct]) -> str:
    return types.declaration(kind, types.named([kind]))


def test_the_file_is_fresh() -> None:
    """The committed file is what `narthex types` would write now."""
    assert types.PATH.read_text() == types.written(), "run `narthex types`"


def test_what_we_read_may_leave_defaults_out() -> None:
    """A field with a default is optional where the server reads it."""
    assert shown(Heard) == (
        "/** What we read. Its second paragraph */\n"
        "export interface Heard {\n  id: string;\n  note?: string;\n  change?: string | null;\n}\n"
    )


def test_what_we_say_is_always_there() -> None:
    """A field with a default is there when the server says it, and parts keep their own names."""
    assert shown(Said) == (
        "/** What we say. */\n"
        'export interface Said {\n  kind: "one" | "two";\n  parts: Part[];\n  totals: Record<string, number>;\n'
        "  place: Position;\n  always: number;\n}\n"
    )


def test_two_of_one_name_are_told_apart() -> None:
    """Structs of the same name in two places carry where they come from in front."""
    one = msgspec.defstruct("Same", [("a", int)], module="server.domains.chat.schemas")
    two = msgspec.defstruct("Same", [("b", int)], module="server.domains.rooms.schemas")
    assert sorted(types.named([one, two]).values()) == ["ChatSame", "RoomsSame"]


def test_what_has_no_form_is_refused() -> None:
    """A type that the wire never carries is named instead of written as something else."""
    with pytest.raises(types.Unwritable, match="BytesType"):
        types.written_type(inspect.type_info(bytes), {})


def test_check_fails_on_an_old_file(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """With --check an old file is an error, and stays as it is."""
    old = types.Path(str(tmp_path)) / "generated.ts"
    old.write_text("old")
    monkeypatch.setattr(types, "PATH", old)
    assert types.types(check=True) == 1
    assert old.read_text() == "old"
    assert types.types() == 0
    assert types.types(check=True) == 0
