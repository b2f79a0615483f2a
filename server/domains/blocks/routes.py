"""Blocks over HTTP."""

from __future__ import annotations

from uuid import UUID

from litestar import delete, get, put

from server.domains.blocks import policy
from server.domains.blocks.schemas import Blocks
from server.domains.blocks.service import BlocksService
from server.kit.scope import Scope


@get(
    "/chat/blocks",
    operation_id="blocks",
    summary="Whom I blocked",
    tags=["chat"],
    opt={"rule": policy.BLOCK},
)
async def mine(scope: Scope, blocks: BlocksService) -> Blocks:
    """In the order in which I did."""
    return Blocks(await blocks.mine(scope))


@put(
    "/chat/blocks/{person_id:uuid}",
    operation_id="block_person",
    summary="Block somebody",
    tags=["chat"],
    status_code=204,
    opt={"rule": policy.BLOCK},
)
async def block(scope: Scope, blocks: BlocksService, person_id: UUID) -> None:
    """My screens hide them; they cannot mention me or write to me directly, and are not told."""
    await blocks.block(scope, person_id)


@delete(
    "/chat/blocks/{person_id:uuid}",
    operation_id="unblock_person",
    summary="Hear somebody again",
    tags=["chat"],
    opt={"rule": policy.BLOCK},
)
async def unblock(scope: Scope, blocks: BlocksService, person_id: UUID) -> None:
    """Repeating it changes nothing."""
    await blocks.unblock(scope, person_id)


ROUTES = [mine, block, unblock]
