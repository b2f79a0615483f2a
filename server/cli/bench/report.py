"""What a bench says: figures by target, beside its peers of the same run; a table for people, a line for programs."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import version
from statistics import median

import msgspec

from server.cli.screen import emit, show

LIBRARIES = ("uvicorn", "uvloop", "websockets", "litestar", "asyncpg", "msgspec", "redis")


class Report(msgspec.Struct):
    """One measurement. A figure's key begins with the number of its target and ends with its unit."""

    bench: str
    params: dict[str, object]
    figures: dict[str, float]
    peers: dict[str, dict[str, float]] = {}
    targets: dict[str, str] = {}
    notes: list[str] = []
    """What a reader must know; `judged` adds each target that was missed, and what stands in its way."""
    postgres: dict[str, str] = {}
    machine: dict[str, object] = msgspec.field(default_factory=lambda: machine())
    versions: dict[str, str] = msgspec.field(default_factory=lambda: versions())


def judged(report: Report, limits: dict[str, str]) -> Report:
    """Note each target that was missed, with what limits that figure."""
    for key, target in report.targets.items():
        value = report.figures.get(key)
        if value is not None and not _holds(value, target):
            why = limits.get(key, "no limit is known: profile it")
            report.notes.append(f"{key} is {value:,.3f} and should be {target}: {why}")
    if (load := os.getloadavg()[0]) > (os.cpu_count() or 1):
        report.notes.append(
            f"Others were at work here (load {load:.1f}): times in ms mean little, ratios a little more."
        )
    return report


def _holds(value: float, target: str) -> bool:
    """Tell whether a figure is as its target asks ("≤ 0.65", "≥ 5,000", or the value itself)."""
    sign, _, number = target.rpartition(" ")
    wanted = float(number.replace(",", ""))
    return value <= wanted if sign == "≤" else value >= wanted


def machine() -> dict[str, object]:
    """Describe the machine as far as figures depend on it."""
    return {
        "system": platform.system(),
        "kernel": platform.release(),
        "arch": platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
    }


def versions() -> dict[str, str]:
    """Name the versions of what does the work."""
    return {"python": sys.version.split()[0], **{name: version(name) for name in LIBRARIES}}


def tell(report: Report, *, json: bool) -> None:
    """Print a report: one JSON object on a line, or a table with the targets beside the figures."""
    if json:
        emit(report)
        return
    rows = [(key, f"{value:,.3f}", report.targets.get(key, "")) for key, value in report.figures.items()]
    for peer, figures in report.peers.items():
        rows += [(f"{peer}: {key}", f"{value:,.3f}", "") for key, value in figures.items()]
    params = ", ".join(f"{key} {value}" for key, value in report.params.items())
    show(("figure", "measured", "target"), rows, title=f"{report.bench} ({params})")
    if report.postgres:
        told = ", ".join(f"{name} {value}" for name, value in report.postgres.items())
        sys.stdout.write(f"Postgres: {told}\n")
    for note in report.notes:
        sys.stdout.write(f"{note}\n")


def middle(values: list[float]) -> float:
    """Return the median of several rounds; not a number when there were none."""
    return median(values) if values else float("nan")
