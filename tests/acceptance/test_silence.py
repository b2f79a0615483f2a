"""No token, password, code or e-mail address of an account's whole life reaches a log, go it well or not."""

from __future__ import annotations

import io
import re
from typing import Any

import httpx
import msgspec
import pyotp
import pytest

from jobs.mails import Mails
from server.kit import logs
from server.kit.clock import SystemClock
from server.kit.mail import Mailer
from server.kit.scope import TenantRef
from server.wiring import Wiring
from tests.acceptance.people import People
from tests.jobs.support import drained, relay, running
from tests.services import Delivery, Mailbox

pytestmark = pytest.mark.asyncio(loop_scope="module")

GRACE = "/api/v1/grace"
OLD, NEW = "a long walk by the lake", "an even longer walk home"
EMAIL, OTHER = "quiet.ruth@grace.example", "ruth.elsewhere@grace.example"


class Life:
    """Asks as one person, keeps every secret that is said or heard, and reads the letters."""

    def __init__(self, client: httpx.AsyncClient, wiring: Wiring, mail: Mailbox) -> None:
        self._client = client
        self._wiring = wiring
        self._mail = mail
        self.secrets: set[str] = {OLD, NEW, EMAIL, OTHER}
        self.statuses: list[int] = []

    async def post(self, path: str, headers: dict[str, str] | None = None, **body: Any) -> Any:
        """Send, remember what is secret on both sides, and return the answer's document."""
        answer = await self._client.post(f"{GRACE}{path}", json=body, headers=headers or {})
        self.statuses.append(answer.status_code)
        found = (answer.json() if answer.content else None) or {}
        self._remember({**found, "code": ""})  # that of a refusal is no secret
        self._remember(body)
        self.secrets |= {value for _, value in answer.cookies.items()}
        return found

    def _remember(self, document: dict[str, Any]) -> None:
        for name, value in document.items():
            if value and name in (
                "token",
                "access_token",
                "refresh_token",
                "csrf",
                "text",
                "secret",
                "uri",
                "code",
                "totp",
            ):
                self.secrets.add(str(value))
            if name in ("codes", "recovery_codes"):
                self.secrets |= set(value)

    async def letter(self) -> str:
        """Let the background send what was asked for; return the token of the newest letter's link."""
        async with running(relay(self._wiring.database, self._wiring.tenants, self._wiring.listeners)):
            await drained(self._wiring)

        async def find(church: str) -> TenantRef:
            return (await self._wiring.tenants.by_id(church)).ref

        sender = Mailer(f"smtp://{self._mail.host}:{self._mail.port}", "N <n@narthex.example>", SystemClock())
        await Mails(self._wiring.database, sender, find).drain("main")
        found = [token for one in self._mail.deliveries for token in _tokens(one)]
        self.secrets |= set(found)
        return found[-1]


def _tokens(delivery: Delivery) -> list[str]:
    """Return what stands behind the # of a letter's links; not every letter has one."""
    text = delivery.message.get_body(("plain",))
    assert text is not None
    return re.findall(r"https?://\S+?#\w+=([A-Za-z0-9_.-]{30,})", text.get_content())


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {tokens['access_token']}"}


async def live(life: Life, wiring: Wiring, people: People) -> None:
    """Register, sign in in every way, refresh, forget, change, set up a second factor; each also wrongly."""
    await life.post("/links/register", email=EMAIL, locale="en")
    token = await life.letter()
    for given in (token + "x", token, token):  # wrong, right, and once too often
        await life.post("/links/register/confirm", token=given, name="Ruth", password=OLD)
    for password in (NEW, OLD):
        tokens = await life.post("/auth/sign-in", email=EMAIL, password=password)
    await life.post("/auth/widget/sign-in", email=EMAIL, password=OLD, site="www.grace.example")
    await life.post("/auth/refresh", refresh_token=tokens["refresh_token"])
    await life.post("/auth/refresh", refresh_token=tokens["refresh_token"] + "x")
    await life.post("/auth/socket", bearer(tokens))
    await life.post("/links/forgot", email=EMAIL)
    token = await life.letter()
    for given in (token + "x", token, token):
        await life.post("/links/reset", token=given, password=NEW)
    tokens = await life.post("/auth/sign-in", email=EMAIL, password=NEW)
    await life.post("/links/email", bearer(tokens), email=OTHER, password=NEW)
    await life.post("/links/email/confirm", token=await life.letter())
    scope = people.scopes["grace"]
    (ruth,) = [one for one in await wiring.accounts.page(scope) if one.name == "Ruth"]
    await wiring.accounts.set_roles(scope, ruth.id, frozenset({"moderator"}))
    begun = await life.post("/factors/totp", bearer(tokens), password=NEW)
    for code in ("000000", pyotp.TOTP(begun["secret"]).now()):
        await life.post("/factors/totp/confirm", bearer(tokens), code=code)
    await life.post("/auth/sign-in", email=OTHER, password=NEW, totp="000000")
    owner = {"authorization": f"Bearer {await people.token('grace', 'owner')}"}
    made = await life.post("/keys/api", owner, name="Screen", scopes=["events:read"])
    for key in (made["text"], made["text"] + "x"):
        await life.post("/auth/socket", {"authorization": f"Bearer {key}"})
    await life.post("/links/invitations", owner, email="third@grace.example", roles=["member"], locale="en")
    life.secrets |= {"third@grace.example", owner["authorization"].removeprefix("Bearer ")}
    await life.post("/links/look", kind="invite", token=await life.letter())
    console = await life.post("/auth/console/sign-in", email="owner@grace.example", password="wrong" + OLD)
    assert console["code"] == "bad_credentials"
    life.secrets |= {"owner@grace.example", "wrong" + OLD}
    await life.post("/auth/sign-out", bearer(tokens))


async def test_logs_hold_no_secret(
    client: httpx.AsyncClient, wiring: Wiring, people: People, mail: Mailbox
) -> None:
    """Everything that web, relay and mail say is searched for everything secret."""
    out = io.StringIO()
    logs.configure("json", stream=out)
    life = Life(client, wiring, mail)
    await live(life, wiring, people)
    assert {200, 201, 202, 204, 401} <= set(life.statuses)
    lines = [msgspec.json.decode(line) for line in out.getvalue().splitlines()]
    # the tests' own mail server is no part of us
    ours = [line for line in lines if line.get("source") != "mail.log"]
    assert sum(line["event"] == "request" for line in ours) == len(life.statuses)
    assert len(life.secrets) > 25
    assert [line for line in ours if any(secret in str(line) for secret in life.secrets)] == []
