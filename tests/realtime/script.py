"""The example client beside PROTOCOL.md in a Node process, and what it told."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any, Self

import pytest

from realtime import frames

EXAMPLE = Path(frames.__file__).parent / "example_client.mjs"

DRIVER = """
import { live } from %s;
const [url, token, topic] = process.argv.slice(2);
const say = (kind, value) => console.log(JSON.stringify([kind, value]));
const client = live(url, async () => token, [topic], {
  onEvent: (event) => say("event", [event.seq, event.data]),
  onSnapshot: (topic, snapshot) => say("snapshot", snapshot),
  onFrame: (frame) => say("frame", frame),
});
"""


class Script:
    """Runs the client with a token in one topic; `more` is what else it shall do."""

    def __init__(self, folder: Path, url: str, token: str, topic: str, more: str = "") -> None:
        self.told: list[list[Any]] = []
        self._arguments = [url, token, topic]
        self._path = folder / "driver.mjs"
        self._path.write_text(DRIVER % json.dumps(EXAMPLE.as_uri()) + more)

    async def __aenter__(self) -> Self:
        node = shutil.which("node")
        if node is None:
            pytest.skip("Node is not installed")
        self.process = await asyncio.create_subprocess_exec(
            node, "--experimental-websocket", "--no-warnings", str(self._path), *self._arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.told.append(json.loads(line))

    def tell(self) -> None:
        """Give it a line on its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")

    def all(self, kind: str) -> list[Any]:
        """Return what it told of one kind."""
        return [value for name, value in self.told if name == kind]
