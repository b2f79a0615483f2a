"""Words below a request: they wait, stand when the team says so, and can be taken back for a minute."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from server.domains.prayer.errors import NoSuchRequest, WrongState
from server.domains.prayer.models import Settings
from server.domains.prayer.schemas import Answered
from server.domains.replies.errors import AlreadyDecided, Changed, NoSuchReply
from server.domains.replies.models import Reply
from server.domains.undos.errors import UndoOver
from server.kit.errors import Forbidden
from server.kit.scope import Scope
from server.kit.text import BadText
from server.settings import Settings as Installation
from server.wiring import Wiring
from tests.server.domains.prayers import announced, ask, helper, kinds, pastor, put_up, secret, told
from tests.server.domains.voices import guest, id_of, person


async def encourage(wiring: Wiring, scope: Scope, id: UUID, body: str = "With you") -> Reply:
    """Encourage as the wall does."""
    async with wiring.database.transaction(scope) as tx:
        return await wiring.encouragement.encourage_in(tx, id, body)


async def decide(
    wiring: Wiring, scope: Scope, reply: Reply, *, approve: bool = True, version: int = 1
) -> Reply:
    """Decide as the queue does."""
    async with wiring.database.transaction(scope) as tx:
        return await wiring.encouragement.decide_reply_in(tx, reply.id, approve=approve, version=version)


async def reopen(wiring: Wiring, scope: Scope, reply: Reply) -> Reply:
    """Take back as the queue does."""
    async with wiring.database.transaction(scope) as tx:
        return await wiring.encouragement.reopen_reply_in(tx, reply.id)


async def shown(wiring: Wiring, system: Scope) -> list[str]:
    """Return the words below the request that was told last."""
    return [one["body"] for one in (await told(wiring, system))[-1][1].get("replies", ())]


async def test_words_wait_stand_and_are_taken_back(
    wiring: Wiring, system: Scope, settings: Installation
) -> None:
    """Everybody hears the request anew with what stands below it; what was taken back is in no earlier event."""
    asked = await put_up(wiring, system)
    author, decider = guest(system, "Maria"), helper(system)
    reply = await encourage(wiring, author, asked.id)
    assert (reply.state, reply.author_id, reply.author_name) == ("held", id_of(author), "Maria")
    assert len(await told(wiring, system)) == 1
    await decide(wiring, decider, reply)
    assert await shown(wiring, system) == ["With you"]
    again = await reopen(wiring, decider, reply)
    assert (again.state, again.body, again.version) == ("held", "With you", 3)
    assert await shown(wiring, system) == []
    assert [data for _, data in await told(wiring, system)][:2] == [None, None]
    assert kinds(settings)[2:] == ["replies.held", "replies.decided", "replies.held"]
    entries = await wiring.audit.page(system, subject=str(asked.id))
    assert [one.action for one in entries][:2] == ["reply.reopened", "reply.approved"]


async def test_a_declined_reply_comes_back_with_its_words(wiring: Wiring, system: Scope) -> None:
    """Though no row holds them meanwhile; once, and within a minute."""
    asked = await put_up(wiring, system)
    reply = await encourage(wiring, guest(system), asked.id, "Hidden words")
    decider = helper(system)
    await decide(wiring, decider, reply, approve=False)
    async with wiring.database.transaction(system) as tx:
        assert await tx.connection.fetchval("select body from replies_replies") == ""
    assert (await reopen(wiring, decider, reply)).body == "Hidden words"
    with pytest.raises(UndoOver):
        await reopen(wiring, decider, reply)
    await decide(wiring, decider, reply, approve=False, version=3)
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute("update undos_kept set at = at - $1::interval", timedelta(seconds=61))
    with pytest.raises(UndoOver):
        await reopen(wiring, decider, reply)


async def test_what_stands_is_taken_down(wiring: Wiring, system: Scope) -> None:
    """At once for everybody; a second time is too late."""
    asked = await put_up(wiring, system)
    reply = await encourage(wiring, guest(system), asked.id)
    await decide(wiring, helper(system), reply)
    for attempt in range(2):
        async with wiring.database.transaction(helper(system)) as tx:
            if attempt:
                with pytest.raises(AlreadyDecided):
                    await wiring.encouragement.remove_reply_in(tx, reply.id)
            else:
                await wiring.encouragement.remove_reply_in(tx, reply.id)
    assert await shown(wiring, system) == []


async def test_a_testimony_becomes_part_of_the_request(wiring: Wiring, system: Scope) -> None:
    """Once it is let stand; taken back, it is gone again."""
    asked = await put_up(wiring, system)
    own = await wiring.asking.answered(guest(system), asked.id, Answered("Home!"), secret(asked))
    async with wiring.database.transaction(system, readonly=True) as tx:
        reply = (await wiring.replies.by_ids(tx, [own.replies[0].id]))[own.replies[0].id]
    decider = pastor(system)
    await decide(wiring, decider, reply)
    assert (await told(wiring, system))[-1][1]["testimony"] == "Home!"
    await reopen(wiring, decider, reply)
    assert (await told(wiring, system))[-1][1].get("testimony") is None


async def test_a_need_is_found_in_words_too(wiring: Wiring, system: Scope, settings: Installation) -> None:
    """It is told in the signal; a link is a reason as well."""
    asked = await put_up(wiring, system)
    reply = await encourage(wiring, guest(system), asked.id, "I want to kill myself")
    assert (reply.crisis, reply.reason) == ("self_harm", "crisis")
    assert '"crisis":"self_harm"' in announced(settings)[-1][1]
    assert (await encourage(wiring, guest(system), asked.id, "see www.pills.example")).reason == "link"


async def test_who_may_not_decide(wiring: Wiring, system: Scope) -> None:
    """Members and moderators of the chat decide nothing; what stands below a pastors' request is theirs."""
    asked, private = await put_up(wiring, system), await put_up(wiring, system, visibility="pastors")
    reply, hidden = (
        await encourage(wiring, guest(system), asked.id),
        await encourage(wiring, pastor(system), private.id),
    )
    for scope in (person(system), person(system, "Mo", "moderator", "member"), guest(system)):
        with pytest.raises(Forbidden):
            await decide(wiring, scope, reply)
        with pytest.raises(Forbidden):
            await reopen(wiring, scope, reply)
    with pytest.raises(Forbidden):
        await decide(wiring, helper(system), hidden)
    assert (await decide(wiring, pastor(system), hidden)).state == "posted"


