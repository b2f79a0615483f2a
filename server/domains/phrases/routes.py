"""Saved replies over HTTP."""

from __future__ import annotations

from uuid import UUID

from litestar import delete, get, post, put

from server.domains.phrases import policy
from server.domains.phrases.schemas import PhraseBody, PhraseShown
from server.domains.phrases.service import PhrasesService
from server.kit.scope import Scope


@get(
    "/moderation/replies",
    operation_id="saved_replies",
    summary="Saved replies",
    tags=["moderation"],
    opt={"rule": policy.USE},
)
async def phrases(scope: Scope, phrases: PhrasesService) -> list[PhraseShown]:
    """By their titles; at most 200."""
    return [PhraseShown.of(phrase) for phrase in await phrases.all(scope)]


@post(
    "/moderation/replies",
    operation_id="save_reply",
    summary="Keep a reply to be used again",
    tags=["moderation"],
    opt={"rule": policy.KEEP},
)
async def add(scope: Scope, phrases: PhrasesService, data: PhraseBody) -> PhraseShown:
    """The whole team can use it."""
    return PhraseShown.of(await phrases.add(scope, data))


@put(
    "/moderation/replies/{phrase_id:uuid}",
    operation_id="change_saved_reply",
    summary="Replace a saved reply",
    tags=["moderation"],
    opt={"rule": policy.KEEP},
)
async def change(scope: Scope, phrases: PhrasesService, phrase_id: UUID, data: PhraseBody) -> PhraseShown:
    """What was sent with it stays as it was."""
    return PhraseShown.of(await phrases.change(scope, phrase_id, data))


@delete(
    "/moderation/replies/{phrase_id:uuid}",
    operation_id="remove_saved_reply",
    summary="Throw a saved reply away",
    tags=["moderation"],
    opt={"rule": policy.KEEP},
)
async def remove(scope: Scope, phrases: PhrasesService, phrase_id: UUID) -> None:
    """What was sent with it stays."""
    await phrases.remove(scope, phrase_id)


ROUTES = [phrases, add, change, remove]
