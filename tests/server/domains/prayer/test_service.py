"""Requests on a real database: decided once, told to those who may read, flagged, run out, forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from server.domains.prayer.errors import AlreadyDecided, Changed, NoSuchRequest, WrongState
from server.domains.prayer.models import OnWalls, Request, Settings
from server.domains.prayer.schemas import Answered, Decision, Editing, Rewording, TeamRequest
from server.kit.db import Transaction
from server.kit.errors import Forbidden, PreconditionFailed
from server.kit.scope import Scope
from server.settings import Settings as Installation
from server.wiring import Wiring
from tests.server.domains.prayers import (
    announced,
    ask,
    helper,
    kinds,
    pastor,
    put_up,
    secret,
    seen,
    told,
    told_me,
)
from tests.server.domains.voices import guest, id_of, person

NOBODY_IS_THERE = UUID(int=5)


async def within(wiring: Wiring, scope: Scope, act: Callable[[Transaction], Awaitable[Request]]) -> Request:
    """Do something in one transaction of somebody."""
    async with wiring.database.transaction(scope) as tx:
        return await act(tx)


async def age(wiring: Wiring, system: Scope, column: str, days: int) -> None:
    """Let every request be older by days, in one of its times."""
    moves = {
        "expires_at": "update prayer_requests set expires_at = expires_at - make_interval(days => $1)",
        "closed_at": "update prayer_requests set closed_at = closed_at - make_interval(days => $1)",
    }
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute(moves[column], days)


async def count(wiring: Wiring, system: Scope) -> list[int]:
    """Count the rows of every table that holds something of a request."""
    async with wiring.database.transaction(system, readonly=True) as tx:
        row = await tx.connection.fetchrow(
            "select (select count(*) from prayer_requests), (select count(*) from prayer_sealed),"
            " (select count(*) from prayer_links), (select count(*) from prayer_flags),"
            " (select count(*) from replies_replies), (select count(*) from intercession_prayed)"
        )
    return list(row or ())


# ---- decided


async def test_of_two_who_decide_one_wins(wiring: Wiring, system: Scope, settings: Installation) -> None:
    """However many race: one decision, one event, one entry; the others hear that it was decided."""
    asked = await ask(wiring, system)
    verdicts: list[Any] = ["approve", "decline"] * 4
    answers = await asyncio.gather(
        *(wiring.tending.decide(helper(system), asked.id, Decision(one, 1)) for one in verdicts),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, TeamRequest) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyDecided) for answer in answers) == 7
    decided = [kind for kind in kinds(settings) if kind in ("prayer.approved", "prayer.declined")]
    assert len(decided) == 1
    assert len(await told(wiring, system)) == (decided == ["prayer.approved"])
    assert len(await wiring.audit.page(system, subject=str(asked.id))) == 1


async def test_a_changed_request_is_read_again_first(wiring: Wiring, system: Scope) -> None:
    """A decision over older words is refused with the new ones, and nothing stands."""
    asked = await ask(wiring, system, "My knee")
    await wiring.asking.change(Scope(system.tenant), asked.id, Rewording(body="My hip"), secret(asked))
    with pytest.raises(Changed) as caught:
        await wiring.tending.decide(helper(system), asked.id, Decision("approve", 1))
    now = caught.value.extra["request"]
    assert isinstance(now, TeamRequest)
    assert (now.body, now.version, now.state) == ("My hip", 2, "held")
    assert await told(wiring, system) == []
    assert (await wiring.tending.decide(helper(system), asked.id, Decision("approve", 2))).state == "approved"


async def test_what_is_put_up_is_told_without_the_asker(wiring: Wiring, system: Scope) -> None:
    """Everybody who may read hears the public words; the asker hears the state; a decline is told to them alone."""
    asker = guest(system, "Maria")
    asked = await ask(wiring, system, "My knee", public_body="A knee", asker=asker, name="M.")
    await wiring.tending.decide(helper(system), asked.id, Decision("approve", 1))
    ((kind, data),) = await told(wiring, system)
    assert (kind, data["body"], data["name"]) == ("prayer.posted", "A knee", "M.")
    assert set(data) <= {"id", "state", "category", "for_whom", "language", "name", "body", "on"}
    declined = await ask(wiring, system, asker=asker)
    await wiring.tending.decide(helper(system), declined.id, Decision("decline", 1))
    assert [kind for kind, _ in await told(wiring, system)] == ["prayer.posted"]
    assert [(kind, data["state"]) for kind, data in await told_me(wiring, asker)] == [
        ("prayer.own", "approved"),
        ("prayer.own", "declined"),
    ]


async def test_only_pastors_decide_what_is_for_pastors(
    wiring: Wiring, system: Scope, settings: Installation
) -> None:
    """Asked for them or handed on to them: the team may not decide, and does not see it."""
    private = await ask(wiring, system, visibility="pastors")
    handed_on = await ask(wiring, system)
    await wiring.tending.decide(helper(system), handed_on.id, Decision("pastor", 1))
    for id, version in ((private.id, 1), (handed_on.id, 2)):
        with pytest.raises(Forbidden):
            await wiring.tending.decide(helper(system), id, Decision("approve", version))
        with pytest.raises(NoSuchRequest):
            await wiring.tending.one(helper(system), id)
        await wiring.tending.decide(pastor(system), id, Decision("approve", version))
    assert [kind for kind, _ in await told(wiring, system, "pastors")] == ["prayer.posted"]
    assert [kind for kind, _ in await told(wiring, system)] == ["prayer.posted"]
    assert kinds(settings).count("prayer.needs_pastor") == 1


async def test_a_decision_is_taken_back(wiring: Wiring, system: Scope, settings: Installation) -> None:
    """It goes off the wall, waits in a new round, and its words are blanked in the log; then it can stand anew."""
    asked = await put_up(wiring, system, "My knee")
    again = await within(wiring, pastor(system), lambda tx: wiring.prayer.reopen_in(tx, asked.id))
    assert (again.state, again.round, again.version, again.decided_by) == ("held", 2, 3, None)
    assert await told(wiring, system) == [
        ("prayer.posted", None),
        ("prayer.removed", {"id": str(asked.id), "state": "withdrawn"}),
    ]
    assert kinds(settings) == ["prayer.held", "prayer.approved", "prayer.held"]
    await wiring.tending.decide(pastor(system), asked.id, Decision("approve", 3))
    assert [kind for kind, _ in await told(wiring, system)][2:] == ["prayer.posted"]


async def test_what_pastors_decided_goes_back_to_them(wiring: Wiring, system: Scope) -> None:
    """What was handed on is theirs again when they take their decision back; the team does not read it then."""
    asked = await ask(wiring, system)
    await wiring.tending.decide(helper(system), asked.id, Decision("pastor", 1))
    await wiring.tending.decide(pastor(system), asked.id, Decision("approve", 2))
    assert (await wiring.tending.one(helper(system), asked.id)).state == "approved"
    again = await within(wiring, pastor(system), lambda tx: wiring.prayer.reopen_in(tx, asked.id))
    assert (again.state, again.round) == ("pastor", 3)
    with pytest.raises(NoSuchRequest):
        await wiring.tending.one(helper(system), asked.id)


async def test_handing_on_is_taken_back_by_who_did_it(wiring: Wiring, system: Scope) -> None:
    """A slip of a key is made good though the request is out of their sight; others of the team cannot."""
    asked, me = await ask(wiring, system), helper(system)
    await wiring.tending.decide(me, asked.id, Decision("pastor", 1))
    with pytest.raises(Forbidden):
        await within(wiring, helper(system), lambda tx: wiring.prayer.reopen_in(tx, asked.id))
    again = await within(wiring, me, lambda tx: wiring.prayer.reopen_in(tx, asked.id))
    assert (again.state, again.round) == ("held", 3)


async def test_who_may_not_approve_decides_nothing(wiring: Wiring, system: Scope) -> None:
    """Neither a moderator of the chat nor a member, whichever method they reach; nothing is left of the try."""
    asked = await ask(wiring, system)
    for scope in (person(system, "Mo", "moderator", "member"), person(system), guest(system)):
        for act in (
            lambda tx: wiring.prayer.decide_in(tx, asked.id, "approve", 1),
            lambda tx: wiring.prayer.reopen_in(tx, asked.id),
            lambda tx: wiring.prayer.remove_in(tx, asked.id),
            lambda tx: wiring.prayer.clear_flags_in(tx, asked.id),
            lambda tx: wiring.prayer.archive_in(tx, asked.id),
            lambda tx: wiring.prayer.edit_in(tx, asked.id, Editing(1, urgent=True)),
        ):
            with pytest.raises(Forbidden):
                await within(wiring, scope, act)
    assert (await seen(wiring, system, asked.id)).version == 1


# ---- moved


async def test_a_change_of_audience_moves_it_in_one_transaction(wiring: Wiring, system: Scope) -> None:
    """Removed in one topic and posted in the other, and the words stay in neither log but the new."""
    asked = await put_up(wiring, system, "My knee")
    await wiring.asking.change(Scope(system.tenant), asked.id, Rewording(visibility="team"), secret(asked))
    assert await told(wiring, system) == [
        ("prayer.posted", None),
        ("prayer.removed", {"id": str(asked.id), "state": "withdrawn"}),
    ]
    ((kind, data),) = await told(wiring, system, "team")
    assert (kind, data["body"]) == ("prayer.posted", "My knee")


async def test_new_words_take_it_off_until_somebody_looked(
    wiring: Wiring, system: Scope, settings: Installation
) -> None:
    """Held again in a new round, gone from the wall in the same transaction."""
    asked = await put_up(wiring, system, "My knee")
    own = await wiring.asking.change(
        Scope(system.tenant), asked.id, Rewording(body="Buy cheap pills"), secret(asked)
    )
    assert own.state == "held"
    assert await told(wiring, system) == [
        ("prayer.posted", None),
        ("prayer.removed", {"id": str(asked.id), "state": "withdrawn"}),
    ]
    request = await seen(wiring, system, asked.id)
    assert (request.round, request.reason) == (2, "changed")
    assert kinds(settings)[-1] == "prayer.held"


async def test_the_team_words_what_stands(wiring: Wiring, system: Scope) -> None:
    """The wall hears the new wording; the asker's own words stay as they were; the entry names fields, not words."""
    asked = await put_up(wiring, system, "My wife Anna")
    scope = helper(system)
    edited = await wiring.tending.edit(scope, asked.id, Editing(2, public_body="My wife", category="health"))
    assert (edited.body, edited.public_body, edited.state, edited.suggestions) == (
        "My wife Anna", "My wife", "approved", (),
    )  # fmt: skip
    kind, data = (await told(wiring, system))[-1]
    assert (kind, data["body"], data["category"]) == ("prayer.changed", "My wife", "health")
    entry = (await wiring.audit.page(system, subject=str(asked.id)))[0]
    assert (entry.action, entry.actor_id) == ("prayer.edited", id_of(scope))
    assert "category" in entry.details
    assert "wife" not in entry.details
    with pytest.raises(Changed):
        await wiring.tending.edit(scope, asked.id, Editing(2, urgent=True))


