"""`narthex tenant …`."""

from __future__ import annotations

import psycopg
import pytest

from server.kit.scope import schema_of
from server.settings import Settings
from tests.server.cli.conftest import Narthex


def test_a_church_is_created_shown_and_listed(narthex: Narthex) -> None:
    """What create answers is what show and list answer."""
    created = narthex("tenant", "create", "faith", "Faith [bold] Chapel", "--json")
    assert (created.code, created.err) == (0, "")
    (tenant,) = created.lines()
    assert (tenant["slug"], tenant["name"], tenant["status"]) == ("faith", "Faith [bold] Chapel", "active")
    assert narthex("tenant", "show", "faith", "--json").lines() == [tenant]
    assert tenant in narthex("tenant", "list", "--json").lines()
    assert "Faith [bold] Chapel" in narthex("tenant", "list").out
    assert schema_of(str(tenant["id"])) in narthex("tenant", "show", "faith").out


@pytest.mark.parametrize("slug", ["../x", "public", "pg_catalog", "x" * 64, "grâce", "Grace", "-a", "a b"])
def test_a_bad_short_name_is_refused(narthex: Narthex, slug: str) -> None:
    """Exit code 2 and one sentence; no church is left behind."""
    outcome = narthex("tenant", "create", "--slug", slug, "--name", "Somewhere")
    assert outcome.code == 2
    assert outcome.err.count("\n") == 1
    assert len(narthex("tenant", "list", "--json").lines()) == 2


def test_a_taken_short_name_is_refused(narthex: Narthex) -> None:
    """A slug is one church's for ever."""
    outcome = narthex("tenant", "create", "grace", "Another Grace")
    assert outcome.code == 1
    assert outcome.err == "Another church has this short name, or had it before.\n"


def test_an_unknown_shard_is_refused_with_the_known_ones(narthex: Narthex) -> None:
    """The sentence names what may be given."""
    outcome = narthex("tenant", "create", "faith", "Faith", "--shard", "moon")
    assert outcome.code == 2
    assert "main" in outcome.err


def test_a_church_is_paused_and_opened_again(narthex: Narthex) -> None:
    """State follows, and a step that does not fit the state is refused."""
    assert narthex("tenant", "suspend", "hope", "--json").lines()[0]["status"] == "suspended"
    assert [t["slug"] for t in narthex("tenant", "list", "--status", "suspended", "--json").lines()] == [
        "hope"
    ]
    again = narthex("tenant", "suspend", "hope")
    assert (again.code, again.err) == (1, "A church that is suspended cannot be told to suspend.\n")
    assert narthex("tenant", "resume", "hope", "--json").lines()[0]["status"] == "active"


def test_delete_asks_first(narthex: Narthex) -> None:
    """Where nobody can be asked nothing is deleted without --yes."""
    narthex("tenant", "create", "faith", "Faith")
    outcome = narthex("tenant", "delete", "faith")
    assert outcome.code == 2
    assert "--yes" in outcome.err
    assert narthex("tenant", "show", "faith").code == 0


def test_a_deleted_church_leaves_nothing(narthex: Narthex, settings: Settings) -> None:
    """Row, schema and role are gone."""
    (tenant,) = narthex("tenant", "create", "faith", "Faith", "--json").lines()
    assert narthex("tenant", "delete", "faith", "--yes").code == 0
    assert narthex("tenant", "show", "faith").err == "There is no church at this address.\n"
    with psycopg.connect(settings.owner_url) as connection:
        schema = schema_of(str(tenant["id"]))
        for statement in (
            "select 1 from pg_namespace where nspname = %s",
            "select 1 from pg_roles where rolname = %s",
        ):
            assert connection.execute(statement, (schema,)).fetchone() is None


def test_a_church_that_does_not_exist_is_said_so(narthex: Narthex) -> None:
    """The same sentence for every command, exit code 1."""
    for command in ("show", "suspend", "resume"):
        outcome = narthex("tenant", command, "nowhere")
        assert (outcome.code, outcome.err) == (1, "There is no church at this address.\n")


