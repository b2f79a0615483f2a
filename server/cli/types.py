"""`narthex types`: write the TypeScript types of everything that is said and heard, from the Structs themselves.

Every Struct in a slice's schemas.py and every frame of the wire protocol becomes one type. Types weigh nothing in a
bundle, so nothing is left out.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
from cyclopts import Parameter
from msgspec import inspect

import server.domains
from realtime import closes, frames
from server.cli.screen import complain, say
from server.domains.care.models import Settings as CareSettings
from server.domains.chat.models import Receipt
from server.domains.crowd.models import Floats, Typing
from server.domains.prayer.models import Settings as PrayerSettings
from server.kit.pulse import Behind
from server.web.errors import Problem

PATH = Path(__file__).parents[2] / "widgets" / "src" / "core" / "generated.ts"
TITLE = "// Made by `narthex types` from the server's Structs; do not edit. A test holds this file against them.\n"

# values that channels send and routes take as they are
SAID_BY_MODELS: tuple[type[msgspec.Struct], ...] = (
    Receipt,
    Typing,
    Floats,
    Behind,
    PrayerSettings,
    CareSettings,
)

_PLAIN: Mapping[type, str] = {
    inspect.AnyType: "unknown",
    inspect.RawType: "unknown",
    inspect.NoneType: "null",
    inspect.BoolType: "boolean",
    inspect.IntType: "number",
    inspect.FloatType: "number",
    inspect.StrType: "string",
    inspect.UUIDType: "string",
    inspect.DateTimeType: "string",
    inspect.DateType: "string",
    inspect.TimeType: "string",
}


class Unwritable(TypeError):
    """A Struct holds something that has no form in TypeScript here: teach `server/cli/types.py` about it."""


def types(*, check: Annotated[bool, Parameter(negative="")] = False) -> int:
    """Write widgets/src/core/generated.ts from the server's Structs.

    Parameters
    ----------
    check
        Write nothing; exit with 1 when the file is not what it should be.
    """
    text, name = written(), "widgets/src/core/generated.ts"
    if PATH.exists() and PATH.read_text() == text:
        say(f"{name} is up to date.")
        return 0
    if check:
        complain(f"{name} is not what the Structs say: run `narthex types`.")
        return 1
    PATH.write_text(text)
    say(f"{name} is written.")
    return 0


def written() -> str:
    """Return the whole file."""
    names = named(structs())
    parts = [
        TITLE,
        _closes(),
        _union("ClientFrame", frames.ClientFrame),
        _union("ServerFrame", frames.ServerFrame),
    ]
    parts += [declaration(kind, names) for kind in sorted(names, key=names.__getitem__)]
    return "\n".join(parts)


def structs() -> Iterator[type[msgspec.Struct]]:
    """Yield every Struct of the wire: frames, a join's answer, problems, and what each slice says and hears."""
    yield from get_args(frames.ClientFrame)
    yield from get_args(frames.ServerFrame)
    yield from (frames.Joined, Problem)
    yield from SAID_BY_MODELS
    for package in pkgutil.iter_modules(server.domains.__path__, "server.domains."):
        if importlib.util.find_spec(f"{package.name}.schemas") is None:
            continue
        module = importlib.import_module(f"{package.name}.schemas")
        found = [value for value in vars(module).values() if isinstance(value, type)]
        yield from (
            kind for kind in found if issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__
        )


def named(kinds: Iterable[type[msgspec.Struct]]) -> dict[type[Any], str]:
    """Give every Struct, and those it holds, a name of its own: two of one name carry their slice's in front."""
    reached = dict.fromkeys(kind for start in kinds for kind in _with_parts(start, set()))
    plain = {kind: _plain_name(kind) for kind in reached}
    taken = list(plain.values())
    return {kind: name if taken.count(name) == 1 else _slice_of(kind) + name for kind, name in plain.items()}


def declaration(kind: type[Any], names: Mapping[type[Any], str]) -> str:
    """Write one Struct as an exported type."""
    found = inspect.type_info(kind)
    assert isinstance(found, inspect.StructType)
    about = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
    head = f"{_comment(about)}export "
    if found.array_like:
        places = ", ".join(
            f"{field.encode_name}: {written_type(field.type, names)}" for field in found.fields
        )
        return f"{head}type {names[kind]} = [{places}];\n"
    lines = [] if found.tag is None else [f'  {found.tag_field}: "{found.tag}";\n']
    lines += [_line(kind, field, names) for field in found.fields]
    body = f"{{\n{''.join(lines)}}}" if lines else "{}"
    return f"{head}interface {names[kind]} {body}\n"


