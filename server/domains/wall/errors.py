"""Why somebody cannot stand at a wall."""

from __future__ import annotations

from server.kit.errors import NotFound


class NoSuchWall(NotFound):
    """There is no such wall that you may read."""

    code = "no_such_wall"
