"""Every close code the server sends, in one list.

The range tells the client what to do: 4000 to 4499 (and 1012, a restart) come back with jitter, 4500 to
4999 are final (after 4501 a client may knock again now and then: what was paused goes on). Codes below 4000
belong to RFC 6455.
"""

from typing import Final

import msgspec

FIRST_FINAL: Final = 4500


class Close(msgspec.Struct, frozen=True):
    """A close code and the reason sent beside it (at most 123 bytes of UTF-8, RFC 6455, 5.5)."""

    code: int
    reason: str

    @property
    def final(self) -> bool:
        """Tell whether the client must not come back by itself."""
        return self.code >= FIRST_FINAL


NORMAL: Final = Close(1000, "bye")
RESTART: Final = Close(1012, "restart")
TOKEN_EXPIRED: Final = Close(4001, "token expired")
SILENT: Final = Close(4002, "nothing heard")
NO_HELLO: Final = Close(4003, "no hello in time")
SLOW: Final = Close(4008, "too slow")
POSITION_LOST: Final = Close(4009, "position lost")
INTERNAL: Final = Close(4011, "internal error")
LIMITED: Final = Close(4029, "too many frames")
NOT_ALLOWED: Final = Close(4501, "not allowed in")
FORBIDDEN: Final = Close(4503, "forbidden")
BANNED: Final = Close(4504, "banned")
PROTOCOL_ERROR: Final = Close(4510, "protocol error")

ALL: Final = {
    close.code: close
    for close in (
        NORMAL,
        RESTART,
        TOKEN_EXPIRED,
        SILENT,
        NO_HELLO,
        SLOW,
        POSITION_LOST,
        INTERNAL,
        LIMITED,
        NOT_ALLOWED,
        FORBIDDEN,
        BANNED,
        PROTOCOL_ERROR,
    )
}


def of(code: int, reason: str = "") -> Close:
    """Return the listed close of this code, or one made from what the peer sent."""
    return ALL.get(code) or Close(code, reason)