# ---- flagged


async def flag(wiring: Wiring, scope: Scope, id: UUID, *, team: bool = True) -> Request:
    """Flag as the wall does."""
    mark = wiring.prayer.flag_mark(scope, id)
    return await within(
        wiring,
        scope,
        lambda tx: wiring.prayer.flag_in(tx, id, mark, team=team, reason="private", note="Name"),
    )


async def test_flags_take_it_off_at_the_threshold(
    wiring: Wiring, system: Scope, settings: Installation
) -> None:
    """One person flags once; the second flag of the team takes it off; a good one stands again as it stood."""
    asked = await put_up(wiring, system)
    first = helper(system)
    assert (await flag(wiring, first, asked.id)).state == "approved"
    assert (await flag(wiring, first, asked.id)).state == "approved"
    assert (await flag(wiring, helper(system), asked.id)).state == "held"
    assert [kind for kind, _ in await told(wiring, system)] == ["prayer.posted", "prayer.removed"]
    assert [one.reason for one in await wiring.tending.flags(pastor(system), asked.id)] == ["private"] * 2
    with pytest.raises(WrongState):
        await flag(wiring, helper(system), asked.id)
    back = await within(wiring, pastor(system), lambda tx: wiring.prayer.clear_flags_in(tx, asked.id))
    assert (back.state, back.round) == ("approved", 2)
    assert (await told(wiring, system))[-1][0] == "prayer.posted"
    assert await wiring.tending.flags(pastor(system), asked.id) == []
    assert kinds(settings)[2:] == ["prayer.flagged", "prayer.flagged", "prayer.approved"]
    assert '"off":true' in announced(settings)[3][1]


