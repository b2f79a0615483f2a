"""Settings come from the environment, name what is wrong, and never print a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.settings import SECRET, Settings, WrongSettings, read


def test_an_empty_environment_gives_the_defaults() -> None:
    """Nothing needs to be set to read settings."""
    assert read({}) == Settings()


def test_values_are_read_as_their_type() -> None:
    """Numbers, paths and JSON arrive as what they are."""
    settings = read(
        {
            "NARTHEX_PORT": "9000",
            "NARTHEX_DATA_DIR": "/srv/n",
            "NARTHEX_DRAIN_SECONDS": "2.5",
            "NARTHEX_SHARDS": '{"main": {"primary": "postgresql://a/b", "replicas": ["postgresql://c/b"]}}',
        }
    )
    assert settings.port == 9000
    assert settings.data_dir == Path("/srv/n")
    assert settings.drain_seconds == 2.5
    assert settings.shard_urls()["main"].replicas == ("postgresql://c/b",)


def test_a_value_may_stand_in_a_file(tmp_path: Path) -> None:
    """`…_FILE` names a file with the value, as containers mount secrets."""
    secret = tmp_path / "key"
    secret.write_text("abc\n")
    assert read({"NARTHEX_SECRET_KEY_FILE": str(secret)}).secret_key == "abc"


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"NARTHEX_PORT": "abc"}, "NARTHEX_PORT"),
        ({"NARTHEX_PORT": "65536"}, "NARTHEX_PORT.*65535"),
        ({"NARTHEX_WORKERS": "0"}, "NARTHEX_WORKERS"),
        ({"NARTHEX_SHARDS": "{"}, "NARTHEX_SHARDS"),
        ({"NARTHEX_SHARDS": '{"main": {}}'}, "NARTHEX_SHARDS"),
        ({"NARTHEX_LOG_FORMAT": "xml"}, "NARTHEX_LOG_FORMAT.*json"),
        ({"NARTHEX_SECRET_KEY_FILE": "/nothing/here"}, "NARTHEX_SECRET_KEY_FILE.*/nothing/here"),
        ({"NARTHEX_PROT": "1"}, "NARTHEX_PROT is not a setting"),
    ],
)
def test_a_wrong_value_is_named(environment: dict[str, str], named: str) -> None:
    """The error names the variable and what is allowed."""
    with pytest.raises(WrongSettings, match=named):
        read(environment)


def test_no_secret_is_printed() -> None:
    """Every field that may hold a password or key is masked, and nothing else."""
    values = {name: "hunter2" for name in SECRET if name != "shards"}
    settings = Settings(**values, shards={})  # type: ignore[arg-type]
    assert "hunter2" not in str(settings.masked())
    assert settings.masked()["host"] == "127.0.0.1"
