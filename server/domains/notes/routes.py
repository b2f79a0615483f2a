"""Notes over HTTP."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from litestar import get, post

from server.domains.notes import policy
from server.domains.notes.models import Note
from server.domains.notes.schemas import WordForHosts, WordReceipt, WordShown
from server.domains.notes.service import NotesService
from server.kit import paging
from server.kit.instants import Instant, settle
from server.kit.scope import Scope


@post(
    "/chat/rooms/{room_id:uuid}/notes",
    operation_id="leave_note",
    summary="Leave a word for the hosts",
    tags=["chat"],
    opt={"rule": policy.LEAVE},
)
async def leave(scope: Scope, notes: NotesService, room_id: UUID, data: WordForHosts) -> WordReceipt:
    """While a room is not open; 409 `room_is_open` when it is.

    At most three an hour; guests of one network are counted together too.
    """
    return await notes.leave(scope, room_id, data)


@get(
    "/chat/notes",
    operation_id="unread_notes",
    summary="Words that were left for the hosts",
    tags=["chat hosts"],
    opt={"rule": policy.READ},
)
async def unread(
    scope: Scope, notes: NotesService, after: paging.Cursor | None = None, limit: paging.Limit = 50
) -> paging.Page[WordShown]:
    """Those that no host has read, oldest first."""
    start = paging.decode(after, tuple[Instant, UUID])
    settled = None if start is None else (settle(start[0], "/after"), start[1])
    found = await notes.unread(scope, after=settled, most=limit + 1)
    return paging.page(found, limit, WordShown.of, _keys)


@post(
    "/chat/notes/{note_id:uuid}/read",
    operation_id="read_note",
    summary="Take a note off the list",
    tags=["chat hosts"],
    status_code=204,
    opt={"rule": policy.READ},
)
async def read(scope: Scope, notes: NotesService, note_id: UUID) -> None:
    """For all hosts. 404 `no_such_note` when somebody was quicker."""
    await notes.read(scope, note_id)


def _keys(note: Note) -> tuple[datetime, UUID]:
    return note.at, note.id


ROUTES = [leave, unread, read]
