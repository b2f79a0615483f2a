"""Seal what was said in a room, read it back, erase it; all inside the caller's transaction."""

from __future__ import annotations

from uuid import UUID

import msgspec

from server.domains.messages.service import MessagesService
from server.domains.transcripts import repository
from server.domains.transcripts.models import Line
from server.kit.clock import Clock
from server.kit.crypto import Keyring
from server.kit.db import Transaction

MOST_LINES = 5_000  # of one conversation; what came later is not kept
PAGE = 400
_lines = msgspec.json.Decoder(list[Line])


class TranscriptsService:
    """Keep, or do away with, the words of each church's private rooms."""

    def __init__(self, messages: MessagesService, keyring: Keyring, clock: Clock) -> None:
        self._messages = messages
        self._keyring = keyring
        self._clock = clock

    async def seal(self, tx: Transaction, room_id: UUID) -> None:
        """Encrypt what was said with a key that stands outside the database; sealed once, it stays."""
        if await repository.read(tx.connection, room_id) is None:
            lines = msgspec.json.encode(await self.said(tx, room_id))
            box = self._keyring.seal(lines, _context(tx, room_id))
            await repository.put(tx.connection, room_id, box, self._clock.now())

    async def sealed(self, tx: Transaction, room_id: UUID) -> list[Line] | None:
        """Open what was sealed; None when nothing was."""
        box = await repository.read(tx.connection, room_id)
        return None if box is None else _lines.decode(self._keyring.open(box, _context(tx, room_id)))

    async def said(self, tx: Transaction, room_id: UUID) -> list[Line]:
        """Read what stands in the room, in its order."""
        lines: list[Line] = []
        number = 0
        while len(lines) < MOST_LINES:
            page = await self._messages.said_in(tx, room_id, number, PAGE)
            lines += [
                Line(message.posted_at or message.created_at, message.author.name, message.body)
                for message in page
                if message.state == "posted"
            ]
            if len(page) < PAGE:
                break
            number = page[-1].number or number
        return lines[:MOST_LINES]

    async def erase(self, tx: Transaction, room_id: UUID) -> bool:
        """Erase what stands in the room, as much as one transaction may; return whether that was all."""
        return await self._messages.erase_room(tx, room_id)

    async def throw_away(self, tx: Transaction, room_id: UUID) -> None:
        """Throw away what was sealed."""
        await repository.delete(tx.connection, room_id)


def _context(tx: Transaction, room_id: UUID) -> str:
    return f"transcripts.words:{tx.scope.tenant.id}:{room_id}"
