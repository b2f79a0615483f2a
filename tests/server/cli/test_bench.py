"""`narthex bench`: that each measurement of churches, reads and starts runs, and says what it was asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from server.cli import bench
from server.cli.bench import report
from server.cli.bench.report import Report
from server.settings import Settings
from server.web.assets import DIST
from tests.server.cli.conftest import Narthex
from tests.web_process import started

in_a_browser = pytest.mark.skipif(
    shutil.which("chromium") is None or not (DIST / "manifest.json").exists(),
    reason="Chromium is not installed, or the widgets are not built",
)


with_peers = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="Node.js is not installed"
)


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        pytest.param(
            "fanout",
            {
                "P1_cpu_us_per_delivery",
                "P1_ratio_to_socketio",
                "P2_cpu_us_per_delivery",
                "P2_ratio_to_ws",
                "P2_deliveries_per_s",
                "P2_deliveries_ratio_to_ws",
                "P2_p99_ms",
                "P3_p99_ms",
                "P3_ratio_to_socketio",
                "P1_floor_us_per_delivery",
                "P1_ratio_to_floor",
                "P1_cpu_us_per_delivery_50",
            },
            marks=with_peers,
        ),
        pytest.param("growth", {"P1_cpu_us_per_delivery_100", "P2_deliveries_per_s_50"}, marks=with_peers),
        ("sends", {"P4_acked_per_s", "P4_ratio_to_single"}),
        pytest.param(
            "connections",
            {"P5_kib_per_connection", "P6_joins_per_cpu_s", "P6_caught_up_s"},
            marks=with_peers,
        ),
        pytest.param("jitter", {"R2_delivered_percent", "R2_replay_p99_ms"}, marks=with_peers),
        ("fairness", {"fairness_p99_ratio"}),
        ("churches", {"P9_create_s", "P9_migrate_s", "P9_p95_ratio", "P9_backend_mb"}),
        ("door", {"P7_per_cpu_s", "P7_p95_ms", "P7_ratio_to_bare"}),
        ("start", {"P11_cold_s", "P11_warm_s"}),
        (
            "prayer",
            {
                "C1_submit_to_queue_p99_ms",
                "C2_approve_to_wall_p99_ms",
                "C3_wall_p95_ms",
                "C5_crisis_recall",
                "C5_crisis_precision",
            },
        ),
        pytest.param("bytes", {"P10_loader_kib", "P10_chat_kib", "P10_before_click_kib"}, marks=in_a_browser),
        pytest.param(
            "widgets", {"W1_lcp_ratio", "W2_first_message_ms", "W3_longest_task_ms"}, marks=in_a_browser
        ),
    ],
)
def test_a_bench_runs_and_writes_one_line(bare: Narthex, name: str, keys: set[str]) -> None:
    """One JSON object with every figure of its targets, and with what it was measured on."""
    outcome = bare("bench", name, "--quick", "--json")
    assert outcome.code == 0, outcome.err
    (found,) = outcome.lines()
    figures = found["figures"]
    assert isinstance(figures, dict)
    assert keys <= set(figures)
    assert all(value > 0 for key, value in figures.items() if key in keys)
    assert figures.get("C4_double_wins", 0) == 0
    assert found["bench"].endswith(name)
    assert found["machine"]
    if name in ("sends", "door", "churches"):
        assert {"fsync", "shared_buffers"} <= set(found["postgres"])  # type: ignore[call-overload]
    assert found["versions"]


@pytest.mark.faults
@pytest.mark.timeout(300)
def test_a_bench_measures_an_installation_that_runs(
    narthex: Narthex, settings: Settings, tmp_path: Path
) -> None:
    """`door --url` reads from it, and leaves no church behind."""
    churches = narthex("tenant", "list", "--json").lines()
    with started(
        msgspec.structs.replace(settings, address_per_minute=600_000), tmp_path / "web.log"
    ) as process:
        outcome = narthex("bench", "door", "--quick", "--json", "--url", process.url)
    assert outcome.code == 0, outcome.err
    (found,) = outcome.lines()
    assert {"P7_per_s", "P7_p95_ms", "P7_per_cpu_s"} <= set(found["figures"])  # type: ignore[call-overload]
    assert narthex("tenant", "list", "--json").lines() == churches


@pytest.mark.parametrize(
    "words", [("fanout", "--url", "http://127.0.0.1:1"), ("door", "--url", "https://x.example")]
)
def test_what_cannot_be_measured_there_is_told(narthex: Narthex, words: tuple[str, ...]) -> None:
    """Exit code 2 and one sentence, before anything is made."""
    outcome = narthex("bench", *words)
    assert outcome.code == 2
    assert outcome.err.count("\n") in (1, 2)


def test_all_are_measured_though_one_fails(bare: Narthex, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be measured is named, the exit code says so, and the others are told."""

    def good(**_: object) -> Report:
        return Report("good", {}, {"P0_s": 1.0})

    def bad(**_: object) -> Report:
        raise RuntimeError("no core is free")

    monkeypatch.setattr(report, "good", good, raising=False)
    monkeypatch.setattr(report, "bad", bad, raising=False)
    entries = {name: ("report", name, "…", {}) for name in ("bad", "good")}
    monkeypatch.setattr(bench, "BENCHES", entries)
    outcome = bare("bench", "all", "--json")
    assert outcome.code == 1
    assert "bad could not be measured: no core is free" in outcome.err
    assert [line["bench"] for line in outcome.lines()] == ["good"]


def test_an_unknown_bench_is_answered_with_the_known_ones(bare: Narthex) -> None:
    """Exit code 2, and the sentence lists them."""
    outcome = bare("bench", "speed")
    assert outcome.code == 2
    assert "churches" in outcome.err


def test_a_bench_in_a_browser_says_how_to_get_one(bare: Narthex, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no Chromium, a sentence says how it comes here."""
    monkeypatch.setattr(shutil, "which", lambda _: None)
    outcome = bare("bench", "bytes")
    assert outcome.code == 1
    assert "apt-get install chromium" in outcome.err or "make setup" in outcome.err
