"""The sockets' document is complete: every frame, every payload, every reference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import httpx
import jsonschema
import msgspec
import pytest

from realtime import closes, frames
from realtime.log import Position
from server.web.asyncapi import TOPICS, TopicDoc, document
from server.wiring import Wiring


class Said(msgspec.Struct, frozen=True):
    """A sample payload."""

    body: str


DOCUMENT = document(
    "https://live.example", [TopicDoc("chat", "A room.", pushes={"message.send": Said}, snapshot=Said)]
)


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_every_reference_leads_somewhere() -> None:
    """Each `$ref` names a part of the document."""
    found = set(references(DOCUMENT))
    assert "#/components/schemas/Said" in found
    for reference in found:
        part: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]
        assert part


@pytest.mark.parametrize("union", [frames.ClientFrame, frames.ServerFrame])
def test_every_frame_is_a_message(union: Any) -> None:
    """No frame of the protocol is missing."""
    for kind in get_args(union):
        tag = kind.__struct_config__.tag
        assert tag in DOCUMENT["components"]["messages"]
        assert DOCUMENT["components"]["messages"][tag]["summary"]


def test_every_close_code_is_told() -> None:
    """The table of close codes has all of them."""
    for code in closes.ALL:
        assert f"| {code} |" in DOCUMENT["info"]["description"]


@pytest.mark.asyncio(loop_scope="module")
async def test_the_document_of_an_installation_is_served(client: httpx.AsyncClient, wiring: Wiring) -> None:
    """`/docs/asyncapi.json` tells every push of a room and leads nowhere wrong."""
    answer = await client.get("/docs/asyncapi.json")
    assert answer.status_code == 200
    found = answer.json()
    (chat,) = [topic for topic in found["channels"]["live"]["x-topics"] if topic["kind"] == "chat"]
    assert set(chat["pushes"]) == set(wiring.channels()["chat"]._takes)  # type: ignore[attr-defined]
    for reference in set(references(found)):
        part: Any = found
        for step in reference.removeprefix("#/").split("/"):
            part = part[step]


def test_a_real_frame_fits_its_schema() -> None:
    """What the server encodes validates against the schema that it publishes."""
    schema = {"$ref": "#/components/schemas/Places", "components": DOCUMENT["components"]}
    frame = msgspec.json.decode(frames.encode(frames.Places({"chat:a": Position("3.1", 7)})))
    jsonschema.validate(frame, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"type": "position", "topics": {"chat:a": [3, "x"]}}, schema)


def test_every_kind_of_topic_is_documented(wiring: Wiring) -> None:
    """Whoever writes a client finds each topic that somebody answers for, and no other."""
    assert {topic.kind for topic in TOPICS} == set(wiring.channels())
