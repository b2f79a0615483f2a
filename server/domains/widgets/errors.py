"""What can be wrong with what a church shows on its websites."""

from __future__ import annotations

from server.kit.errors import Invalid


class BadSites(Invalid):
    """A site is an address such as https://www.grace.example, without a path."""

    code = "bad_site"


class TooManyTexts(Invalid):
    """There are more texts than a widget has."""

    code = "too_many_texts"
