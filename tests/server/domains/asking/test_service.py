"""Asking on a real database: by anybody, counted by day, and by nobody when nobody is to be known."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
from psycopg import sql

from jobs.mails import Mails
from server.domains.accounts.errors import BadEmail
from server.domains.asking import listeners
from server.domains.asking.signals import AskerLetterDue
from server.domains.prayer.errors import ConsentMissing, LinkOver, WrongState
from server.domains.prayer.models import Settings
from server.domains.prayer.schemas import Answered, Ask, Decision, OwnRequest, Rewording
from server.domains.replies.models import Reply
from server.kit.clock import SystemClock
from server.kit.crypto import CannotOpen, random_token
from server.kit.errors import Limited, Unauthenticated
from server.kit.mail import Mailer
from server.kit.outbox import decode
from server.kit.scope import Actor, Origin, Scope, TenantRef
from server.kit.text import BadText
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
from tests.services import Mailbox

CRISIS = "I want to kill myself"


def nobody(system: Scope, address: str = "192.0.2.7") -> Scope:
    return Scope(system.tenant, Actor(), Origin(address=address, device="Firefox", request_id="r" * 24))


def bytes_of(settings: Installation, schema: str) -> set[str]:
    """Return every row of a church and of its shard as text, bytes as hex."""
    with psycopg.connect(settings.admin_url) as connection:
        tables = connection.execute(
            "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind in ('r', 'p') and n.nspname = any(%s)",
            ([schema, "shard", "control"],),
        ).fetchall()
        query = sql.SQL("select {name} || ' ' || t::text from {table} t")
        return {
            row[0]
            for space, table in tables
            for row in connection.execute(
                query.format(name=sql.Literal(table), table=sql.Identifier(space, table))
            ).fetchall()
        }


# ---- asking


async def test_anybody_asks_and_it_waits(wiring: Wiring, system: Scope, settings: Installation) -> None:
    """Without an account and without a name; whatever it says; nothing is on a wall."""
    for scope in (nobody(system), guest(system), person(system)):
        asked = await wiring.asking.ask(scope, Ask("Please pray", visibility="wall", wall_consent=True))
        assert (asked.state, asked.card) == ("held", "")
        own = await wiring.asking.own(nobody(system), asked.id, secret(asked))
        assert (own.body, own.state, own.version) == ("Please pray", "held", 1)
    assert kinds(settings) == ["prayer.held"] * 3
    assert await told(wiring, system) == []


async def test_nothing_is_kept_of_a_request_that_is_refused(wiring: Wiring, system: Scope) -> None:
    """Consents, words and addresses are looked at first, and each names its field."""
    for wrong, error, pointer in (
        (Ask("Please", visibility="wall"), ConsentMissing, "/wall_consent"),
        (Ask("a" * 5_001), BadText, "/body"),
        (Ask("Please", public_body="a" * 5_001), BadText, "/public_body"),
        (Ask("Please", email="not an address"), BadEmail, "/email"),
        (Ask("Please", email="a@b.example\nBcc: c@d.example"), BadEmail, "/email"),
    ):
        with pytest.raises(error) as caught:
            await wiring.asking.ask(guest(system), wrong)
        assert caught.value.errors[0].pointer == pointer
    assert (await wiring.tending.week(pastor(system))).asked == 0


@pytest.mark.parametrize("place", ["body", "public_body", "name"])
async def test_a_need_is_answered_at_once(
    wiring: Wiring, system: Scope, settings: Installation, place: str
) -> None:
    """The card comes with the answer, the team is told in the signal, and it waits as everything does."""
    asked = await ask(wiring, system, **{"body": "Please", place: CRISIS})
    assert (asked.card, asked.state) == ("self_harm", "held")
    ((_, data),) = announced(settings)
    assert '"crisis":"self_harm"' in data
    assert '"reason":"crisis"' in data
    assert (await seen(wiring, system, asked.id)).crisis == "self_harm"


async def test_a_need_in_a_later_change_is_answered_too(
    wiring: Wiring, system: Scope, settings: Installation
) -> None:
    """In other words, in an update and in a testimony."""
    asked = await ask(wiring, system)
    own = await wiring.asking.change(nobody(system), asked.id, Rewording(body=CRISIS), secret(asked))
    assert own.card == "self_harm"
    assert announced(settings)[-1][0] == "prayer.changed"
    assert '"crisis":"self_harm"' in announced(settings)[-1][1]
    standing = await put_up(wiring, system)
    reply = await wiring.asking.add_update(nobody(system), standing.id, CRISIS, secret(standing))
    assert (reply.card, reply.state) == ("self_harm", "held")
    own = await wiring.asking.answered(nobody(system), standing.id, Answered(CRISIS), secret(standing))
    assert (own.card, own.testimony) == ("self_harm", "")
    assert (
        sum('"crisis":"self_harm"' in data for kind, data in announced(settings) if kind == "replies.held")
        == 2
    )


async def test_asked_again_with_the_same_secret_it_is_there_once(
    wiring: Wiring, system: Scope, settings: Installation
) -> None:
    """Whose answer was lost asks again, at once or while the first try is on its way: one request, and its link."""
    ask = Ask(body="My father is ill", secret=random_token(), anonymous=True)
    answers = await asyncio.gather(*(wiring.asking.ask(nobody(system), ask) for _ in range(4)))
    again = await wiring.asking.ask(nobody(system, "203.0.113.9"), ask)
    assert {(one.id, one.link) for one in (*answers, again)} == {(again.id, again.link)}
    assert again.link.endswith(f".{ask.secret}")
    assert (await wiring.asking.own(nobody(system), again.id, ask.secret)).body == "My father is ill"
    other = await wiring.asking.ask(nobody(system), msgspec.structs.replace(ask, secret=random_token()))
    assert other.id != again.id


async def test_links_and_doubles_are_pointed_out(wiring: Wiring, system: Scope) -> None:
    """The team sees why to look closer; a church may not mind links."""
    words = "Please pray for the long operation of my mother on Monday in the hospital"
    first = await ask(wiring, system, words)
    double = await ask(wiring, system, words + "!")
    link = await ask(wiring, system, "Look at https://pills.example")
    assert [(await seen(wiring, system, one.id)).reason for one in (first, double, link)] == [
        "", "duplicate", "link",
    ]  # fmt: skip
    await wiring.tending.set_settings(person(system, "Ada", "admin"), Settings(links=False), None)
    other = await ask(wiring, system, "See www.other.example for more")
    assert (await seen(wiring, system, other.id)).reason == ""


async def test_a_few_words_may_be_the_same(wiring: Wiring, system: Scope) -> None:
    """Many ask for their mother: only what comes again and again looks like one person's doing."""
    asked = [await ask(wiring, system, "Please pray for my mother") for _ in range(6)]
    assert [(await seen(wiring, system, one.id)).reason for one in asked] == [""] * 5 + ["duplicate"]


