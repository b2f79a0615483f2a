"""What is told after a commit and kept in no log is told a second time, for those who missed it."""

from __future__ import annotations

from server.domains.chat.service import ChatService
from server.domains.messages.signals import ReactionsGiven
from server.kit.outbox import Listener


def listeners(chat: ChatService) -> list[Listener]:
    """Return what this slice does when others announce something."""
    return [Listener("chat.reacted", ReactionsGiven, chat.retell)]
