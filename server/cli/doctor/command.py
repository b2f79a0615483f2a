"""Run all looks and tell what they found."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from server.cli.doctor import databases, parts
from server.cli.doctor.finding import Finding, wrong
from server.cli.installation import churches, every_church, known
from server.cli.options import Flag, Json
from server.cli.screen import Advance, emit, progress, say, show
from server.domains.tenants.models import Tenant
from server.kit.errors import AppError
from server.settings import PREFIX, Settings, WrongSettings, read

MARKS = {"ok": ("✓", "green"), "note": ("•", "yellow"), "wrong": ("✗", "red")}


def doctor(*, settings: Flag = False, json: Json = False) -> int:
    """Say what is wrong with this installation and what to do; exit code 1 when something is.

    Parameters
    ----------
    settings
        Only list every setting with its value; secrets are masked.
    json
        Write one JSON object a line.
    """
    try:
        found = read(known(os.environ))
    except WrongSettings as error:
        return _tell(
            [wrong("settings", str(error), "Correct the variable, then run the doctor again.")], json
        )
    if settings:
        return _list(found, json)
    with progress("Looking at the installation") as advance:
        findings = asyncio.run(_look(found, advance))
    return _tell(findings, json)


async def _look(found: Settings, advance: Advance) -> Sequence[Finding]:
    findings = [*parts.look_at_settings(found), *parts.look_at_disk(found)]
    if not found.database_url:
        findings.append(
            wrong("control database", "NARTHEX_DATABASE_URL is not set.", "Set it, or try `narthex demo`.")
        )
    else:
        tenants = await _tenants(found, findings)
        findings += await asyncio.to_thread(lambda: list(databases.look(found, tenants, advance)))
    findings += [finding async for finding in parts.look_at_valkey(found)]
    findings += [finding async for finding in parts.look_at_store(found)]
    findings += await asyncio.to_thread(lambda: list(parts.look_at_mail(found)))
    return findings


async def _tenants(found: Settings, findings: list[Finding]) -> Sequence[Tenant] | None:
    """Return all churches; None when the list cannot be read, which the databases' findings explain."""
    try:
        async with churches(found) as service:
            return [tenant async for tenant in every_church(service)]
    except AppError:
        return None
    except Exception as error:  # whatever the driver says about roles and tables that are not there yet
        findings.append(wrong("list of churches", f"It cannot be read: {error}.", "Run `narthex migrate`."))
        return None


def _list(found: Settings, json: bool) -> int:
    values = {PREFIX + name.upper(): str(value) for name, value in found.masked().items()}
    if json:
        emit(values)
    else:
        show(("variable", "value"), list(values.items()))
    return 0


def _tell(findings: Sequence[Finding], json: bool) -> int:
    console = Console(soft_wrap=True, highlight=False)
    for finding in findings:
        if json:
            emit(finding)
            continue
        mark, colour = MARKS[finding.state]
        console.print(Text.assemble((mark, colour), " ", (finding.part, "bold"), ": ", finding.says))
        if finding.do:
            console.print(Text(f"  → {finding.do}", "dim"))
    bad = sum(finding.state == "wrong" for finding in findings)
    if not json:
        say(f"\n{bad} things are wrong." if bad > 1 else "\nOne thing is wrong." if bad else "\nAll is well.")
    return 1 if bad else 0
