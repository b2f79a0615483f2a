"""`narthex bench NAME`: measure an installation of our own on this machine, and our peers in the same run.

The targets stand beside the figures; quote ratios and medians, for machines differ and drift.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from server.cli.errors import Stopped
from server.cli.screen import note

# name → module, function, what it measures, and what `--quick` makes of it: enough to prove that it runs
BENCHES: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "fanout": (
        "fanout",
        "fanout",
        "P1 to P3: the cost of a delivered message",
        {"clients": 100, "seconds": 1.0, "rounds": 1, "sizes": (50,)},
    ),
    "growth": (
        "fanout",
        "growth",
        "P1 and P2 alone, at 500, 2,000 and 8,000 clients",
        {"sizes": (50, 100), "seconds": 1.0},
    ),
    "sends": (
        "sends",
        "sends",
        "P4: acknowledged messages a second",
        {"writers": 32, "seconds": 1.0, "rounds": 1},
    ),
    "connections": (
        "connections",
        "connections",
        "P5 and P6: memory of a connection, joins, coming back",
        {"few": 100, "many": 250, "rest": 0.5},
    ),
    "jitter": (
        "jitter",
        "jitter",
        "R2: everything arrives although sockets are cut",
        {"clients": 50, "seconds": 8.0, "every": 4.0, "away": 1.0, "patience": 6.0},
    ),
    "door": (
        "door",
        "door",
        "P7: a page of 50 through the whole house, beside a bare handler",
        {"accounts": 200, "seconds": 1.0, "rounds": 1},
    ),
    "churches": (
        "churches",
        "churches",
        "P9: a thousand churches on one shard",
        {"churches": 5, "seconds": 1.0, "rounds": 1, "rate": 50.0},
    ),
    "prayer": (
        "prayer",
        "prayer",
        "C1 to C5: from asking to the queue and the walls, an old wall, races, needs found",
        {"approvals": 5, "walls": 20, "races": 12, "archived": 300, "seconds": 1.0},
    ),
    "bytes": (
        "bytes",
        "measure_bytes",
        "P10: what a visitor's browser receives, in Chromium",
        {"messages": 5},
    ),
    "widgets": (
        "widgets",
        "widgets",
        "W1 to W4: what the widgets cost a page and a visitor's patience, in Chromium",
        {"rounds": 1, "taps": 2, "messages": 300},
    ),
    "start": (
        "start",
        "start",
        "P11: from a fresh clone to the first page",
        {"setup": False, "warm": 1},
    ),
    "fairness": (
        "fairness",
        "fairness",
        "a quiet church beside one that floods",
        {"clients": 50, "flooders": 32, "seconds": 1.5, "rounds": 1},
    ),
}


def bench(
    name: str | None = None,
    *,
    json: Annotated[bool, Parameter(negative="")] = False,
    quick: Annotated[bool, Parameter(negative="")] = False,
    churches: Annotated[int | None, Parameter(validator=Number(gte=1, lte=100_000))] = None,
    url: str | None = None,
) -> int:
    """Measure; without a name, say what can be measured.

    Parameters
    ----------
    name
        One of the list, or `all`: one after the other, which takes an hour or two.
    json
        One JSON object a line, for programs.
    quick
        A short run with few clients: it proves that the bench works, its figures mean nothing.
    churches
        How many churches the bench `churches` makes, instead of 1,000.
    url
        For `door`: measure the installation that answers here, instead of one of its own.
    """
    if name is None:
        for known, (_, _, about, _) in BENCHES.items():
            note(f"{known:<12} {about}")
        return 0
    if name != "all" and name not in BENCHES:
        raise Stopped(f"There is no bench {name!r}; there are: {', '.join(BENCHES)}, all.", code=2)
    if url is not None and name != "door":
        raise Stopped("Only `door` can measure an installation that runs already.", code=2)
    if name != "all":
        _measure(name, json, {**(BENCHES[name][3] if quick else {}), **_asked(name, churches, url)})
        return 0
    return max([_go_on(each, json, BENCHES[each][3] if quick else {}) for each in BENCHES])


def _asked(name: str, churches: int | None, url: str | None) -> dict[str, Any]:
    """Return the options that this bench takes."""
    given = {"churches": churches if name == "churches" else None, "url": url}
    return {option: value for option, value in given.items() if value is not None}


def _measure(name: str, json: bool, options: dict[str, Any]) -> None:
    from server.cli.bench.report import tell
    from server.cli.bench.stage import Stage

    module, function, about, _ = BENCHES[name]
    note(f"{name}: {about} …")
    measure: Callable[..., Any] = getattr(import_module(f"server.cli.bench.{module}"), function)
    Stage.postgres.clear()
    report = measure(**options)
    report.postgres = dict(Stage.postgres)
    tell(report, json=json)


def _go_on(name: str, json: bool, options: dict[str, Any]) -> int:
    """Measure one of all; what fails, or needs what is not here, is named and the others go on."""
    try:
        _measure(name, json, options)
    except Exception as error:
        note(f"{name} could not be measured: {error}")
        return 1
    return 0
