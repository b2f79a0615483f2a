"""`narthex operator …`: the people who run the installation; they have no rights inside a church."""

from __future__ import annotations

import getpass
import sys

from cyclopts import App

from server.cli.errors import Stopped
from server.cli.installation import opened, settings
from server.cli.options import Json
from server.cli.screen import emit, say, show
from server.domains.tenants.models import Operator

app = App(name="operator", help="Add, list and lock out people who run the installation.")


@app.command
async def create(email: str, name: str, *, json: Json = False) -> None:
    """Add somebody who runs the installation; the password is asked for, or read as a line from a pipe.

    Parameters
    ----------
    email
        The address to sign in with.
    name
        What to call them.
    json
        Write the operator as one JSON object, without the password.
    """
    from server.domains.accounts.policy import check_email, check_name

    found = settings("database_url", "secret_key")
    email, name = check_email(email), check_name(name)
    password = _password()
    async with opened(found) as wiring:
        hashed = await wiring.accounts.hash(password, email, name)
        operator = await wiring.tenants.add_operator(email, name, hashed)
    if json:
        emit(_plain(operator))
    else:
        say(f"{operator.name} may now sign in as an operator with {operator.email}.")


@app.command(name="list")
async def list_operators(*, json: Json = False) -> None:
    """List everybody who runs the installation.

    Parameters
    ----------
    json
        Write one JSON object a line, without passwords.
    """
    async with opened(settings("database_url", "secret_key")) as wiring:
        operators = await wiring.tenants.operators()
    if json:
        for operator in operators:
            emit(_plain(operator))
    elif operators:
        rows = [
            (
                one.email,
                one.name,
                "yes" if one.totp_sealed else "no",
                f"{one.disabled_at:%Y-%m-%d}" if one.disabled_at else "",
            )
            for one in operators
        ]
        show(("e-mail", "name", "second factor", "disabled since"), rows)
    else:
        say("There is no operator yet: `narthex operator create EMAIL NAME`.")


@app.command
async def disable(email: str) -> None:
    """Let an operator in no more; what they are signed in with ends at once.

    Parameters
    ----------
    email
        Whose.
    """
    async with opened(settings("database_url", "secret_key")) as wiring:
        operator = await wiring.tenants.disable_operator(email)
    say(f"{operator.name} is out. `narthex operator enable {operator.email}` lets them in again.")


@app.command
async def enable(email: str) -> None:
    """Let a disabled operator in again.

    Parameters
    ----------
    email
        Whose.
    """
    async with opened(settings("database_url", "secret_key")) as wiring:
        operator = await wiring.tenants.enable_operator(email)
    say(f"{operator.name} may sign in again.")


@app.command
async def password(email: str) -> None:
    """Give an operator another password, asked for or read as a line from a pipe; their tokens end.

    Parameters
    ----------
    email
        Whose.
    """
    found = settings("database_url", "secret_key")
    async with opened(found) as wiring:
        known = await wiring.tenants.operator(email)
        hashed = await wiring.accounts.hash(_password(), email, known.name if known else "")
        operator = await wiring.tenants.set_operator_password(email, hashed)
    say(f"{operator.name} signs in with the new password from now on.")


@app.command(name="reset-totp")
async def reset_totp(email: str) -> None:
    """Ask an operator for no codes any more, when the phone with their authenticator is lost; their tokens end.

    Parameters
    ----------
    email
        Whose.
    """
    async with opened(settings("database_url", "secret_key")) as wiring:
        operator = await wiring.tenants.drop_operator_totp(email)
    say(f"{operator.name} signs in with the password alone, until a new authenticator is set up.")


@app.command(name="sign-out")
async def sign_out(email: str) -> None:
    """End what an operator is signed in with, everywhere.

    Parameters
    ----------
    email
        Whose.
    """
    async with opened(settings("database_url", "secret_key")) as wiring:
        operator = await wiring.tenants.end_operator_tokens(email)
    say(f"{operator.name} is signed out everywhere.")


def _plain(operator: Operator) -> dict[str, object]:
    """Return an operator as a program may read it."""
    return {
        "id": operator.id,
        "email": operator.email,
        "name": operator.name,
        "totp": operator.totp_sealed is not None,
        "disabled_at": operator.disabled_at,
    }


def _password() -> str:
    """Ask twice where somebody types, else read one line; a password on the command line could be read by others."""
    if not sys.stdin.isatty():
        if not (line := sys.stdin.readline().rstrip("\r\n")):
            raise Stopped("Nobody is here to ask for a password: give it as a line on stdin.", code=2)
        return line
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise Stopped("These were two different passwords; nothing was done.")
    return password
