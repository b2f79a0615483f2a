"""R7: every operation of the API's document, fuzzed: no answer of 5xx, no crash, no unhandled line in the log."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server.settings import Settings
from server.web.app import create_app
from server.web.document import Document
from server.wiring import build
from tests.acceptance.people import People
from tests.web_process import Process, started

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 12  # of each operation and kind; `make test` stays bounded
NOISE = ("error", "critical")
on_module_loop = pytest.mark.asyncio(loop_scope="module")


def document() -> dict[str, Any]:
    """Write the document of the whole application; nothing is connected for it."""
    secret = base64.b64encode(bytes(32)).decode()
    return Document(
        create_app(build(Settings(database_url="postgresql://nowhere/x", secret_key=secret)))
    ).build()


SCHEMA = schemathesis.openapi.from_dict(document())
OPERATIONS = sorted(
    (method, path)
    for path, item in SCHEMA.raw_schema["paths"].items()
    for method in item
    if method != "parameters"
)


class Served(msgspec.Struct):
    """A web process, its log, and who asks: the owner of a church, an operator where it is about the installation."""

    process: Process
    log: Path
    people: People
    loop: asyncio.AbstractEventLoop
    operator: str
    read: int = 0
    token: str = ""

    def renew(self) -> None:
        """Sign the owner in again: some operations sign out."""
        asking = self.people.token("grace", "owner")
        self.token = asyncio.run_coroutine_threadsafe(asking, self.loop).result(30)

    def call(self, case: Any) -> Any:
        """Ask in the name of the owner of `grace`, or of the operator."""
        if case.path.startswith("/api/v1/operator/"):
            headers = {"authorization": f"Bearer {self.operator}"}
            return case.call(base_url=self.process.url, headers=headers, timeout=30)
        if "church" in (case.path_parameters or {}):
            case.path_parameters["church"] = "grace"
        for _ in range(2):
            headers = {"authorization": f"Bearer {self.token}"}
            answer = case.call(base_url=self.process.url, headers=headers, timeout=30)
            if answer.status_code != 401:
                break
            self.renew()
        return answer

    def new_lines(self) -> list[dict[str, Any]]:
        """Return what was logged since the last look."""
        with self.log.open("rb") as file:
            file.seek(self.read)
            data = file.read()
            self.read = file.tell()
        return [json.loads(line) for line in data.splitlines()]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(
    settings: Settings, people: People, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """Give a running web process of the installation."""
    log = tmp_path_factory.mktemp("log") / "web.log"
    with started(settings, log) as process:
        found = Served(process, log, people, asyncio.get_running_loop(), await people.operator_token())
        found.token = await people.token("grace", "owner")
        yield found
        assert process.popen.poll() is None, "the process has crashed"


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@on_module_loop
async def test_fuzzed(served: Served, method: str, path: str) -> None:
    """Whatever is sent, the answer is one that the document names, and nothing unforeseen is logged."""
    operation = SCHEMA[path][method]
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @given(case=cases)
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def fuzz(case: Any) -> None:
        case.validate_response(served.call(case), checks=CHECKS)

    await asyncio.to_thread(fuzz)
    lines = served.new_lines()
    assert lines or path.startswith("/health/")  # balancers' questions are not logged
    assert [line for line in lines if line["level"] in NOISE or "exception" in line] == []


@on_module_loop
async def test_operators_are_let_in(served: Served) -> None:
    """What is fuzzed as an operator gets past the door."""
    headers = {"authorization": f"Bearer {served.operator}"}
    async with httpx.AsyncClient(base_url=served.process.url, headers=headers, timeout=30) as client:
        assert (await client.get("/api/v1/operator/me")).status_code == 200
