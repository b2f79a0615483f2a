"""What is said and heard about a church's widgets."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from server.domains.widgets.models import Consent, Texts, Theme, Widgets

Site = Annotated[
    str,
    Meta(
        max_length=260,
        description="Scheme and host; *. in front of the host stands for any name below it.",
        examples=["https://www.grace.example"],
    ),
]


class WidgetsChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything at once: what is left out is set back to ours."""

    sites: Annotated[list[Site], Meta(max_length=50)] = []
    theme: Theme = Theme()
    texts: Annotated[Texts, Meta(max_length=20)] = {}
    consent: Consent = Consent()


class WidgetsShown(msgspec.Struct, frozen=True):
    """What a church has set for its websites; anybody may know it, since every visitor's browser does."""

    sites: list[str]
    theme: Theme
    texts: dict[str, dict[str, str]]
    consent: Consent

    @classmethod
    def of(cls, widgets: Widgets) -> WidgetsShown:
        """Show them."""
        return cls(list(widgets.sites), widgets.theme, widgets.texts, widgets.consent)
