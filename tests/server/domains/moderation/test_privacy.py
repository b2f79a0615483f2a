"""What a queue shows: no words that are gone, none that are another team's, and nobody's decision but one's own."""

from __future__ import annotations

import pytest

from realtime.topics import Topic
from server.domains.moderation.errors import NoSuchCase, NothingToUndo
from server.domains.moderation.schemas import Decide
from server.domains.prayer.schemas import Flag, NewReply, Rewording
from server.kit.errors import Forbidden
from server.kit.scope import Scope
from server.wiring import Wiring
from tests.server.domains.moderation.test_service import on_wall, pastor, team, waiting
from tests.server.domains.prayers import ask, put_up
from tests.server.domains.queueing import deliver
from tests.server.domains.voices import guest, id_of, log, person

SECRET = "quietzephyr"


async def told(wiring: Wiring, system: Scope, queue: str = "prayer") -> str:
    """Return everything that who works on a queue was told, and would be told again."""
    return str(await log(wiring, Topic(system.tenant.id, "queue", queue)))


async def test_words_below_what_was_taken_back_are_gone(wiring: Wiring, system: Scope) -> None:
    """Nothing waits any more, and no earlier event holds the request's words or those of who encouraged."""
    maria = guest(system)
    asked = await put_up(wiring, system, f"A {SECRET} request", asker=maria)
    await wiring.wall.encourage(guest(system), asked.id, NewReply(f"A {SECRET} encouragement"))
    await deliver(wiring, system)
    assert SECRET in await told(wiring, system)
    await wiring.asking.withdraw(maria, asked.id, None)
    await deliver(wiring, system)
    assert await waiting(wiring, team(system)) == []
    assert SECRET not in await told(wiring, system)


async def test_words_of_who_is_forgotten_wait_no_more(wiring: Wiring, system: Scope) -> None:
    """What somebody wrote below another's request goes from the queue and its log with them."""
    asked = await put_up(wiring, system)
    ruth = person(system, "Ruth")
    await wiring.wall.encourage(ruth, asked.id, NewReply(f"A {SECRET} encouragement"))
    await deliver(wiring, system)
    await wiring.prayer.forget(system, id_of(ruth))
    await deliver(wiring, system)
    assert await waiting(wiring, team(system)) == []
    assert SECRET not in await told(wiring, system)


async def test_words_for_pastors_are_never_the_teams(wiring: Wiring, system: Scope) -> None:
    """Not for the moment either, in which the case still stands on the team's queue."""
    maria, ruth = guest(system), team(system)
    asked = await ask(wiring, system, "Please pray", asker=maria)
    await deliver(wiring, system)
    [case] = await waiting(wiring, ruth)
    change = Rewording(body=f"A {SECRET} matter", visibility="pastors")
    await wiring.asking.change(maria, asked.id, change, None)
    shown = [
        *await waiting(wiring, ruth),
        await wiring.moderation.one(ruth, case.id),
        await wiring.moderation.claim(ruth, case.id),
        (await wiring.moderation.snapshot(system, Topic(system.tenant.id, "queue", "prayer"), "prayer"))[1],
    ]
    assert SECRET not in str(shown)
    assert SECRET not in await told(wiring, system)
    await deliver(wiring, system)
    with pytest.raises(NoSuchCase):
        await wiring.moderation.one(ruth, case.id)
    [case] = await waiting(wiring, pastor(system))
    assert case.request is not None
    assert SECRET in case.request.body


async def test_a_refusal_tells_no_words_for_pastors(wiring: Wiring, system: Scope) -> None:
    """Who decides about flags of what has become the pastors' meanwhile is not handed its new words."""
    maria, ruth = guest(system), team(system)
    asked = await put_up(wiring, system, asker=maria)
    await wiring.wall.flag(person(system, "Rosa"), asked.id, Flag("private"))
    await deliver(wiring, system)
    [case] = await waiting(wiring, ruth)
    change = Rewording(body=f"A {SECRET} matter", visibility="pastors")
    await wiring.asking.change(maria, asked.id, change, None)
    with pytest.raises(Forbidden) as caught:
        await wiring.moderation.decide(ruth, case.id, Decide("keep", case.subject_version))
    assert SECRET not in str(caught.value.extra)


async def test_words_below_go_where_the_request_goes(wiring: Wiring, system: Scope) -> None:
    """An encouragement that waits below a request is the pastors' to decide about once the request is theirs."""
    maria, ruth = guest(system), team(system)
    asked = await put_up(wiring, system, asker=maria)
    await wiring.wall.encourage(guest(system), asked.id, NewReply("We stand with you."))
    await deliver(wiring, system)
    await wiring.asking.change(maria, asked.id, Rewording(visibility="pastors"), None)
    await deliver(wiring, system)
    assert await waiting(wiring, ruth) == []
    assert "We stand" not in await told(wiring, system)
    [case] = await waiting(wiring, pastor(system))
    assert (case.kind, case.team) == ("reply", "pastors")


async def test_taking_back_twice_takes_back_no_other_decision(wiring: Wiring, system: Scope) -> None:
    """What another has decided meanwhile stands, however soon one presses undo again."""
    ruth, paul = team(system), team(system, "Paul")
    asked = await ask(wiring, system)
    await deliver(wiring, system)
    [case] = await waiting(wiring, ruth)
    await wiring.moderation.decide(ruth, case.id, Decide("decline", 1))
    again = await wiring.moderation.undo(ruth, case.id)
    await wiring.moderation.decide(paul, again.id, Decide("approve", again.subject_version))
    with pytest.raises(NothingToUndo):
        await wiring.moderation.undo(ruth, case.id)
    assert await on_wall(wiring, system) == [asked.id]
