"""What is to be done, on a real database."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from server.domains.followups.errors import NoSuchTask
from server.domains.followups.schemas import NewTask
from server.kit.errors import Forbidden, Invalid
from server.kit.scope import Scope
from server.kit.text import BadText
from server.wiring import Wiring
from tests.server.domains.voices import id_of, person


async def test_a_task_is_noted_and_done(wiring: Wiring, system: Scope) -> None:
    """It stands in the list until somebody has done it, and again when it was not done after all."""
    ruth = person(system, "Ruth", "prayer_team")
    task = await wiring.followups.add(ruth, NewTask("  Call Maria ", "On Tuesday", due_on=date(2026, 3, 3)))
    assert (task.title, task.due_on) == ("Call Maria", date(2026, 3, 3))
    assert [one.id for one in await wiring.followups.page(ruth)] == [task.id]
    assert (await wiring.followups.finish(ruth, task.id)).done_by_name == "Ruth"
    assert await wiring.followups.page(ruth) == []
    assert [one.id for one in await wiring.followups.page(ruth, done=True)] == [task.id]
    await wiring.followups.finish(ruth, task.id, done=False)
    assert len(await wiring.followups.page(ruth)) == 1


async def test_whose_task_it_is(wiring: Wiring, system: Scope) -> None:
    """It is given to people of the team alone, and can be found by whose it is."""
    ruth = person(system, "Ruth", "prayer_team")
    async with wiring.database.transaction(system) as tx:
        paul = await wiring.accounts.open(
            tx, system, email="paul@grace.example", name="Paul", roles=frozenset({"pastor"}), password_hash=""
        )
    for nobody in (uuid4(), id_of(ruth)):
        with pytest.raises(Invalid) as caught:
            await wiring.followups.add(ruth, NewTask("Call", assigned_to=nobody))
        assert caught.value.errors[0].pointer == "/assigned_to"
    task = await wiring.followups.add(ruth, NewTask("Call", assigned_to=paul.id))
    assert task.assigned_name == "Paul"
    assert await wiring.followups.page(ruth, mine=True) == []
    async with wiring.database.transaction(system) as tx:
        await wiring.followups.forget(tx, paul.id)
    assert (await wiring.followups.page(ruth))[0].assigned_name == ""


async def test_what_is_refused(wiring: Wiring, system: Scope) -> None:
    """A title that cannot be seen, a task that is not there, and who is not on the team."""
    ruth = person(system, "Ruth", "prayer_team")
    with pytest.raises(BadText) as caught:
        await wiring.followups.add(ruth, NewTask("\u200b"))
    assert caught.value.errors[0].pointer == "/title"
    with pytest.raises(NoSuchTask):
        await wiring.followups.finish(ruth, uuid4())
    with pytest.raises(Forbidden):
        await wiring.followups.page(person(system))
