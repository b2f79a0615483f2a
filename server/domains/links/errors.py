"""What can go wrong with links."""

from __future__ import annotations

from server.kit.errors import Conflict, Gone, NotFound


class LinkOver(Gone):
    """This link was used already, has expired, or was replaced by a newer one: ask for a new one."""

    code = "link_over"


class InviterGone(Conflict):
    """Whoever invited you may not give these roles any more: ask for a new invitation."""

    code = "inviter_gone"


class NoSuchInvitation(NotFound):
    """There is no open invitation of this id."""

    code = "no_such_invitation"