async def test_who_asks_too_often_waits(wiring: Wiring, system: Scope) -> None:
    """A person five times a day, an address ten times that however many guests it makes; the team is not counted."""
    await wiring.tending.set_settings(person(system, "Ada", "admin"), Settings(asks_a_day=1), None)
    me = person(system)
    await ask(wiring, system, asker=me)
    with pytest.raises(Limited):
        await ask(wiring, system, asker=me, anonymous=True)
    for _ in range(10):
        await ask(wiring, system, asker=guest(system, address="192.0.2.9"))
    for scope in (guest(system, address="192.0.2.9"), nobody(system, "192.0.2.9")):
        with pytest.raises(Limited):
            await ask(wiring, system, asker=scope)
    await ask(wiring, system, asker=nobody(system, "192.0.2.10"))
    team = helper(system)
    for _ in range(3):
        await ask(wiring, system, asker=team)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "'; drop table prayer_requests; --",
        "\u202egnirts",
        "{church} %s",
        "🙏" * 99,
    ],
)
async def test_hostile_values_are_words(wiring: Wiring, system: Scope, text: str) -> None:
    """What is written is kept as text, shown as text and found as text."""
    asked = await put_up(wiring, system, text, public_body=text, name=text[:60])
    kept = text.replace("\u202e", "")
    assert (await seen(wiring, system, asked.id)).body == kept
    assert (await told(wiring, system))[0][1]["body"] == kept
    assert (await wiring.asking.own(nobody(system), asked.id, secret(asked))).public_body == kept


