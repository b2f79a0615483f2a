"""`narthex outbox …`: the announcements that failed too often, as staff of the installation see them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from cyclopts import App

from jobs.outbox import DeadLetter, DeadLetters
from server.cli.errors import Stopped
from server.cli.installation import opened, settings
from server.cli.options import Flag, Json
from server.cli.screen import emit, say, show
from server.kit.db import Database

app = App(name="outbox", help="See and replay announcements that failed too often.")
PAGE = 200


@app.command
async def dead(*, json: Json = False) -> None:
    """List announcements that failed too often, with the reason of the last try.

    Parameters
    ----------
    json
        Write one JSON object a line, with what was announced.
    """
    async with opened(settings("database_url", "secret_key")) as wiring:
        letters = [letter async for letter in _all(wiring.database)]
    if json:
        for letter in letters:
            emit(letter)
    elif letters:
        columns = ("number", "shard", "church", "what", "about", "tries", "died", "reason")
        show(columns, [_row(letter) for letter in letters])
        say("Mend the reason, then `narthex outbox replay NUMBER` or `narthex outbox replay --all`.")
    else:
        say("Nothing failed: there is no dead letter.")


@app.command
async def replay(number: int | None = None, *, all: Flag = False, shard: str | None = None) -> None:
    """Put an announcement that failed back in line; what had worked of it is not done again.

    Parameters
    ----------
    number
        Which one, from `narthex outbox dead`.
    all
        All of them.
    shard
        Only on this shard; needed for a number where there are several shards.
    """
    found = settings("database_url", "secret_key")
    if (number is None) != all:
        raise Stopped("Give the number of one, or --all.", code=2)
    shards = list(found.shard_urls())
    if shard is not None and shard not in shards:
        raise Stopped(f"There is no shard {shard!r}; NARTHEX_SHARDS names {', '.join(shards)}.", code=2)
    chosen = shards if shard is None else [shard]
    if number is not None and len(chosen) > 1:
        raise Stopped(f"Which shard's? Give --shard, one of {', '.join(shards)}.", code=2)
    async with opened(found) as wiring:
        letters = DeadLetters(wiring.database)
        if number is not None:
            await letters.replay(number, shard=chosen[0])
            say(f"Announcement {number} is in line again.")
        else:
            brought = sum([await letters.replay_all(shard=name) for name in chosen])
            say(f"{brought} announcements are in line again." if brought else "There is no dead letter.")


async def _all(database: Database) -> AsyncIterator[DeadLetter]:
    """Read every shard's dead letters, a page at a time."""
    letters = DeadLetters(database)
    for shard in database.shards:
        after = 0
        while page := await letters.page(shard=shard, after=after, most=PAGE):
            for letter in page:
                yield letter
            after = page[-1].id


def _row(letter: DeadLetter) -> tuple[str, ...]:
    died = f"{letter.died_at:%Y-%m-%d %H:%M}"
    about = letter.key if len(letter.key) <= 40 else f"{letter.key[:39]}…"
    return (
        str(letter.id),
        letter.shard,
        letter.church.removeprefix("church_"),
        letter.kind,
        about,
        str(letter.attempts),
        died,
        (letter.error.splitlines() or [""])[0][:200],
    )
