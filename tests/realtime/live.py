"""A node behind a real uvicorn on a real port, for clients that want to connect."""

import asyncio
from typing import Any

import uvicorn

from realtime.errors import Dismissed
from realtime.node import Node
from tests.realtime.memory import Plant, eventually


class Live:
    """One serving process's worth: a node, its server, and a way to end both."""

    def __init__(self, node: Node, port: int = 0) -> None:
        self.node = node
        config = uvicorn.Config(
            self.app, interface="asgi3", port=port, ws="server.web.fanout_protocol:FanoutProtocol", lifespan="off",
            ws_per_message_deflate=False, ws_max_size=65_536, ws_ping_interval=None, log_level="error",
            timeout_graceful_shutdown=5,
        )  # fmt: skip
        self.server = uvicorn.Server(config)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand every connection over to the node; the last part of the path is the church."""
        await receive()
        transport = scope["extensions"]["narthex.fanout"]
        try:
            receiver = self.node.connect(scope["path"].rsplit("/", 1)[1], transport)
        except Dismissed:
            await send({"type": "websocket.close"})
            return
        await send({"type": "websocket.accept", "subprotocol": "narthex.v1"})
        transport.hand_over(receiver)

    async def start(self) -> "Live":
        """Serve."""
        self.task = asyncio.create_task(self.server._serve())
        await eventually(lambda: self.server.started)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/live/grace"
        return self

    async def stop(self) -> None:
        """Drain and end."""
        self.server.should_exit = True
        await self.task


async def serve(plant: Plant, port: int = 0, **choices: Any) -> Live:
    """Start a node of this plant and serve it."""
    return await Live(await plant.node(**choices), port).start()
