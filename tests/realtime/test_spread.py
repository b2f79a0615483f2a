"""Values by class, as a histogram wants them."""

from realtime.spread import Spread


def test_values_are_counted_by_class() -> None:
    """A bound belongs to its own class; what is above the last one is counted too, and the sum is kept."""
    spread = Spread((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        spread.add(value)
    assert spread.cumulated() == [("1.0", 2), ("2.0", 3), ("+Inf", 4)]
    assert (spread.count, spread.total) == (4, 12.0)
