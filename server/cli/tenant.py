"""`narthex tenant …`: create, list, show, rename, bound, suspend, resume and delete churches."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from server.cli.errors import Stopped
from server.cli.installation import every_church, opened, settings
from server.cli.options import Flag, Json
from server.cli.screen import emit, progress, say, show
from server.domains.accounts.models import Role
from server.domains.tenants.models import Status, Tenant
from server.kit.scope import Scope

PerMinute = Annotated[int, Parameter(validator=Number(gte=1, lte=10_000_000))]

app = App(name="tenant", help="Create, list, rename, pause, export and delete churches.")
app.command(
    "server.cli.export:export", name="export", help="Write everything a church wrote into a zip file."
)


@app.command
async def create(
    slug: str,
    name: str,
    *,
    owner: str | None = None,
    shard: str = "main",
    region: str | None = None,
    json: Json = False,
) -> None:
    """Make a church.

    Parameters
    ----------
    slug
        Its short name in addresses: 1 to 63 of a-z, 0-9 and -.
    name
        What people call it.
    owner
        The e-mail address of its first owner, who gets an invitation.
    shard
        Where its data lives, a name from NARTHEX_SHARDS.
    region
        Pins its data to a region.
    json
        Write the church as one JSON object.
    """
    found = settings("database_url", "owner_url", "secret_key")
    if shard not in found.shard_urls():
        known = ", ".join(found.shard_urls())
        raise Stopped(f"There is no shard {shard!r}; NARTHEX_SHARDS names {known}.", code=2)
    async with opened(found) as wiring:
        if owner is not None:
            wiring.accounts.check_address(owner)
        with progress(f"Creating {slug}"):
            tenant = await wiring.tenants.create(slug, name, shard=shard, region=region)
        if owner is not None:
            await wiring.links.invite(Scope.system(tenant.ref), email=owner, roles=frozenset({"owner"}))
    _answer(tenant, json, f"{tenant.name} is open as {tenant.slug}: {found.public_url}/console/{tenant.slug}")
    if owner is None and not json:
        say(f"Nobody can sign in there yet: `narthex tenant invite {tenant.slug} EMAIL` invites its owner.")


@app.command
async def invite(slug: str, email: str, *, role: Role = "owner") -> None:
    """Invite somebody by mail; this is also the way back in when a church has lost its owner.

    Parameters
    ----------
    slug
        The church's short name.
    email
        Where the invitation goes.
    role
        What they will be.
    """
    async with opened(settings("database_url", "secret_key")) as wiring:
        tenant = await wiring.tenants.by_slug(slug)
        if tenant.status != "active":
            raise Stopped(f"{tenant.name} is {tenant.status}; nobody can come in.")
        await wiring.links.invite(Scope.system(tenant.ref), email=email, roles=frozenset({role}))
    say(f"An invitation to {tenant.name} is on its way to {email}.")


@app.command(name="list")
async def list_churches(*, status: Status | None = None, json: Json = False) -> None:
    """List all churches by short name.

    Parameters
    ----------
    status
        Only those in this state.
    json
        Write one JSON object a line.
    """
    async with opened(settings("database_url", "secret_key")) as wiring:
        chosen = [t async for t in every_church(wiring.tenants) if status in (None, t.status)]
    if json:
        for tenant in chosen:
            emit(tenant)
    elif chosen:
        rows = [
            (t.slug, t.name, t.status, t.shard, t.region or "", f"{t.created_at:%Y-%m-%d}", t.id)
            for t in chosen
        ]
        show(("short name", "name", "state", "shard", "region", "since", "id"), rows)
    else:
        say(
            "There is no such church."
            if status
            else "There is no church yet: `narthex tenant create SLUG NAME`."
        )


@app.command(name="show")
async def show_church(slug: str, *, json: Json = False) -> None:
    """Show one church.

    Parameters
    ----------
    slug
        Its short name, or one it had before.
    json
        Write it as one JSON object.
    """
    async with opened(settings("database_url", "secret_key")) as wiring:
        tenant = await wiring.tenants.by_slug(slug)
        addresses = await wiring.tenants.addresses(tenant)
    if json:
        emit(tenant)
        return
    facts = {
        "name": tenant.name,
        "short name": tenant.slug,
        "had before": ", ".join(slug for slug in addresses.slugs if slug != tenant.slug) or "no other",
        "own domains": ", ".join(addresses.hosts) or "none",
        "state": tenant.status,
        "id": tenant.id,
        "schema": tenant.ref.schema,
        "shard": tenant.shard,
        "region": tenant.region or "any",
        "limits": ", ".join(f"{k} {v}" for k, v in tenant.limits.items()) or "those of the installation",
        "since": f"{tenant.created_at:%Y-%m-%d %H:%M} UTC",
    }
    show(("", ""), list(facts.items()))


@app.command
async def rename(slug: str, *, to: str | None = None, name: str | None = None, json: Json = False) -> None:
    """Give a church another short name or name; the old short name goes on finding it, for ever.

    Parameters
    ----------
    slug
        Its short name.
    to
        Its short name from now on.
    name
        What people call it from now on.
    json
        Write it as one JSON object.
    """
    if to is None and name is None:
        raise Stopped("Say what changes: --to SHORT-NAME, --name NAME, or both.", code=2)
    async with opened(settings("database_url", "secret_key")) as wiring:
        tenant = await wiring.tenants.rename(slug, to=to, name=name)
    _answer(tenant, json, f"{tenant.name} is found as {tenant.slug}.")


@app.command
async def domain(slug: str, host: str, *, remove: Flag = False, json: Json = False) -> None:
    """Let a church's own domain show that church and no other; make sure first that the domain is the church's.

    Parameters
    ----------
    slug
        The church's short name.
    host
        The domain, such as live.grace.example; its name server points here already.
    remove
        Take the domain off again.
    json
        Write the church as one JSON object.
    """
    async with opened(settings("database_url", "secret_key")) as wiring:
        change = wiring.tenants.remove_domain if remove else wiring.tenants.add_domain
        tenant = await change(slug, host)
    sentence = (
        f"{host} shows {tenant.name} no more."
        if remove
        else f"{host} shows {tenant.name}, and no other church."
    )
    _answer(tenant, json, sentence)


@app.command
async def limits(
    slug: str, *, person: PerMinute | None = None, church: PerMinute | None = None, json: Json = False
) -> None:
    """Give a church limits of its own; what is not given is the installation's again.

    Parameters
    ----------
    slug
        Its short name.
    person
        Requests a minute by one person, instead of NARTHEX_PERSON_PER_MINUTE.
    church
        Requests a minute by everybody in it, instead of NARTHEX_CHURCH_PER_MINUTE.
    json
        Write it as one JSON object.
    """
    chosen = {"person_per_minute": person, "church_per_minute": church}
    own = {name: amount for name, amount in chosen.items() if amount is not None}
    async with opened(settings("database_url", "secret_key")) as wiring:
        tenant = await wiring.tenants.set_limits(slug, own)
    told = ", ".join(f"{name} {amount}" for name, amount in own.items()) or "those of the installation"
    _answer(tenant, json, f"The limits of {tenant.name}: {told}.")


@app.command
async def suspend(slug: str, *, json: Json = False) -> None:
    """Pause a church: its pages say so, nothing is lost.

    Parameters
    ----------
    slug
        Its short name.
    json
        Write it as one JSON object.
    """
    async with opened(settings("database_url", "secret_key")) as wiring:
        tenant = await wiring.tenants.suspend(slug)
    _answer(tenant, json, f"{tenant.name} is paused. `narthex tenant resume {tenant.slug}` opens it again.")


@app.command
async def resume(slug: str, *, json: Json = False) -> None:
    """Open a paused church again.

    Parameters
    ----------
    slug
        Its short name.
    json
        Write it as one JSON object.
    """
    async with opened(settings("database_url", "secret_key")) as wiring:
        tenant = await wiring.tenants.resume(slug)
    _answer(tenant, json, f"{tenant.name} is open again.")


@app.command
async def delete(slug: str, *, yes: Flag = False, json: Json = False) -> None:
    """Erase a church with everything in it; a backup made before can bring it back.

    Parameters
    ----------
    slug
        Its short name.
    yes
        Do not ask.
    json
        Write what was deleted as one JSON object.
    """
    async with opened(settings("database_url", "owner_url", "secret_key")) as wiring:
        tenant = await wiring.tenants.by_slug(slug)
        if not yes:
            _ask(tenant)
        with progress(f"Deleting {slug}"):
            await wiring.tenants.delete(slug)
    _answer(tenant, json, f"{tenant.name} is deleted.")


def _ask(tenant: Tenant) -> None:
    """Have the short name typed again; raise Stopped when it is not, or when nobody is there to ask."""
    if not sys.stdin.isatty():
        raise Stopped("Nobody is here to confirm: add --yes to delete without asking.", code=2)
    say(f"This erases {tenant.name} with everything in it. There is no way back but a backup.")
    if input(f"Type {tenant.slug} to delete it: ").strip() != tenant.slug:
        raise Stopped("Not deleted: that was another name.")


def _answer(tenant: Tenant, json: bool, sentence: str) -> None:
    if json:
        emit(tenant)
    else:
        say(sentence)
