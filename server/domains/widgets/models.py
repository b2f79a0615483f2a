"""Sites, looks and texts as values."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

# the document tells these patterns; policy.py checks them, so that a refusal is a sentence
COLOUR = "^(#[0-9a-fA-F]{6})?$"
FONT = "^[\\w ,\"'-]*$"
VERSION = "^[A-Za-z0-9._-]+$"
URL = "^(https://.+)?$"
LANGUAGE = "^[a-z]{2,3}$"
NAME = "^[a-z_A-Z]{1,40}$"

Colour = Annotated[
    str,
    Meta(
        description="#rrggbb, or empty.",
        examples=["#0f6e6e"],
        extra_json_schema={"pattern": COLOUR},
    ),
]
Text = Annotated[str, Meta(max_length=500)]


class Theme(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A church's own look; empty values are ours. Contrast is computed where it is shown, so any may be chosen."""

    scheme: Literal["auto", "light", "dark"] = "auto"
    accent: Colour = ""
    surface: Colour = ""
    radius: Annotated[int, Meta(ge=0, le=16, description="Roundness of corners in pixels.")] = 6
    font: Annotated[
        str,
        Meta(
            max_length=200,
            description="Font families that the reader may have.",
            extra_json_schema={"pattern": FONT},
        ),
    ] = ""


class Consent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a visitor agrees to before the first message: the version of the text, and where to read it."""

    version: Annotated[
        str,
        Meta(min_length=1, max_length=40, examples=["2026-01"], extra_json_schema={"pattern": VERSION}),
    ] = "1"
    url: Annotated[
        str,
        Meta(max_length=500, description="https address, or empty.", extra_json_schema={"pattern": URL}),
    ] = ""


Texts = dict[
    Annotated[str, Meta(extra_json_schema={"pattern": LANGUAGE})],
    dict[Annotated[str, Meta(extra_json_schema={"pattern": NAME})], Text],
]


class Widgets(msgspec.Struct, frozen=True):
    """All that a church has set for its websites; `sites` are origins such as `https://www.grace.example`."""

    sites: tuple[str, ...] = ()
    theme: Theme = Theme()
    texts: dict[str, dict[str, str]] = {}
    consent: Consent = Consent()
