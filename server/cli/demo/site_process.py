"""The demo church's own website, in a process and on a host of its own; and what each start prepares for it."""

from __future__ import annotations

import asyncio
import socket
from typing import Annotated

from server.cli.demo.logins import NAME, SLUG
from server.cli.installation import settings
from server.cli.options import Hidden


def site_process(descriptor: Annotated[int, Hidden], narthex: Annotated[str, Hidden]) -> None:
    """Serve the site on an inherited socket, its snippet pointing to the address of Narthex."""
    from server.web.app import serve_demo_site

    listener = socket.socket(fileno=descriptor)
    asyncio.run(serve_demo_site([listener], narthex=narthex, church=SLUG, name=NAME))


def refresh_process(site: Annotated[str, Hidden]) -> None:
    """Tell Narthex where the website is today, and plan what comes; ends by itself."""
    from server.cli.demo.content import refresh

    refresh(settings("database_url", "secret_key"), site)
