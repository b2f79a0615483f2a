"""Why nothing can be decided about a subject."""

from __future__ import annotations

from server.kit.errors import Conflict


class WrongVerdict(Conflict):
    """This cannot be decided about something of this kind."""

    code = "wrong_verdict"


class SubjectChanged(Conflict):
    """It was changed meanwhile: read the new words, then decide."""

    code = "changed"