def test_a_church_is_created_with_an_invitation_for_its_owner(narthex: Narthex, settings: Settings) -> None:
    """A letter waits to be sent; a wrong address is refused before anything is made."""
    refused = narthex("tenant", "create", "faith", "Faith", "--owner", "nobody")
    assert refused.code == 2
    assert narthex("tenant", "show", "faith").code == 1
    (tenant,) = narthex(
        "tenant", "create", "faith", "Faith", "--owner", "olga@faith.example", "--json"
    ).lines()
    assert narthex("tenant", "invite", "faith", "peter@faith.example", "--role", "pastor").code == 0
    with psycopg.connect(settings.owner_url) as connection:
        connection.execute("select set_config('search_path', %s, true)", (schema_of(str(tenant["id"])),))
        invited = connection.execute("select email, roles from links_sent order by id").fetchall()
        announced = connection.execute(
            "select count(*) from shard.outbox where kind like 'links.%%'"
        ).fetchone()
    assert [(email, set(roles) - {"member"}) for email, roles in invited] == [
        ("olga@faith.example", {"owner"}),
        ("peter@faith.example", {"pastor"}),
    ]
    assert announced == (2,)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nowhere", "a@b.example"], 1),
        (["grace", "nobody"], 2),
        (["grace", "a@b.example", "--role", "bishop"], 2),
    ],
)
def test_an_invitation_that_cannot_be_is_refused(narthex: Narthex, words: list[str], code: int) -> None:
    """An unknown church, a wrong address, an unknown role: one sentence."""
    outcome = narthex("tenant", "invite", *words)
    assert outcome.code == code
    assert outcome.err.count("\n") == 1


def test_a_renamed_church_is_found_by_both_names(narthex: Narthex) -> None:
    """The new short name is its own, the old one goes on finding it, and it may go back."""
    (renamed,) = narthex(
        "tenant", "rename", "hope", "--to", "hope-church", "--name", "Hope", "--json"
    ).lines()
    assert (renamed["slug"], renamed["name"]) == ("hope-church", "Hope")
    assert narthex("tenant", "show", "hope", "--json").lines() == [renamed]
    assert "hope" in narthex("tenant", "show", "hope-church").out
    assert narthex("tenant", "rename", "hope-church", "--to", "hope").code == 0


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("rename", "hope"), 2, "Say what changes"),
        (("rename", "hope", "--to", "grace"), 1, "Another church has this short name, or had it before."),
        (("rename", "hope", "--to", "console"), 2, "reserved"),
        (("domain", "hope", "no host"), 2, "such as www.example.org"),
        (("domain", "hope", "127.0.0.1"), 2, "such as www.example.org"),
        (("domain", "hope", "free.example", "--remove"), 1, "does not show this church"),
        (("limits", "hope", "--person", "0"), 2, "person"),
        (("limits", "nobody", "--person", "10"), 1, "There is no church"),
    ],
)
def test_what_cannot_be_changed_is_told(
    narthex: Narthex, words: tuple[str, ...], code: int, sentence: str
) -> None:
    """One sentence, and nothing has changed."""
    before = narthex("tenant", "list", "--json").lines()
    outcome = narthex("tenant", *words)
    assert outcome.code == code, outcome.err
    assert sentence in outcome.err
    assert narthex("tenant", "list", "--json").lines() == before


def test_a_domain_is_one_churchs(narthex: Narthex) -> None:
    """It may be given twice to the same church, to no other, and to another once it was taken off."""
    assert narthex("tenant", "domain", "hope", "Live.Hope.Example.").code == 0
    assert narthex("tenant", "domain", "hope", "live.hope.example").code == 0
    assert "live.hope.example" in narthex("tenant", "show", "hope").out
    assert (
        narthex("tenant", "domain", "grace", "live.hope.example").err == "This domain is another church's.\n"
    )
    assert narthex("tenant", "domain", "hope", "live.hope.example", "--remove").code == 0
    assert narthex("tenant", "domain", "grace", "live.hope.example").code == 0


def test_limits_are_given_and_taken_back(narthex: Narthex) -> None:
    """What is given replaces what was; nothing given leaves the installation's."""
    narthex("tenant", "limits", "hope", "--person", "10", "--church", "2000")
    (given,) = narthex("tenant", "limits", "hope", "--church", "3000", "--json").lines()
    assert given["limits"] == {"church_per_minute": 3000}
    assert narthex("tenant", "limits", "hope", "--json").lines()[0]["limits"] == {}
