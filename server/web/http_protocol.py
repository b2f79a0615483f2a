"""The uvicorn HTTP protocol of this server: bounds on what arrives before the application can see it.

uvicorn keeps headers of any size in memory and waits for them for ever; slow or endless clients would fill us.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LARGEST_HEAD = 32 * 1024  # bytes of address and headers; the edge answers with a problem from half of it on
PATIENCE = 15.0  # seconds for a request's head to arrive


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes a connection whose request line and headers are endless or do not come."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head: int | None = 0  # bytes of the head that is arriving; None while there is none
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._waiting = self.loop.call_later(PATIENCE, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head is over its bound; the parser itself has none."""
        if self.parser is None or self.transport.is_closing():
            return
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > LARGEST_HEAD and not self.transport.is_closing():
            self.send_400_response("The request's address and headers are larger than allowed.")

    def on_message_begin(self) -> None:
        """Wait for a head; on a kept connection that begins with its first byte."""
        super().on_message_begin()
        self._head = self._head or 0
        if self._waiting is None:
            self._waiting = self.loop.call_later(PATIENCE, self._give_up)

    def on_headers_complete(self) -> None:
        """Start the request."""
        self._stop_waiting()
        self._head = None
        super().on_headers_complete()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.close()
