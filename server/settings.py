"""Everything that can be set, read from the environment once.

Each field is the variable `NARTHEX_<FIELD>` in capitals; `NARTHEX_<FIELD>_FILE` names a file that holds the value
(secrets of containers). A wrong value is named with what is allowed; printing settings masks what is secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

PREFIX = "NARTHEX_"
SECRET = frozenset(
    {
        "admin_url",
        "owner_url",
        "database_url",
        "shards",
        "valkey_url",
        "secret_key",
        "s3_secret_key",
        "smtp_url",
    }
)

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]


class WrongSettings(Exception):
    """A setting cannot be used."""


class Shard(msgspec.Struct, frozen=True):
    """One shard of churches: a primary and any number of replicas, as Postgres URLs."""

    primary: str
    replicas: tuple[str, ...] = ()
    owner: str = ""  # the migrating login of this shard; empty: owner_url


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole configuration of one process."""

    # Postgres URL of the login narthex_app; the control schema is there
    database_url: str = ""
    # Postgres URL of the login narthex_owner; only `narthex migrate`, `tenant create|delete` and restore use it
    owner_url: str = ""
    # Postgres URL of a superuser; when set, `narthex migrate` first makes roles and extensions
    admin_url: str = ""
    # JSON: {"main": {"primary": "postgresql://…", "replicas": [], "owner": "…"}}; empty: one shard in database_url
    shards: dict[str, Shard] = {}
    # connections a process may hold to each database
    pool_size: Annotated[int, msgspec.Meta(ge=1, le=200)] = 10
    # prepared statements kept a connection; 0 behind a PgBouncer older than 1.21 in transaction mode
    statement_cache_size: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 256
    # Redis or Valkey
    valkey_url: str = ""
    # at least 32 random bytes, base64: seals what the database must not be able to read, and keys the hashes
    secret_key: str = ""
    # S3: endpoint, bucket and keys; empty endpoint: files and backups stay on this machine
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    s3_bucket: str = "narthex"
    s3_access_key: str = ""
    s3_secret_key: str = ""
    # smtp://user:password@host:25 or smtps://…; empty: mail is refused with a clear error
    smtp_url: str = ""
    # what mail is sent from
    mail_from: str = "Narthex <no-reply@localhost>"
    # where people reach this installation; links in mail begin with it
    public_url: str = "http://127.0.0.1:8000"
    # the address to listen on; workers share one socket
    host: str = "127.0.0.1"
    port: Port = 8000
    # web processes
    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 2
    # metrics and drain are answered here only, never on the public port; each worker takes the next port
    internal_host: str = "127.0.0.1"
    internal_port: Port = 9464
    # how many reverse proxies stand before us: that many X-Forwarded-For entries are believed
    trusted_proxies: Annotated[int, msgspec.Meta(ge=0, le=5)] = 0
    # requests a minute from one address, by one person, to one church
    address_per_minute: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] = 6_000
    person_per_minute: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] = 600
    church_per_minute: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] = 60_000
    # sockets opened a minute from one address; a whole hall may be behind one
    sockets_per_minute: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 3000
    # frames a second from one socket
    socket_frames: Annotated[float, msgspec.Meta(ge=1, le=10_000)] = 25.0
    # a stopping process spreads its goodbyes over this time
    drain_seconds: Seconds = 20.0
    # 'json' for machines, 'console' for people
    log_format: str = "json"
    # this machine's folder for what has no S3: exports, backups
    data_dir: Path = Path(".narthex")

    def masked(self) -> dict[str, object]:
        """Return the settings as they may be printed."""
        return {
            name: "•••" if name in SECRET and getattr(self, name) else getattr(self, name)
            for name in self.__struct_fields__
        }

    def shard_urls(self) -> dict[str, Shard]:
        """Return the shards by name; one called `main` when none is configured."""
        return self.shards or {"main": Shard(primary=self.database_url, owner=self.owner_url)}

    def owner_of(self, shard: str) -> str:
        """Return the migrating login of a shard."""
        return self.shard_urls()[shard].owner or self.owner_url


def read(environment: Mapping[str, str], **overrides: object) -> Settings:
    """Read settings from an environment; raise WrongSettings with the variable's name and what is allowed."""
    values: dict[str, Any] = {}
    for name in Settings.__struct_fields__:
        variable = PREFIX + name.upper()
        text = environment.get(variable)
        if text is None and (path := environment.get(f"{variable}_FILE")):
            text = _file(variable, path)
        if text is not None:
            values[name] = _json(variable, text) if name == "shards" else text
    values.update(overrides)
    known = {PREFIX + name.upper() for name in Settings.__struct_fields__}
    for variable in environment:
        if variable.startswith(PREFIX) and variable.removesuffix("_FILE") not in known:
            raise WrongSettings(f"{variable} is not a setting; `narthex doctor` lists them all.")
    try:
        settings = msgspec.convert(values, Settings, strict=False, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        variable = PREFIX + path.rstrip("`").split(".")[0].upper() if path else "The settings"
        raise WrongSettings(f"{variable}: {message}.") from None
    if settings.log_format not in ("json", "console"):
        raise WrongSettings(f"{PREFIX}LOG_FORMAT: must be 'json' or 'console', not {settings.log_format!r}.")
    return settings


def _file(variable: str, path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise WrongSettings(f"{variable}_FILE: cannot read {path}: {error.strerror}.") from None


def _json(variable: str, text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise WrongSettings(f"{variable}: not JSON: {error}.") from None
