"""What the team does, on a real database: lists in people's own rights, envelopes, figures, letters."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest

from jobs.context import Context
from jobs.tasks import ExpirePrayers, WritePrayerWeek
from server.domains.prayer.errors import NeedsReason, NoSuchRequest, NotSealed, WrongState
from server.domains.prayer.models import Settings, Wanted
from server.domains.prayer.schemas import Answered, Decision
from server.kit.errors import Forbidden, Unauthenticated
from server.kit.mail import Mail
from server.kit.scope import Actor, Scope
from server.settings import Settings as Installation
from server.wiring import Wiring
from tests.server.domains.prayers import ask, helper, pastor, put_up, secret, told
from tests.server.domains.voices import guest, id_of, person


def key(system: Scope, *scopes: str) -> Scope:
    """Return an API key with scopes."""
    return Scope(system.tenant, Actor("api_key", UUID(int=3), "Site", scopes=frozenset(scopes)))


async def found(wiring: Wiring, scope: Scope, **wanted: Any) -> list[str]:
    """Return the words of what somebody finds, in order."""
    return [one.body for one in await wiring.tending.page(scope, Wanted(**wanted))]


# ---- lists


async def test_the_list_is_filtered_in_the_database(wiring: Wiring, system: Scope) -> None:
    """By state, audience and category; what is for pastors alone is for nobody else, whatever they ask for."""
    await ask(wiring, system, "one", category="health")
    await ask(wiring, system, "two", visibility="pastors")
    await put_up(wiring, system, "three", visibility="members")
    handed_on = await ask(wiring, system, "four")
    await wiring.tending.decide(helper(system), handed_on.id, Decision("pastor", 1))
    assert await found(wiring, pastor(system)) == ["four", "three", "two", "one"]
    for scope in (helper(system), person(system, "Ada", "admin"), key(system, "prayer:read")):
        assert await found(wiring, scope) == ["three", "one"]
        assert await found(wiring, scope, state="pastor") == []
        assert await found(wiring, scope, visibility="pastors") == []
        assert await found(wiring, scope, q="two or four") == []
    assert await found(wiring, helper(system), state="held") == ["one"]
    assert await found(wiring, helper(system), visibility="members") == ["three"]
    assert await found(wiring, helper(system), category="health") == ["one"]
    for scope in (
        person(system),
        guest(system),
        person(system, "Mo", "moderator"),
        key(system, "prayer:write"),
    ):
        with pytest.raises(Forbidden):
            await found(wiring, scope)
    with pytest.raises(Unauthenticated):
        await found(wiring, Scope(system.tenant))


async def test_words_are_found(wiring: Wiring, system: Scope) -> None:
    """Whole, in part, without accents, misspelt, as a phrase, and without what is not wanted; names of the named."""
    await ask(wiring, system, "Oración por la operación de mi madre", name="Lucía")
    await ask(wiring, system, "Pray for my knee operation")
    await ask(wiring, system, "Hidden", anonymous=True, name="Zipporah")
    scope = helper(system)
    for q, count in {
        "oracion": 1, "ORACIÓN": 1, "operac": 1, "opera": 2, "operatoin": 2, "peratio": 1, "knee": 1,
        '"knee operation"': 1, '"operation knee"': 0, "operation -knee": 0, "knee or madre": 2, "lucia": 1,
        "zipporah": 0, "%": 3, "": 3, "nothing": 0, "'; drop table prayer_requests": 0, "a & b | !c": 0,
    }.items():  # fmt: skip
        assert len(await found(wiring, scope, q=q)) == count, q


async def test_lists_come_by_page(wiring: Wiring, system: Scope) -> None:
    """Newest first, each once."""
    for body in ("one", "two", "three"):
        await ask(wiring, system, body)
    first = await wiring.tending.page(helper(system), Wanted(most=2))
    rest = await found(wiring, helper(system), before=(first[-1].at, first[-1].id), most=2)
    assert ([one.body for one in first], rest) == (["three", "two"], ["one"])


async def test_the_printed_list(wiring: Wiring, system: Scope) -> None:
    """What stands and is not answered, least prayed for first, in the reader's own rights."""
    first, second = (
        await put_up(wiring, system, "one"),
        await put_up(wiring, system, "two", visibility="team"),
    )
    await put_up(wiring, system, "private", visibility="pastors")
    await ask(wiring, system, "waiting")
    done = await put_up(wiring, system, "done")
    await wiring.asking.answered(guest(system), done.id, Answered(), secret(done))
    async with wiring.database.transaction(system) as tx:
        pairs = [(first.id, wiring.intercession.mark(guest(system), first.id, None)) for _ in range(3)]
        await wiring.intercession.pray(tx, pairs)
    assert [one.body for one in await wiring.tending.printable(helper(system))] == ["two", "one"]
    assert {one.body for one in await wiring.tending.printable(pastor(system))} == {"one", "two", "private"}
    await put_up(wiring, system, "anonymous", anonymous=True)
    assert [one.body for one in await wiring.tending.printable(helper(system))] == [
        "two",
        "anonymous",  # though nobody has prayed for it yet: that is not told
        "one",
    ]
    assert (await wiring.tending.one(helper(system), second.id)).prayed == 0


