"""The small processes that only the demo has: its mailbox, and the demo church's own website."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from pathlib import Path
from typing import Annotated

from server.cli.demo.mailbox import Mailbox, smtp
from server.cli.demo.mailbox_page import page_server
from server.cli.options import Hidden


def mailbox_process(
    smtp_descriptor: Annotated[int, Hidden],
    page_descriptor: Annotated[int, Hidden],
    folder: Annotated[Path, Hidden],
) -> None:
    """Receive mail on one inherited socket and show it on another, until told to stop."""
    mailbox = Mailbox(folder)
    pages = page_server(mailbox, socket.socket(fileno=page_descriptor))
    threading.Thread(target=pages.serve_forever, name="pages", daemon=True).start()
    try:
        asyncio.run(_receive(mailbox, socket.socket(fileno=smtp_descriptor)))
    finally:
        pages.shutdown()
        pages.server_close()


async def _receive(mailbox: Mailbox, listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(lambda: smtp(mailbox), sock=listener)
    await stop.wait()
    server.close()
