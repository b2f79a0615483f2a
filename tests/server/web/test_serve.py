"""server.web.app.serve: a real process on real sockets."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import httpx
import pytest

from server.settings import Settings
from tests.web_process import LIFE, Process, started


@pytest.fixture(scope="module")
def process(settings: Settings) -> Iterator[Process]:
    """Give a web process that nobody ends."""
    with started(settings) as process:
        yield process


def test_answers(process: Process) -> None:
    """A process answers for a church and says neither what it is made of nor anything unasked."""
    answer = httpx.get(f"{process.url}/api/v1/grace", timeout=30)
    assert answer.json()["name"] == "Grace Church"
    assert "server" not in answer.headers
    assert "date" in answer.headers


def test_head(process: Process) -> None:
    """HEAD is GET without the body."""
    answer = httpx.head(f"{process.url}/api/v1/grace")
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["content-length"] == str(
        len(httpx.get(f"{process.url}/api/v1/grace", timeout=30).content)
    )


def test_metrics_are_internal(process: Process) -> None:
    """Metrics are on the internal address only, by route template."""
    httpx.get(f"{process.url}/api/v1/grace", timeout=30)
    text = httpx.get(f"{process.internal}/metrics", timeout=30).text
    assert 'narthex_http_requests_total{method="GET",route="/api/v1/{church}",status="200"}' in text
    assert 'narthex_cache_reads_total{cache="directory",found="yes"}' in text
    assert "process_resident_memory_bytes" in text
    for path in ("/metrics", "/drain"):
        assert httpx.get(process.url + path, timeout=30).status_code == 404
    assert httpx.get(f"{process.internal}/nothing", timeout=30).status_code == 404


def test_headers_are_bounded(process: Process) -> None:
    """Headers over 16 KiB get 431 with the limit; endless ones are cut off before they fill the memory."""
    answer = httpx.get(f"{process.url}/api/v1/grace", headers={"x-long": "x" * 17_000}, timeout=30)
    assert answer.status_code == 431
    assert answer.json()["errors"][0]["limit"] == 16_384
    with process.connect() as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: ")
        sent = 0
        with pytest.raises(OSError):
            while sent < 10_000_000:
                sent += peer.send(b"x" * 8192)
                time.sleep(0.001)
        assert sent < 5_000_000


def test_address_is_bounded(process: Process) -> None:
    """A path and query over 4 KiB get 414."""
    assert httpx.get(f"{process.url}/api/v1/grace?x={'x' * 5000}", timeout=30).status_code == 414


@pytest.mark.parametrize(
    "request_",
    [b"GET / HTTP/1.1\r\nHost: x\r\nA\x00: b\r\n\r\n", b"\x16\x03\x01\x02\x00", b"nonsense\r\n\r\n"],
)
def test_nonsense_is_refused(process: Process, request_: bytes) -> None:
    """What is not HTTP gets 400 and the connection ends."""
    with process.connect() as peer:
        peer.sendall(request_)
        assert peer.recv(4096).startswith(b"HTTP/1.1 400")
        assert peer.recv(4096) in (b"", b"Invalid HTTP request received.")


def test_draining(settings: Settings) -> None:
    """After POST /drain balancers are told to go elsewhere, who comes is still served, and SIGTERM ends it cleanly."""
    with started(settings) as process:
        assert httpx.post(f"{process.internal}/drain", timeout=30).status_code == 202
        answer = httpx.get(f"{process.url}/health/ready", timeout=30)
        assert (answer.status_code, answer.json()["status"]) == (503, "draining")
        assert httpx.get(f"{process.url}/health/live", timeout=30).status_code == 200
        assert httpx.get(f"{process.url}/api/v1/grace", timeout=30).status_code == 200
        process.popen.send_signal(signal.SIGTERM)
        assert process.popen.wait(LIFE) == 0