async def test_few_are_not_counted_for_the_anonymous(wiring: Wiring, system: Scope) -> None:
    """The team sees no number below five either; the week's figures are of all together."""
    asked = await put_up(wiring, system, anonymous=True)
    for count, shown in ((4, 0), (1, 5)):
        async with wiring.database.transaction(system) as tx:
            marks = [wiring.intercession.mark(guest(system), asked.id, None) for _ in range(count)]
            await wiring.intercession.pray(tx, [(asked.id, mark) for mark in marks])
        assert (await wiring.tending.one(pastor(system), asked.id)).prayed == shown
    week = await wiring.tending.week(helper(system))
    assert (week.asked, week.approved, week.declined, week.answered, week.prayed) == (1, 1, 0, 0, 5)
    assert (week.waiting_now, week.oldest_at) == (0, None)
    assert week.waiting_seconds is not None


# ---- acts


async def test_every_act_is_in_the_history(wiring: Wiring, system: Scope) -> None:
    """Who, what and when; never a word of the request."""
    asked = await put_up(
        wiring, system, "My secret knee", anonymous=True, name="Ruth", email="a@mail.example"
    )
    scope = pastor(system)
    await wiring.tending.archive(scope, asked.id)
    await wiring.tending.unseal(scope, asked.id, "Asked to be called back")
    entries = await wiring.audit.page(system, subject=str(asked.id))
    assert [one.action for one in entries] == ["prayer.unsealed", "prayer.archived", "prayer.approved"]
    assert (entries[0].actor_id, entries[0].details) == (
        id_of(scope), '{"reason":"Asked to be called back"}',
    )  # fmt: skip
    assert not [one for one in entries for word in ("secret", "Ruth", "mail") if word in one.details]
    assert (await wiring.audit.verify(system)).intact


async def test_an_envelope_opens_by_right_and_reason(wiring: Wiring, system: Scope) -> None:
    """For owner and pastor, with a reason, and only where there is one; a refused try leaves no entry."""
    asked, empty = (
        await ask(wiring, system, anonymous=True, name="Ruth"),
        await ask(wiring, system, name="Ruth"),
    )
    for scope in (
        helper(system),
        person(system, "Ada", "admin"),
        person(system),
        key(system, "prayer:read", "prayer:approve"),
    ):
        with pytest.raises(Forbidden):
            await wiring.tending.unseal(scope, asked.id, "Asked to be called back")
    with pytest.raises(NeedsReason):
        await wiring.tending.unseal(pastor(system), asked.id, "because")
    with pytest.raises(NotSealed):
        await wiring.tending.unseal(pastor(system), empty.id, "Asked to be called back")
    with pytest.raises(NoSuchRequest):
        await wiring.tending.unseal(pastor(system), UUID(int=4), "Asked to be called back")
    assert await wiring.audit.page(system, action="prayer.unsealed") == []
    for scope in (pastor(system), person(system, "Olga", "owner")):
        assert (await wiring.tending.unseal(scope, asked.id, "Asked to be called back")).name == "Ruth"
    assert len(await wiring.audit.page(system, action="prayer.unsealed")) == 2