def written_type(kind: inspect.Type, names: Mapping[type[Any], str]) -> str:
    """Write one type; raise Unwritable for what the wire never carries."""
    match kind:
        case inspect.Metadata():
            return written_type(kind.type, names)
        case inspect.StructType():
            return names[kind.cls]
        case inspect.LiteralType():
            return " | ".join(msgspec.json.encode(value).decode() for value in kind.values)
        case inspect.EnumType():
            return " | ".join(msgspec.json.encode(value.value).decode() for value in kind.cls)
        case inspect.TupleType():
            return f"[{', '.join(written_type(item, names) for item in kind.item_types)}]"
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType() | inspect.FrozenSetType():
            inner = written_type(kind.item_type, names)
            return f"({inner})[]" if " | " in inner else f"{inner}[]"
        case inspect.DictType():
            return f"Record<{written_type(kind.key_type, names)}, {written_type(kind.value_type, names)}>"
        case inspect.UnionType():
            rest = [part for part in kind.types if not _is_unset(part)]
            return " | ".join(dict.fromkeys(written_type(part, names) for part in rest))
        case _ if type(kind) in _PLAIN:
            return _PLAIN[type(kind)]
    raise Unwritable(f"{kind} has no form in TypeScript.")


def _line(kind: type[Any], field: inspect.Field, names: Mapping[type[Any], str]) -> str:
    """Write one field; it may be missing when it has a default and we either read it or leave defaults out."""
    heard = kind.__struct_config__.forbid_unknown_fields or kind in get_args(frames.ClientFrame)
    may_miss = not field.required and (
        heard or kind.__struct_config__.omit_defaults or _holds_unset(field.type)
    )
    return f"  {field.encode_name}{'?' if may_miss else ''}: {written_type(field.type, names)};\n"


def _holds_unset(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.UnionType) and any(map(_is_unset, kind.types))


def _is_unset(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.CustomType) and kind.cls is msgspec.UnsetType


def _with_parts(kind: type[Any], seen: set[type[Any]]) -> Iterator[type[Any]]:
    """Yield a Struct and every Struct that its fields hold."""
    if kind in seen:
        return
    seen.add(kind)
    yield kind
    waiting = [field.type for field in inspect.type_info(kind).fields]  # type: ignore[attr-defined]
    while waiting:
        part = waiting.pop()
        if isinstance(part, inspect.StructType):
            yield from _with_parts(part.cls, seen)
            continue
        for name in ("type", "item_type", "key_type", "value_type"):
            if isinstance(inner := getattr(part, name, None), inspect.Type):
                waiting.append(inner)
        waiting += [*getattr(part, "types", ()), *getattr(part, "item_types", ())]


def _plain_name(kind: type[Any]) -> str:
    name = kind.__name__
    return f"{name}Frame" if issubclass(kind, frames.Frame) and not name.endswith("Frame") else name


def _slice_of(kind: type[Any]) -> str:
    """Name where a Struct comes from, as the front part of a name: `Rooms`, `Socket`."""
    parts = kind.__module__.split(".")
    return (
        parts[2].capitalize()
        if parts[:2] == ["server", "domains"]
        else {"realtime": "Socket"}.get(parts[0], "Http")
    )


def _union(name: str, kinds: Any) -> str:
    return f"export type {name} = {' | '.join(_plain_name(kind) for kind in get_args(kinds))};\n"


def _closes() -> str:
    """Write the close codes; the console tells people which one it was."""
    rows = [
        f"  {name}: {value.code},\n"
        for name, value in vars(closes).items()
        if isinstance(value, closes.Close)
    ]
    head = f"/** Close codes of a socket; from {closes.FIRST_FINAL} on a client does not come back by itself. */\n"
    return f"{head}export const CLOSES = {{\n{''.join(rows)}}} as const;\n"


def _comment(text: str) -> str:
    """Write a comment; what would end it early is taken apart."""
    return f"/** {text.replace('*/', '* /')} */\n" if text else ""
