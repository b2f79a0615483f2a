"""Why something cannot be taken back."""

from __future__ import annotations

from server.kit.errors import Conflict


class UndoOver(Conflict):
    """This cannot be taken back any more: a minute has passed, or something else was done since."""

    code = "undo_over"


class UndoNotYours(Conflict):
    """Somebody else did this: only they can take it back."""

    code = "undo_not_yours"
