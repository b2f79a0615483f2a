"""server.web.document."""

from __future__ import annotations

import json
from typing import Any

import httpx
import jsonschema
import pytest
from litestar import Litestar

from server.kit.idempotency import LONGEST_KEY
from server.web.app import API, handlers
from server.web.document import Document

on_module_loop = pytest.mark.asyncio(loop_scope="module")
NOTES = f"{API}/{{church}}/notes"


@pytest.fixture(scope="module")
def document(app: Litestar) -> dict[str, Any]:
    """Give the document."""
    return json.loads(Document(app).encoded)


def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for item in document["paths"].values() for operation in item.values()]


def test_every_operation_is_described(document: dict[str, Any], app: Litestar) -> None:
    """Each handler of the API has an operation with an id of its own, a summary, a tag, who may call it, refusals."""
    shown = [h for path, h in handlers(app) if h.resolve_include_in_schema() for _ in h.http_methods]
    found = operations(document)
    assert len(found) == len(shown)
    assert len({operation["operationId"] for operation in found}) == len(found)
    for operation in found:
        assert operation["summary"], operation
        assert operation["tags"], operation
        assert "For" in operation["description"], operation
        assert {"400", "404", "429", "503", "default"} <= set(operation["responses"]), operation
        assert isinstance(operation["security"], list)


def test_every_body_has_an_example_that_fits(document: dict[str, Any]) -> None:
    """Each body and answer carries an example that its own schema accepts."""
    checked = 0
    for operation in operations(document):
        for place in (operation.get("requestBody"), *operation["responses"].values()):
            for content in (place or {}).get("content", {}).values():
                schema = {**content["schema"], "components": document["components"]}
                jsonschema.Draft202012Validator(schema).validate(content["example"])
                checked += 1
    assert checked >= 5


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    """Every $ref is there."""

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                at: Any = document
                for step in node["$ref"].removeprefix("#/").split("/"):
                    at = at[step]
            for inner in node.values():
                walk(inner)
        elif isinstance(node, list):
            for inner in node:
                walk(inner)

    walk(document)


def test_what_the_sample_says(document: dict[str, Any]) -> None:
    """Bounds, unknown fields, rules, keys and versions stand in the document as they are checked."""
    listing, writing = document["paths"][NOTES]["get"], document["paths"][NOTES]["post"]
    by_name = {parameter["name"]: parameter for parameter in listing["parameters"]}
    assert by_name["limit"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 200,
        "examples": [50],
        "default": 2,
    }
    assert by_name["after"]["schema"]["maxLength"] == 512
    assert by_name["church"]["schema"]["pattern"].startswith("^[a-z0-9]")
    assert "scope" not in by_name
    note = document["components"]["schemas"]["Note"]
    assert note["additionalProperties"] is False
    assert note["properties"]["stars"]["maximum"] == 5
    assert writing["requestBody"]["content"]["application/json"]["example"]["text"] == "bring candles"
    assert {"401", "403", "409", "413", "415"} <= set(writing["responses"])
    key = next(parameter for parameter in writing["parameters"] if parameter["name"] == "Idempotency-Key")
    assert key["schema"]["maxLength"] == LONGEST_KEY
    assert "For: member, owner. API keys need the scope `notes:write`." in writing["description"]
    assert {"key": []} in writing["security"]
    assert {} not in writing["security"]
    changing = document["paths"][f"{NOTES}/{{note_id}}"]["put"]
    assert "412" in changing["responses"]
    assert {} in document["paths"][f"{NOTES}/{{note_id}}"]["get"]["security"]
    assert f"{API}/{{church}}/crash" not in document["paths"]


@on_module_loop
async def test_document_is_served(client: httpx.AsyncClient) -> None:
    """The document is at /docs/openapi.json, with an ETag."""
    answer = await client.get("/docs/openapi.json")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json"
    assert answer.json()["openapi"] == "3.1.0"
    assert answer.headers["etag"]
