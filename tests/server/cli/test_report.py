"""server.cli.bench.report: what a bench says of its targets."""

from __future__ import annotations

import pytest

from server.cli.bench.report import Report, judged


@pytest.mark.parametrize(
    ("target", "good", "bad"),
    [("≤ 0.65", 0.65, 0.66), ("≥ 5,000", 5_000.0, 4_999.0), ("100.00", 100.0, 99.99)],
)
def test_a_missed_target_is_noted_with_what_limits_it(target: str, good: float, bad: float) -> None:
    """A note names the figure, the target and the reason; a figure that holds needs none."""
    for value, count in ((good, 0), (bad, 1)):
        report = judged(Report("b", {}, {"P1_x": value}, targets={"P1_x": target}), {"P1_x": "the kernel"})
        notes = [note for note in report.notes if note.startswith("P1_x")]
        assert len(notes) == count
        assert all("the kernel" in note and target in note for note in notes)