async def test_a_flagged_request_is_taken_down(wiring: Wiring, system: Scope) -> None:
    """Also below the threshold; then it stands nowhere."""
    asked = await put_up(wiring, system)
    await flag(wiring, guest(system), asked.id, team=False)
    gone = await within(wiring, pastor(system), lambda tx: wiring.prayer.remove_in(tx, asked.id))
    assert gone.state == "declined"
    assert (await told(wiring, system))[-1] == ("prayer.removed", {"id": str(asked.id), "state": "withdrawn"})
    with pytest.raises(WrongState):
        await within(wiring, pastor(system), lambda tx: wiring.prayer.remove_in(tx, asked.id))


# ---- in time


async def test_days_run_out_and_are_renewed(wiring: Wiring, system: Scope, settings: Installation) -> None:
    """What has had its days goes off once; its asker lets it stand on, with days before it."""
    asked, fresh = await put_up(wiring, system, "Old"), await ask(wiring, system, "New")
    await age(wiring, system, "expires_at", 31)
    await wiring.tending.decide(pastor(system), fresh.id, Decision("approve", 1))
    assert [await wiring.prayer.expire(system) for _ in range(2)] == [1, 0]
    assert (await seen(wiring, system, asked.id)).state == "expired"
    assert kinds(settings)[-1] == "prayer.expired"
    assert [kind for kind, _ in await told(wiring, system)] == ["prayer.posted"] * 2 + ["prayer.removed"]
    own = await wiring.asking.renew(Scope(system.tenant), asked.id, secret(asked))
    assert own.state == "approved"
    assert await wiring.prayer.expire(system) == 0
    assert (await told(wiring, system))[-1][0] == "prayer.posted"