# ---- nobody


async def test_nobody_stands_in_any_row(wiring: Wiring, system: Scope, settings: Installation) -> None:
    """No byte that an anonymous request leaves, in any table or signal, names person, session, device or address.

    Nor does what its asker does later: change, update, testimony, taking back.
    """
    account = await wiring.accounts.create(
        system, email="zipporah@midian.example", name="Zipporah Jethro", password="a well in the desert 7",
        roles=frozenset({"member"}),
    )  # fmt: skip
    origin = Origin(address="198.51.100.77", device="NokiaBrowser", request_id="q" * 24)
    session = uuid4()
    me = Scope(
        system.tenant, Actor("person", account.id, account.name, account.roles, session=session), origin
    )
    before = bytes_of(settings, system.tenant.schema)
    first, second = [
        await ask(
            wiring, system, "Somewhat", asker=me, anonymous=True, name="Zippy", email="zip@midian.example"
        )
        for _ in range(2)
    ]
    await wiring.tending.decide(helper(system), first.id, Decision("approve", 1))
    await wiring.asking.change(me, first.id, Rewording(urgent=True, category="family"), secret(first))
    await wiring.asking.add_update(me, first.id, "Better", secret(first))
    await wiring.asking.answered(me, first.id, Answered("Well"), secret(first))
    await wiring.asking.withdraw(me, second.id, secret(second))
    fresh = bytes_of(settings, system.tenant.schema) - before
    assert len(fresh) > 10
    traces = [
        str(account.id),
        account.id.hex,
        str(session),
        session.hex,
        "198.51.100.77",
        "NokiaBrowser",
        "q" * 24,
    ]
    for word in (*traces, "zipporah", "Zipporah", "Jethro", "midian", "zip@", "Zippy"):
        hexed = word.encode().hex()
        assert [row for row in fresh if word in row or hexed in row] == [], word
    assert str(first.id) not in str([row for row in fresh if str(second.id) in row])  # nothing joins the two
    found = await seen(wiring, system, first.id)
    assert (found.sealed, found.asker, found.name, found.anonymous) == (True, None, "", True)
    assert await told_me(wiring, me) == []
    await ask(wiring, system, asker=me)  # the search does find who gives their name
    assert [row for row in bytes_of(settings, system.tenant.schema) - before if str(account.id) in row]


async def test_what_is_sealed_is_opened_with_a_reason(wiring: Wiring, system: Scope) -> None:
    """The envelope holds who asked; it opens for its own request alone."""
    me = person(system, "Ruth")
    asked = await ask(wiring, system, asker=me, anonymous=True, email="Ruth@Mail.Example")
    found = await wiring.tending.unseal(pastor(system), asked.id, "Asked to be called back")
    assert (found.person_id, found.name, found.email) == (id_of(me), "Ruth", "ruth@mail.example")
    other = await ask(wiring, system, asker=me, anonymous=True)
    async with wiring.database.transaction(system) as tx:
        await tx.connection.execute(
            "update prayer_sealed set box = (select box from prayer_sealed where request_id = $1)"
            " where request_id = $2",
            asked.id,
            other.id,
        )
    with pytest.raises(CannotOpen):
        await wiring.tending.unseal(pastor(system), other.id, "Asked to be called back")


# ---- one's own


