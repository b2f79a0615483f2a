"""How long something took, counted in classes: a histogram of plain numbers, exported by whoever wants it."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Spread:
    """Values by class; the last class is everything above the last bound."""

    __slots__ = ("_classes", "bounds", "total")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds = tuple(bounds)
        self.total = 0.0
        self._classes = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        """Count one value."""
        self._classes[bisect_left(self.bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        """Return how many values there were."""
        return sum(self._classes)

    def cumulated(self) -> list[tuple[str, int]]:
        """Return, for each bound and for "+Inf", how many values were not above it."""
        found, so_far = [], 0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self._classes, strict=True):
            so_far += count
            found.append((bound, so_far))
        return found