async def test_words_are_not_taken_where_nothing_stands(wiring: Wiring, system: Scope) -> None:
    """Under a request that waits, in a church that does not want it, and with no words at all."""
    waiting, standing = await ask(wiring, system), await put_up(wiring, system)
    with pytest.raises(WrongState):
        await encourage(wiring, guest(system), waiting.id)
    with pytest.raises(NoSuchRequest):
        await encourage(wiring, guest(system), uuid4())
    for body in ("", "a" * 1_001, "\0"):
        with pytest.raises(BadText):
            await encourage(wiring, guest(system), standing.id, body)
    await wiring.tending.set_settings(person(system, "Ada", "admin"), Settings(encouragement=False), None)
    with pytest.raises(WrongState):
        await encourage(wiring, guest(system), standing.id)


async def test_a_decision_is_over_what_was_read(wiring: Wiring, system: Scope) -> None:
    """Another version, a second decision and an unknown reply are refused."""
    asked = await put_up(wiring, system)
    reply = await encourage(wiring, guest(system), asked.id)
    with pytest.raises(Changed):
        await decide(wiring, helper(system), reply, version=2)
    await decide(wiring, helper(system), reply)
    with pytest.raises(AlreadyDecided):
        await decide(wiring, helper(system), reply, version=2)
    with pytest.raises(NoSuchReply):
        async with wiring.database.transaction(helper(system)) as tx:
            await wiring.encouragement.decide_reply_in(tx, uuid4(), approve=True, version=1)