async def test_what_is_put_away_stands_nowhere(wiring: Wiring, system: Scope) -> None:
    """It goes off the wall; what waits cannot be put away."""
    asked, waiting = await put_up(wiring, system), await ask(wiring, system)
    assert (await wiring.tending.archive(helper(system), asked.id)).state == "archived"
    assert (await told(wiring, system))[-1][0] == "prayer.removed"
    for id in (asked.id, waiting.id):
        with pytest.raises(WrongState):
            await wiring.tending.archive(helper(system), id)


# ---- each Monday


async def settle(wiring: Wiring, system: Scope) -> None:
    """Open accounts of several roles and languages."""
    for name, roles, locale in (
        ("lucia", {"prayer_team"}, "es"),
        ("pia", {"pastor"}, "en"),
        ("ada", {"admin"}, "en"),
        ("mo", {"member"}, "en"),
    ):
        await wiring.accounts.create(
            system, email=f"{name}@grace.example", name=name.title(), password="a well in the desert 7",
            roles=frozenset(roles), locale=locale,
        )  # fmt: skip


def letters(settings: Installation) -> list[Mail]:
    """Return the letters that wait."""
    with psycopg.connect(settings.owner_url) as owner:
        rows = owner.execute("select data from shard.mails order by id").fetchall()
    return [msgspec.json.decode(row[0], type=Mail) for row in rows]


async def test_the_team_has_a_letter_once_a_week(
    wiring: Wiring, system: Scope, settings: Installation
) -> None:
    """Prayer team and pastors, each in their language, however often the job runs; figures and nobody's words."""
    await settle(wiring, system)
    await put_up(wiring, system, "My secret knee", name="Zipporah")
    assert [await wiring.tending.write_week(system) for _ in range(2)] == [2, 2]
    found = {mail.to: mail for mail in letters(settings)}
    assert set(found) == {"lucia@grace.example", "pia@grace.example"}
    assert found["lucia@grace.example"].subject == "La oración en Grace Church esta semana"
    for mail in found.values():
        assert "secret" not in mail.text + mail.html
        assert "Zipporah" not in mail.text + mail.html


async def test_a_church_may_switch_the_letter_off(
    wiring: Wiring, system: Scope, settings: Installation
) -> None:
    """Then nobody has one."""
    await settle(wiring, system)
    await wiring.tending.set_settings(person(system, "Ada", "admin"), Settings(weekly_list=False), None)
    assert await wiring.tending.write_week(system) == 0
    assert letters(settings) == []


async def test_the_jobs_go_through_all_churches(settings: Installation) -> None:
    """Letters are written and days run out in each church of the shard."""
    context = Context(settings)
    await context.wiring.start()
    try:
        wiring = context.wiring
        for slug in ("grace", "hope"):
            scope = Scope.system((await wiring.tenants.by_slug(slug)).ref)
            await settle(wiring, scope)
            await put_up(wiring, scope)
            async with wiring.database.transaction(scope) as tx:
                await tx.connection.execute("update prayer_requests set expires_at = now()")
        for job in (ExpirePrayers(shard="main"), WritePrayerWeek(shard="main")):
            (task,) = [task for task in context.tasks.all() if task.job is type(job)]
            await task.do(job)
        for slug in ("grace", "hope"):
            scope = Scope.system((await wiring.tenants.by_slug(slug)).ref)
            assert [one.state for one in await wiring.tending.page(pastor(scope), Wanted())] == ["expired"]
        assert len(letters(settings)) == 4
    finally:
        await context.wiring.stop()