async def test_old_requests_are_put_away_then_forgotten(wiring: Wiring, system: Scope) -> None:
    """Answered ones stand until the archive's days are over; thirty days later no row of them is left."""
    asked = await put_up(wiring, system, anonymous=True, email="a@mail.example")
    await wiring.asking.answered(Scope(system.tenant), asked.id, Answered("Home"), secret(asked))
    async with wiring.database.transaction(system) as tx:
        mark = wiring.intercession.mark(guest(system), asked.id, None)
        await wiring.intercession.pray(tx, [(asked.id, mark)])
    assert await wiring.prayer.trim(system) == 0
    await age(wiring, system, "closed_at", 366)
    assert await wiring.prayer.trim(system) == 1
    assert (await seen(wiring, system, asked.id)).state == "archived"
    assert (await told(wiring, system))[-1][0] == "prayer.removed"
    assert all(data is None for _, data in (await told(wiring, system))[:-1])
    await age(wiring, system, "closed_at", 31)
    assert [await wiring.prayer.trim(system) for _ in range(2)] == [1, 0]
    assert await count(wiring, system) == [0] * 6


async def test_a_person_is_forgotten(wiring: Wiring, system: Scope) -> None:
    """Under their name or sealed: what they asked, wrote, prayed, flagged and decided names them no more."""
    me = person(system, "Ruth", "prayer_team", "member")
    other = await put_up(wiring, system, "Mine to decide", asker=guest(system))
    named = await put_up(wiring, system, "Under my name", asker=me)
    sealed = await put_up(wiring, system, "Under nobody's", asker=me, anonymous=True)
    async with wiring.database.transaction(me) as tx:
        reply = await wiring.encouragement.encourage_in(tx, other.id, "With you")
        await wiring.encouragement.decide_reply_in(tx, reply.id, approve=True, version=1)
        await wiring.intercession.pray(tx, [(other.id, wiring.intercession.mark(me, other.id, None))])
    await flag(wiring, me, other.id)
    await wiring.prayer.forget(system, id_of(me))
    with pytest.raises(NoSuchRequest):
        await seen(wiring, system, named.id)
    left = await seen(wiring, system, sealed.id)
    assert (left.state, left.sealed) == ("approved", False)
    assert await count(wiring, system) == [2, 0, 2, 0, 0, 0]
    shown = (await told(wiring, system))[-1]
    assert (shown[0], shown[1].get("replies")) == ("prayer.changed", None)
    async with wiring.database.transaction(system, readonly=True) as tx:
        rows = await tx.connection.fetch("select r::text as row from prayer_requests r")
    assert not [row for row in rows if str(id_of(me)) in row["row"] or "Ruth" in row["row"]]


