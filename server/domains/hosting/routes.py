"""What hosts do, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

import msgspec
from litestar import delete, get, post
from litestar.response import Stream

from server.domains.hosting import policy
from server.domains.hosting.schemas import Clear, Cleared, Exported, ReportBody, ReportShown, Undo, WordsRead
from server.domains.hosting.service import HostingService
from server.domains.messages.models import Message
from server.domains.messages.schemas import HeldShown, MessageShown
from server.domains.rooms.schemas import RoomShown
from server.kit import paging
from server.kit.instants import Instant, settle
from server.kit.scope import Scope


@get(
    "/chat/held",
    operation_id="held_messages",
    summary="Messages that wait for a host",
    tags=["chat hosts"],
    opt={"rule": policy.DECIDE},
)
async def held(
    scope: Scope,
    hosting: HostingService,
    room: UUID | None = None,
    after: paging.Cursor | None = None,
    limit: paging.Limit = 50,
) -> paging.Page[HeldShown]:
    """Oldest first, of one room or of all I am host of; shadow-held ones too."""
    found = await hosting.held(scope, room_id=room, after=_start(after), most=limit + 1)
    return paging.page(found, limit, HeldShown.of, _keys)


@post(
    "/chat/held/{message_id:uuid}/approve",
    operation_id="approve_message",
    summary="Post a message that waits",
    tags=["chat hosts"],
    status_code=200,
    opt={"rule": policy.DECIDE},
)
async def approve(
    scope: Scope, hosting: HostingService, message_id: UUID, data: WordsRead | None = None
) -> MessageShown:
    """It takes its place in the room now.

    409 `already_decided` when somebody was quicker, and with a body 409 `changed` when its words are not those any
    more.
    """
    return await hosting.approve(scope, message_id, data)


@post(
    "/chat/held/{message_id:uuid}/decline",
    operation_id="decline_message",
    summary="Decline a message that waits",
    tags=["chat hosts"],
    status_code=200,
    opt={"rule": policy.DECIDE},
)
async def decline(
    scope: Scope, hosting: HostingService, message_id: UUID, data: WordsRead | None = None
) -> MessageShown:
    """Its author is told, unless it was shadow-held. 409 as when it is approved."""
    return await hosting.decline(scope, message_id, data)


@post(
    "/chat/undo/{message_id:uuid}",
    operation_id="undo_decision",
    summary="Take back what was just decided about a message",
    tags=["chat hosts"],
    status_code=200,
    opt={"rule": policy.DECIDE},
)
async def undo(scope: Scope, hosting: HostingService, message_id: UUID, data: Undo) -> MessageShown:
    """Within a minute: what was taken down stands again, what was approved or declined waits again.

    409 `undo_over` when it is too late, was taken back already, or something else was done about it since;
    409 `undo_not_yours` when another host did it.
    """
    return await hosting.undo(scope, message_id, data.act)


@post(
    "/chat/clear",
    operation_id="clear_person",
    summary="Take down everything of one person",
    tags=["chat hosts"],
    status_code=200,
    opt={"rule": policy.DECIDE},
)
async def clear(scope: Scope, hosting: HostingService, data: Clear) -> Cleared:
    """In one room, or in all I am host of; on all screens at once."""
    return await hosting.clear(scope, data.person, data.room)


@post(
    "/chat/rooms/{room_id:uuid}/messages/{message_id:uuid}/report",
    operation_id="report_message",
    summary="Ask the hosts to look at a message",
    tags=["chat"],
    status_code=204,
    opt={"rule": policy.REPORT},
)
async def report(
    scope: Scope, hosting: HostingService, room_id: UUID, message_id: UUID, data: ReportBody
) -> None:
    """Its author does not learn who did. 409 `no_hosts` in one-to-one prayer: there it is `POST /care/concerns`.

    At most thirty an hour; guests of one network are counted together too.
    """
    await hosting.report(scope, room_id, message_id, data)


@get(
    "/chat/reports",
    operation_id="reports",
    summary="Messages that people reported",
    tags=["chat hosts"],
    opt={"rule": policy.DECIDE},
)
async def reports(
    scope: Scope, hosting: HostingService, after: paging.Cursor | None = None, limit: paging.Limit = 50
) -> paging.Page[ReportShown]:
    """Oldest first, of the rooms I am host of."""
    found = await hosting.reports(scope, after=_start(after), most=limit + 1)
    return paging.page(found, limit, lambda shown: shown, lambda shown: (shown.at, shown.message.id))


@post(
    "/chat/reports/{message_id:uuid}/dismiss",
    operation_id="dismiss_reports",
    summary="Let a reported message stand",
    tags=["chat hosts"],
    status_code=204,
    opt={"rule": policy.DECIDE},
)
async def dismiss(
    scope: Scope, hosting: HostingService, message_id: UUID, data: WordsRead | None = None
) -> None:
    """All reports of it are closed; a new one opens it again. With a body 409 `changed` when its words are new."""
    await hosting.dismiss_reports(scope, message_id, data)


@post(
    "/events/gatherings/{gathering_id:uuid}/rehearsal",
    operation_id="rehearse_gathering",
    summary="Rehearse a gathering",
    tags=["events"],
    status_code=200,
    opt={"rule": policy.REHEARSE},
)
async def rehearse(scope: Scope, hosting: HostingService, gathering_id: UUID) -> RoomShown:
    """A room for hosts alone, until the doors open. 409 `too_late_to_rehearse` when they are open."""
    return await hosting.rehearse(scope, gathering_id)


@delete(
    "/events/gatherings/{gathering_id:uuid}/rehearsal",
    operation_id="end_rehearsal",
    summary="End a rehearsal",
    tags=["events"],
    opt={"rule": policy.REHEARSE},
)
async def end_rehearsal(scope: Scope, hosting: HostingService, gathering_id: UUID) -> None:
    """Everything said in it is forgotten; repeating it changes nothing."""
    await hosting.end_rehearsal(scope, gathering_id)


@get(
    "/chat/rooms/{room_id:uuid}/export",
    operation_id="export_room",
    summary="Export a room",
    tags=["chat hosts"],
    opt={"rule": policy.EXPORT},
)
async def export(scope: Scope, hosting: HostingService, room_id: UUID) -> Stream:
    """One JSON object a line, in the room's order."""
    lines = hosting.export(scope, room_id)
    first = await anext(lines, None)  # what is refused is refused before the answer begins
    return Stream(_encoded(first, lines), media_type="application/x-ndjson")


async def _encoded(first: Exported | None, lines: AsyncIterator[Exported]) -> AsyncIterator[bytes]:
    if first is not None:
        yield msgspec.json.encode(first) + b"\n"
    async for line in lines:
        yield msgspec.json.encode(line) + b"\n"


def _start(cursor: str | None) -> tuple[datetime, UUID] | None:
    start = paging.decode(cursor, tuple[Instant, UUID])
    return None if start is None else (settle(start[0], "/after"), start[1])


def _keys(message: Message) -> tuple[datetime, UUID]:
    return message.created_at, message.id


ROUTES = [
    held,
    approve,
    decline,
    undo,
    clear,
    report,
    reports,
    dismiss,
    rehearse,
    end_rehearsal,
    export,
]
