"""A church's life, the bad slugs, and two who want the same one."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from realtime.broker import Publication
from realtime.topics import Topic
from server.domains.tenants.errors import BadName, BadSlug, NoSuchChurch, SlugTaken, WrongStatus
from server.kit.scope import Scope, schema_of
from server.wiring import Wiring


async def test_a_church_that_was_made_can_be_opened(wiring: Wiring) -> None:
    """A new church is active, is found by its slug, and has a schema of its own."""
    made = await wiring.tenants.create("river", "  River Church ")
    found = await wiring.tenants.by_slug("river")
    assert (found.id, found.name, found.status) == (made.id, "River Church", "active")
    async with wiring.database.transaction(Scope.system(found.ref)) as tx:
        assert await tx.connection.fetchval("select current_schema()") == schema_of(made.id)
    async with wiring.database.shard() as connection:
        assert await connection.fetchval("select kind from outbox") == "tenants.opened"


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "../x",
        "public",
        "pg_catalog",
        "a" * 64,
        "-a",
        "a-",
        "Grace",
        "gräce",
        "a b",
        "a.b",
        "a\x00",
        "www",
        "a/b",
    ],
)
async def test_a_bad_slug_is_refused_and_named(wiring: Wiring, slug: str) -> None:
    """Nothing is made, the error names /slug, and looking for it finds nothing."""
    with pytest.raises(BadSlug) as caught:
        await wiring.tenants.create(slug, "X")
    assert caught.value.errors[0].pointer == "/slug"
    with pytest.raises(NoSuchChurch):
        await wiring.tenants.by_slug(slug)


@pytest.mark.parametrize("name", ["", "   ", "a" * 201, "a\x00b", "a\nb"])
async def test_a_bad_name_is_refused(wiring: Wiring, name: str) -> None:
    """A church's name has 1 to 200 printable characters."""
    with pytest.raises(BadName):
        await wiring.tenants.create("fine", name)


async def test_two_creations_of_one_slug_make_one_church(wiring: Wiring) -> None:
    """Of eight at once exactly one wins; the others hear that the slug is taken; no schema is left over."""
    results = await asyncio.gather(
        *(wiring.tenants.create("river", f"R{n}") for n in range(8)), return_exceptions=True
    )
    made = [r for r in results if not isinstance(r, BaseException)]
    assert len(made) == 1
    assert all(isinstance(r, SlugTaken) for r in results if isinstance(r, BaseException))
    with psycopg.connect(wiring.settings.owner_url) as connection:
        schemas = connection.execute(
            "select count(*) from pg_namespace where nspname like 'church\\_%'"
        ).fetchone()
    assert schemas == (3,)  # grace, hope and the one


async def test_a_schema_that_cannot_be_made_frees_the_slug(wiring: Wiring) -> None:
    """When the second half of making a church fails, the first is taken back."""
    taken = await wiring.tenants.by_slug("hope")
    async with wiring.database.control() as connection:
        await connection.execute("delete from tenants where id = $1", taken.id)  # its schema stays in the way
    with pytest.raises(Exception, match="already exists"):
        await wiring.tenants.create("lake", "Lake", id=taken.id)
    assert (await wiring.tenants.create("lake", "Lake")).status == "active"


async def test_suspend_resume_and_delete(wiring: Wiring) -> None:
    """Each step is announced; a step that does not fit the status is refused; a deleted church leaves nothing."""
    made = await wiring.tenants.create("river", "River")
    assert (await wiring.tenants.suspend("river")).status == "suspended"
    with pytest.raises(WrongStatus):
        await wiring.tenants.suspend("river")
    assert (await wiring.tenants.resume("river")).status == "active"
    await wiring.tenants.delete("river")
    with pytest.raises(NoSuchChurch):
        await wiring.tenants.by_slug("river")
    async with wiring.database.shard() as connection:
        assert (
            await connection.fetchval("select count(*) from outbox where church = $1", made.ref.schema) == 0
        )
    with psycopg.connect(wiring.settings.owner_url) as connection:
        for query in (
            "select 1 from pg_namespace where nspname = %s",
            "select 1 from pg_roles where rolname = %s",
        ):
            assert connection.execute(query, (made.ref.schema,)).fetchone() is None


async def test_a_paused_churchs_sockets_are_sent_away(wiring: Wiring) -> None:
    """Pausing orders every node to close everybody, and writes it down for nodes that miss the order."""
    made = await wiring.tenants.create("river", "River")
    heard: list[Publication] = []

    class Ears:
        def committed(self, scope: Scope, publication: Publication, *, signals: bool) -> None:
            heard.append(publication)

    wiring.database.announcer = Ears()
    await wiring.tenants.suspend("river")
    assert [(order.act, order.person, order.code) for order in heard[0].orders] == [("kick", None, 4501)]
    (event,) = await wiring.log.read(Topic(made.id, "control", "people"), 0, 10)
    assert event.event == "kick"


async def test_churches_are_listed_page_by_page(wiring: Wiring) -> None:
    """A page begins after the given slug."""
    slugs = [t.slug for t in await wiring.tenants.page(most=1)]
    slugs += [t.slug for t in await wiring.tenants.page(after=slugs[-1], most=1)]
    assert slugs == ["grace", "hope"]