async def test_a_link_opens_its_own_request_alone(wiring: Wiring, system: Scope, other_system: Scope) -> None:
    """Another request's, a made-up one, another church's, and none at all do not."""
    asked, other = await ask(wiring, system), await ask(wiring, system)
    foreign = await ask(wiring, other_system)
    for id, link in (
        (asked.id, secret(other)),
        (asked.id, "x" * 43),
        (uuid4(), secret(asked)),
        (foreign.id, secret(foreign)),
    ):
        with pytest.raises(LinkOver):
            await wiring.asking.own(nobody(system), id, link)
        with pytest.raises(LinkOver):
            await wiring.asking.withdraw(nobody(system), id, link)
    with pytest.raises(Unauthenticated):
        await wiring.asking.own(nobody(system), asked.id, None)
    assert (await wiring.asking.own(nobody(system), asked.id, secret(asked))).state == "held"


async def test_who_asked_under_their_name_needs_no_link(wiring: Wiring, system: Scope) -> None:
    """Their account opens it and lists it; what they asked anonymously is neither theirs nor anybody's."""
    me = person(system)
    named, hidden = await ask(wiring, system, asker=me), await ask(wiring, system, asker=me, anonymous=True)
    assert (await wiring.asking.own(me, named.id, None)).id == named.id
    for scope, id in ((me, hidden.id), (person(system), named.id), (pastor(system), named.id)):
        with pytest.raises(LinkOver):
            await wiring.asking.own(scope, id, None)
    assert [one.id for one in await wiring.asking.mine(me)] == [named.id]
    assert await wiring.asking.mine(person(system)) == []


async def test_own_requests_come_by_page(wiring: Wiring, system: Scope) -> None:
    """Newest first, each once."""
    me = person(system)
    ids = [(await ask(wiring, system, asker=me)).id for _ in range(3)]
    first = await wiring.asking.mine(me, most=2)
    rest = await wiring.asking.mine(me, before=(first[-1].at, first[-1].id), most=2)
    assert [one.id for one in (*first, *rest)] == ids[::-1]


async def test_what_is_taken_back_is_gone(wiring: Wiring, system: Scope, settings: Installation) -> None:
    """Off the wall, its words and its envelope with it; the link still says what became of it, once."""
    asked = await put_up(
        wiring, system, "My secret knee", public_body="Secret", email="a@b.example", name="Ruth"
    )
    await wiring.asking.add_update(nobody(system), asked.id, "secret update", secret(asked))
    own = await wiring.asking.withdraw(nobody(system), asked.id, secret(asked))
    assert (own.state, own.body, own.public_body, own.name, own.replies) == ("withdrawn", "", "", "", ())
    rows = " ".join(bytes_of(settings, system.tenant.schema)).casefold()
    assert "secret" not in rows
    assert b"secret".hex() not in rows
    assert not (await seen(wiring, system, asked.id)).sealed
    assert kinds(settings)[-1] == "prayer.withdrawn"
    for act in (
        wiring.asking.withdraw(nobody(system), asked.id, secret(asked)),
        wiring.asking.renew(nobody(system), asked.id, secret(asked)),
        wiring.asking.answered(nobody(system), asked.id, Answered(), secret(asked)),
        wiring.asking.change(nobody(system), asked.id, Rewording(body="Again"), secret(asked)),
    ):
        with pytest.raises(WrongState):
            await act


async def test_an_answer_is_told_at_once_and_its_words_wait(wiring: Wiring, system: Scope) -> None:
    """The wall shows it as answered; the testimony once somebody let it stand; the asker sees their own meanwhile."""
    asked = await put_up(wiring, system)
    own = await wiring.asking.answered(nobody(system), asked.id, Answered("She is home"), secret(asked))
    assert (own.state, own.testimony, [(one.kind, one.state) for one in own.replies]) == (
        "answered", "", [("testimony", "held")],
    )  # fmt: skip
    kind, data = (await told(wiring, system))[-1]
    assert (kind, data["state"], data.get("testimony")) == ("prayer.changed", "answered", None)
    async with wiring.database.transaction(pastor(system)) as tx:
        reply: Reply = await wiring.encouragement.decide_reply_in(
            tx, own.replies[0].id, approve=True, version=1
        )
    assert reply.state == "posted"
    assert (await told(wiring, system))[-1][1]["testimony"] == "She is home"


