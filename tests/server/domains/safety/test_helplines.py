"""Helplines by country: the data people review, the card made of it, and the route that anybody may ask."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from server.domains.safety import policy
from server.domains.safety.models import Country, Helplines, Rules
from server.domains.safety.schemas import Card
from server.web.app import create_app
from server.wiring import Wiring
from tests.acceptance.people import People

PATH = "/api/v1/grace/safety/helplines"
KNOWN = msgspec.json.decode((policy.DATA / "helplines.json").read_bytes(), type=Helplines)


@pytest.fixture
async def client(wiring: Wiring) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_app(wiring), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


async def card(client: httpx.AsyncClient, **query: str) -> Card:
    answer = await client.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=Card)


@pytest.mark.parametrize("code", [*KNOWN.countries, ""])
def test_each_country_helps_in_each_need(code: str) -> None:
    """Somebody listens in every need, can be reached, and an address says so; numbers can be dialled."""
    country: Country = KNOWN.countries[code] if code else KNOWN.fallback
    assert not code or re.fullmatch("[A-Z]{2}", code)
    assert country.emergency
    for kind in policy.CRISES:
        assert [line for line in country.helplines if kind in line.kinds], kind
    for line in country.helplines:
        assert line.kinds, line.name
        assert line.phone or line.text or line.url, line.name
        assert re.fullmatch(r"[\d+*][\d -]*", line.phone or "1"), line.name
        assert re.fullmatch(r"[a-z0-9.-]+(/[a-z0-9./-]+)?", line.source), line.name
        assert all(re.fullmatch("[a-z]{2}", language) for language in line.languages), line.name
        assert not line.text or {"en", "es"} <= line.text.keys(), line.name


def test_the_sentences_are_whole() -> None:
    """English and Spanish are written; every language has a sentence for each need and for danger."""
    assert KNOWN.words.keys() >= {"en", "es"}
    for words in KNOWN.words.values():
        assert words.keys() == {*policy.CRISES, "danger"}
        assert "{number}" in words["danger"]


def test_numbers_that_everybody_expects() -> None:
    """The first line of a country is its best known one."""
    expected = {
        ("US", "self_harm"): "988",
        ("US", "abuse"): "1-800-799-7233",
        ("GB", "self_harm"): "116 123",
        ("GB", "abuse"): "0808 2000 247",
        ("CA", "self_harm"): "9-8-8",
        ("AU", "self_harm"): "13 11 14",
        ("AU", "abuse"): "1800 737 732",
        ("NZ", "self_harm"): "1737",
        ("IE", "self_harm"): "116 123",
        ("ES", "self_harm"): "024",
        ("ES", "abuse"): "016",
        ("MX", "self_harm"): "800 911 2000",
        ("DE", "self_harm"): "0800 111 0 111",
        ("FR", "self_harm"): "3114",
        ("FR", "abuse"): "3919",
    }
    for (country, kind), phone in expected.items():
        lines = policy.helplines(kind, country, "en").helplines  # type: ignore[arg-type]
        assert next(line.phone for line in lines if line.phone) == phone, (country, kind)


def test_a_language_is_taken_as_far_as_it_goes() -> None:
    """`es-MX` is Spanish; where a language is not written the card is English; who speaks it stands in front."""
    assert policy.helplines("abuse", "US", "es-MX").language == "es"
    assert policy.helplines("self_harm", "US", "es").helplines[0].text == "Mensaje de texto al 988"
    assert policy.helplines("abuse", "US", "ko").language == "en"
    assert policy.helplines("abuse", "DE", "de").text.startswith("Was dir geschieht")
    french = policy.helplines("abuse", "CA", "fr")
    assert "fr" in french.helplines[0].languages


async def test_anybody_may_ask(client: httpx.AsyncClient) -> None:
    """Without an account, the card of the church's country: who listens, what to do in danger."""
    found = await card(client, kind="self_harm")
    assert (found.country, found.language, found.emergency) == ("US", "en", "911")
    assert found.danger == "In danger right now? Call 911."
    assert found.helplines[0].phone == "988"
    assert all("self_harm" in line.kinds for line in found.helplines)
    everything = await card(client)
    assert {kind for line in everything.helplines for kind in line.kinds} == {"self_harm", "abuse"}


async def test_an_unknown_country_says_where_to_look(client: httpx.AsyncClient) -> None:
    """Where no helpline is known, the emergency number and a list of the world's helplines are shown."""
    found = await card(client, kind="abuse", country="ZZ", language="es")
    assert (found.country, found.language) == ("", "es")
    assert [line.url for line in found.helplines] == ["findahelpline.com"]
    assert "112" in found.danger


@pytest.mark.parametrize(
    ("field", "value"), [("kind", "hunger"), ("country", "us"), ("country", "USA"), ("language", "e_n")]
)
async def test_a_bad_value_names_its_field(client: httpx.AsyncClient, field: str, value: str) -> None:
    """What cannot be meant is refused by name."""
    answer = await client.get(PATH, params={field: value})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == f"/{field}"


async def test_a_church_says_where_it_is(client: httpx.AsyncClient, wiring: Wiring) -> None:
    """The country stands in the church's rules and holds at once; one that is none is refused by name."""
    people = await People.settle(wiring)
    headers = {"authorization": f"Bearer {await people.token('grace', 'owner')}"}
    rules = "/api/v1/grace/safety/rules"
    answer = await client.put(rules, json=msgspec.to_builtins(Rules(country="MX")), headers=headers)
    assert answer.status_code == 200, answer.text
    assert (await card(client, kind="self_harm", language="es")).helplines[0].phone == "800 911 2000"
    assert (await card(client, country="GB")).country == "GB"
    refused = await client.put(rules, json={"country": "Mexico"}, headers=headers)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/country"
