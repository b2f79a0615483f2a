"""What can go wrong with kept objects."""

from __future__ import annotations

from server.kit.errors import Invalid, NotFound, Unavailable


class NoSuchObject(NotFound):
    """There is no such file."""

    code = "no_such_file"


class BadKey(Invalid):
    """A file's key has 1 to 500 letters, digits, dots, dashes and underscores in parts between slashes."""

    code = "bad_key"


class StoreAway(Unavailable):
    """The file store does not answer: try again shortly."""

    code = "store_away"
