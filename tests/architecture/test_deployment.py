"""The files for hosting can be used as they are."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.architecture.deployment import compose
from tests.architecture.house import ROOT

DEPLOY = ROOT / "deploy"
SETTINGS = ROOT / "server" / "settings.py"


def compose_plugin() -> bool:
    """Tell whether this machine has Compose itself; it needs no daemon to read a file."""
    docker = shutil.which("docker")
    return (
        docker is not None
        and subprocess.run([docker, "compose", "version"], capture_output=True).returncode == 0
    )


def test_the_compose_file_can_be_used_as_it_is() -> None:
    """It refers only to what it declares, opens no port to the world, holds no secret, sets only our settings."""
    assert [str(finding) for finding in compose(DEPLOY / "compose.yaml", SETTINGS)] == []


@pytest.mark.skipif(not compose_plugin(), reason="Docker's Compose is not installed")
def test_compose_itself_reads_the_file(tmp_path: Path) -> None:
    """`docker compose config` accepts it with the two lines of deploy/README.md."""
    env = tmp_path / ".env"
    env.write_text("NARTHEX_PUBLIC_URL=https://a.example\nNARTHEX_MAIL_FROM=Narthex <a@a.example>\n")
    command = [
        "docker",
        "compose",
        "--env-file",
        str(env),
        "-f",
        str(DEPLOY / "compose.yaml"),
        "config",
        "--quiet",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("services:\n", "service:\n"),
        ("    shm_size: 256mb", "    shmsize: 256mb"),
        ("image: postgres:18-bookworm", "image: postgres:latest"),
        ("image: postgres:18-bookworm", "image: postgres"),
        ('ports: ["127.0.0.1:', 'ports: ["0.0.0.0:'),
        ("    networks: [inside]", "    networks: [insde]"),
        ("    secrets: [postgres_password]", "    secrets: [postgres_pasword]"),
        ('volumes: ["postgres:/var', 'volumes: ["postgress:/var'),
        ("      postgres:\n        condition", "      postgre:\n        condition"),
        ("condition: service_completed_successfully", "condition: service_done"),
        ("    healthcheck:\n      test: [CMD, pg_isready", "    healthcheck:\n      tests: [CMD, pg_isready"),
        ("NARTHEX_TRUSTED_PROXIES:", "NARTHEX_TRUSTED_PROXY:"),
        ("NARTHEX_SECRET_KEY_FILE: /run/secrets/secret_key", "NARTHEX_SECRET_KEY: abc"),
        ("POSTGRES_PASSWORD_FILE: /run/secrets/postgres_password", "POSTGRES_PASSWORD: narthex"),
        ("/run/secrets/valkey_url", "/run/secrets/admin_url"),
        ("file: ./secrets/admin_url", "file: /etc/admin_url"),
        ("NARTHEX_SMTP_URL_FILE: /run/secrets/smtp_url", "NARTHEX_MAIL_FROM: redis://:abc@valkey:6379"),
    ],
)
def test_a_mistake_in_the_compose_file_is_found(tmp_path: Path, old: str, new: str) -> None:
    """Mistyped keys and names, open ports, unpinned images and secrets in the file are named."""
    text = (DEPLOY / "compose.yaml").read_text()
    assert old in text
    (tmp_path / "compose.yaml").write_text(text.replace(old, new))
    assert compose(tmp_path / "compose.yaml", SETTINGS) != []


@pytest.mark.parametrize("service", ["web", "worker"])
def test_metrics_are_found_from_inside_alone(service: str) -> None:
    """A scraper beside the containers reaches them; the machine and the world do not."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert services[service]["environment"]["NARTHEX_INTERNAL_HOST"] == "0.0.0.0"
    assert not [port for port in services[service].get("ports", []) if "946" in port]
    assert "inside" in services[service]["networks"]


def test_secrets_are_made_once_and_fit_their_urls(tmp_path: Path) -> None:
    """Every secret the compose file asks for is made; a second run changes none; the folder is closed to others."""
    script = shutil.copy(DEPLOY / "secrets.sh", tmp_path)
    subprocess.run([script], check=True, capture_output=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert set(made) == {
        "postgres_password",
        "valkey_password",
        "admin_url",
        "owner_url",
        "database_url",
        "valkey_url",
        "secret_key",
        "smtp_url",
    }
    assert made["postgres_password"].strip() in made["admin_url"]
    assert made["valkey_password"].strip() in made["valkey_url"]
    assert len({made[name].strip() for name in made}) == len(made)
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    subprocess.run([script], check=True, capture_output=True)
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == made