# ---- looking for words


async def test_walls_are_searched_by_what_they_show(wiring: Wiring, system: Scope) -> None:
    """What the team took out of the wording finds nothing, though it is indexed for the team."""
    asked = await put_up(wiring, system, "My wife Anastasia", public_body="Mi corazón")
    await put_up(wiring, system, "A knee")

    async def found(q: str) -> list[UUID]:
        async with wiring.database.transaction(Scope(system.tenant), readonly=True) as tx:
            return [one.id for one in await wiring.prayer.wall(tx, OnWalls(visibilities=("wall",), q=q))]

    assert await found("corazon") == [asked.id]
    assert await found("coraz") == [asked.id]
    for hidden in ("Anastasia", "anast", "wife"):
        assert await found(hidden) == []


async def test_settings_are_set_over_a_version(wiring: Wiring, system: Scope) -> None:
    """A version that somebody else replaced is refused; without one the last wins."""
    admin = person(system, "Ada", "admin", "member")
    assert await wiring.tending.settings(admin) == (1, Settings())
    assert await wiring.tending.set_settings(admin, Settings(flags=3), 1) == 2
    with pytest.raises(PreconditionFailed):
        await wiring.tending.set_settings(admin, Settings(flags=4), 1)
    assert await wiring.tending.set_settings(admin, Settings(flags=5), None) == 3
    assert await wiring.tending.settings(helper(system)) == (3, Settings(flags=5))
    with pytest.raises(Forbidden):
        await wiring.tending.set_settings(pastor(system), Settings(), None)


async def test_what_is_not_there_is_not_there(wiring: Wiring, system: Scope, other_system: Scope) -> None:
    """An unknown id and another church's are the same."""
    asked = await ask(wiring, other_system)
    for id in (uuid4(), NOBODY_IS_THERE, asked.id):
        with pytest.raises(NoSuchRequest):
            await wiring.tending.decide(pastor(system), id, Decision("approve", 1))
        with pytest.raises(NoSuchRequest):
            await wiring.tending.one(pastor(system), id)
