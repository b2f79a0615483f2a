"""What is said about churches."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Slug = Annotated[
    str,
    msgspec.Meta(
        description="The church's short name in addresses.",
        pattern="^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
        max_length=63,
        examples=["grace"],
    ),
]
Name = Annotated[
    str,
    msgspec.Meta(
        description="The church's name as people know it.",
        min_length=1,
        max_length=200,
        examples=["Grace Church"],
    ),
]


class Church(msgspec.Struct, frozen=True):
    """What anybody may know of a church. `slug` is its present one, also when it was asked for by an older one."""

    slug: Slug
    name: Name
    status: Literal["active", "suspended"]
