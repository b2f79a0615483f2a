"""Look at everything that is not Postgres: settings, Valkey, the file store, mail, disks."""

from __future__ import annotations

import ipaddress
import secrets
import shutil
import smtplib
import time
from collections.abc import AsyncIterator, Iterator
from urllib.parse import unquote, urlsplit

import redis.asyncio as redis

from realtime.wire_redis import AWAY
from server.cli.doctor.databases import clock_finding
from server.cli.doctor.finding import Finding, note, ok, wrong
from server.cli.stores import store_of
from server.domains.files.errors import StoreAway
from server.kit.crypto import Keyring
from server.kit.errors import AppError
from server.settings import Settings

OLDEST_VALKEY, OLDEST_REDIS = (
    8,
    7,
)  # sharded pub/sub and functions are in Redis from 7, Valkey from its first, 7.2
ANSWER_SECONDS = 5.0
LEAST_FREE, BETTER_FREE = 256 * 1024 * 1024, 2 * 1024 * 1024 * 1024  # bytes


def look_at_settings(found: Settings) -> Iterator[Finding]:
    """Look at what can be judged without asking anybody."""
    try:
        Keyring.parse(found.secret_key)
    except ValueError as error:
        yield wrong("secret key", f"{error}", "Make one with `openssl rand -base64 32` and keep it safe.")
    else:
        yield ok("secret key", "It can be used.")
    address = urlsplit(found.public_url)
    if address.scheme not in ("http", "https") or not address.hostname:
        yield wrong("public address", f"{found.public_url!r} is no web address.", "Set NARTHEX_PUBLIC_URL.")
    elif address.scheme == "http" and not _loopback(address.hostname):
        yield wrong(
            "public address",
            "It is plain http: the console cannot sign in, because browsers keep its cookie to https.",
            "Put a proxy with a certificate in front, and set NARTHEX_PUBLIC_URL to https://….",
        )
    else:
        yield ok("public address", found.public_url)


def look_at_disk(found: Settings) -> Iterator[Finding]:
    """Look at the room for what is kept on this machine."""
    folder = found.data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    says = f"{free >> 20:,} MB are free in {folder}."
    if free < LEAST_FREE:
        yield wrong("disk", says, "Make room: backups and exports are written there.")
    elif free < BETTER_FREE:
        yield note("disk", says, "Make room soon.")
    else:
        yield ok("disk", says)


async def look_at_valkey(found: Settings) -> AsyncIterator[Finding]:
    """Ask Valkey for its version, its policy and its time."""
    if not found.valkey_url:
        yield note(
            "valkey",
            "NARTHEX_VALKEY_URL is not set: one web process serves alone, and no job can be queued.",
            "Set it before there is a second process.",
        )
        return
    try:
        client = redis.Redis.from_url(
            found.valkey_url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS
        )
    except ValueError as error:
        yield wrong("valkey", f"The address cannot be read: {error}.", "Check NARTHEX_VALKEY_URL.")
        return
    async with client:
        try:
            began = time.time()
            seconds, micros = await client.time()
            skew = seconds + micros / 1e6 - (began + time.time()) / 2
            info = await client.info()
        except AWAY as error:
            yield wrong("valkey", f"It does not answer: {error}.", "Start it, or check NARTHEX_VALKEY_URL.")
            return
    yield _version(info)
    yield clock_finding("valkey", skew)
    if info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction":
        yield wrong(
            "valkey",
            f"It throws away what does not fit ({info.get('maxmemory_policy')}): queued jobs could vanish.",
            "Set maxmemory-policy to noeviction.",
        )


def _version(info: dict[str, object]) -> Finding:
    kind, oldest, found = ("Redis", OLDEST_REDIS, str(info.get("redis_version", "0")))
    if "valkey_version" in info:
        kind, oldest, found = "Valkey", OLDEST_VALKEY, str(info["valkey_version"])
    if int(found.split(".")[0]) < oldest:
        return wrong("valkey", f"This is {kind} {found}.", f"Take {kind} {oldest} or newer.")
    return ok("valkey", f"{kind} {found} answers.")


async def look_at_store(found: Settings) -> AsyncIterator[Finding]:
    """Write, read and delete a small file."""
    key, text = f"doctor/{secrets.token_hex(8)}", b"Narthex was here."

    async def content() -> AsyncIterator[bytes]:
        yield text

    part = "file store" if found.s3_endpoint else "files on this machine"
    variables = (
        "NARTHEX_S3_ENDPOINT, _BUCKET, _ACCESS_KEY and _SECRET_KEY"
        if found.s3_endpoint
        else "NARTHEX_DATA_DIR"
    )
    try:
        async with store_of(found) as store:
            await store.put(key, content())
            back = b"".join([chunk async for chunk in store.read(key)])
            await store.delete(key)
    except (StoreAway, AppError, OSError, ValueError) as error:
        yield wrong(part, getattr(error, "detail", str(error)), f"Check {variables}.")
        return
    if back == text:
        yield ok(part, "Writing, reading and deleting work.")
    else:
        yield wrong(part, "It gave back something else than it was given.", "Look at the store itself.")


def look_at_mail(found: Settings) -> Iterator[Finding]:
    """Greet the mail server and sign in, as `kit.mail` does; no letter is sent."""
    if not found.smtp_url:
        yield note(
            "mail", "NARTHEX_SMTP_URL is not set: invitations and new passwords cannot be mailed.", "Set it."
        )
        return
    server = urlsplit(found.smtp_url)
    if server.scheme not in ("smtp", "smtps") or not server.hostname:
        yield wrong("mail", "Its address begins with smtp:// or smtps://.", "Check NARTHEX_SMTP_URL.")
        return
    secure = server.scheme == "smtps"
    kind = smtplib.SMTP_SSL if secure else smtplib.SMTP
    try:
        with kind(server.hostname, server.port or (465 if secure else 25), timeout=ANSWER_SECONDS) as client:
            client.ehlo()
            if not secure and client.has_extn("starttls"):
                client.starttls()
                client.ehlo()
            if server.username:
                client.login(unquote(server.username), unquote(server.password or ""))
            client.noop()
    except (smtplib.SMTPException, OSError) as error:
        yield wrong("mail", f"The mail server does not serve us: {error}.", "Check NARTHEX_SMTP_URL.")
        return
    yield ok("mail", f"{server.hostname} takes mail from us.")


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