async def test_a_refused_testimony_leaves_the_request_as_it_was(wiring: Wiring, system: Scope) -> None:
    """Words beyond the bound are refused before anything happens."""
    asked = await put_up(wiring, system)
    with pytest.raises(BadText):
        await wiring.asking.answered(nobody(system), asked.id, Answered("a" * 1_001), secret(asked))
    assert (await seen(wiring, system, asked.id)).state == "approved"


async def test_the_asker_hears_how_many_prayed(wiring: Wiring, system: Scope) -> None:
    """Unless they do not want to."""

    async def own() -> OwnRequest:
        return await wiring.asking.own(nobody(system), asked.id, secret(asked))

    asked = await put_up(wiring, system, anonymous=True)
    async with wiring.database.transaction(system) as tx:
        mark = wiring.intercession.mark(guest(system), asked.id, None)
        await wiring.intercession.pray(tx, [(asked.id, mark)])
    assert (await own()).prayed == 1
    await wiring.asking.change(nobody(system), asked.id, Rewording(tell_prayed=False), secret(asked))
    assert (await own()).prayed == 0


# ---- the letter


async def deliver(wiring: Wiring, settings: Installation, system: Scope) -> None:
    """Run the waiting signals of letters as a relay would, each twice."""
    listener: Any = listeners.listeners(wiring.asking)[0]
    for kind, data in announced(settings):
        if kind == "asking.letter_due":
            for _ in range(2):
                async with wiring.database.transaction(system) as tx:
                    await listener.handle(tx, decode(data.encode(), AskerLetterDue))


async def test_a_letter_carries_the_link_once(
    wiring: Wiring, system: Scope, settings: Installation, mail: Mailbox
) -> None:
    """It comes to the address that was left, in the request's language, holds none of the words, and opens the request.

    Address and token are readable nowhere: neither while it waits as a signal nor once it is sent.
    """
    asked = await ask(
        wiring,
        system,
        "My secret knee",
        anonymous=True,
        name="Ruth",
        email="ruth@mail.example",
        language="es",
    )
    for row in bytes_of(settings, system.tenant.schema):
        for word in ("mail.example", secret(asked)):
            assert word not in row
            assert word.encode().hex() not in row
    await deliver(wiring, settings, system)

    async def find(church: str) -> TenantRef | None:
        return system.tenant

    mailer = Mailer(f"smtp://{mail.host}:{mail.port}", "Narthex <no-reply@narthex.example>", SystemClock())
    await Mails(wiring.database, mailer, find).drain("main")
    (delivery,) = await mail.received()
    body = delivery.message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert delivery.message["To"] == "ruth@mail.example"
    assert delivery.message["Subject"] == "Su petición de oración en Grace Church"
    assert "knee" not in text
    assert "Ruth" not in text
    found = re.search(r"#own=([0-9a-f-]{36})\.([\w-]{43})\s", text)
    assert found, text
    own = await wiring.asking.own(nobody(system), UUID(found[1]), found[2])
    assert own.id == asked.id
    rows = " ".join(bytes_of(settings, system.tenant.schema))
    assert "mail.example" not in rows
    assert b"mail.example".hex() not in rows


async def test_no_letter_without_an_address(wiring: Wiring, system: Scope, settings: Installation) -> None:
    """And nobody floods one mailbox through us."""
    await ask(wiring, system)
    assert "asking.letter_due" not in kinds(settings)
    for _ in range(5):
        await ask(wiring, system, email="ruth@mail.example")
    with pytest.raises(Limited):
        await ask(wiring, system, email="Ruth@Mail.example")
    assert kinds(settings).count("asking.letter_due") == 5


def test_a_link_is_told_once(wiring: Wiring) -> None:
    """Nothing that is answered later holds a token."""
    assert "link" not in {field.name for field in msgspec.structs.fields(OwnRequest)}
