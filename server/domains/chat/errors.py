"""Why a message is not taken, one sentence each."""

from __future__ import annotations

from server.kit.errors import Conflict, Forbidden, Invalid, Limited


class BadMessage(Invalid):
    """This message cannot be sent as it is."""

    code = "bad_message"


class IdTaken(Conflict):
    """Another message has this id: make a new one and send again."""

    code = "id_taken"


class NameTaken(Conflict):
    """Somebody else here is called that: choose another name."""

    code = "name_taken"


class SlowMode(Limited):
    """This room is in slow mode: wait a moment before your next message."""

    code = "slow_mode"


class TooLate(Conflict):
    """A message can be edited for 15 minutes."""

    code = "too_late"


class EditRefused(Conflict):
    """A host must see these words first: send them as a new message."""

    code = "edit_refused"


class NotYours(Forbidden):
    """You can only change your own messages."""

    code = "not_yours"
