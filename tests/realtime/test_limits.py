"""Token buckets."""

from realtime.limits import Bucket, Rate


def test_a_burst_passes_and_the_next_waits() -> None:
    """A full bucket gives its burst at once, then tells how long to wait."""
    rate, bucket = Rate(10.0, 5.0), Bucket(Rate(10.0, 5.0), 100.0)
    assert [bucket.take(rate, 100.0) for _ in range(5)] == [0.0] * 5
    assert abs(bucket.take(rate, 100.0) - 0.1) < 1e-9


def test_a_refusal_takes_nothing() -> None:
    """Asking an empty bucket again and again does not push the moment away."""
    rate, bucket = Rate(10.0, 1.0), Bucket(Rate(10.0, 1.0), 0.0)
    assert bucket.take(rate, 0.0) == 0.0
    for step in range(1, 10):
        assert bucket.take(rate, step * 0.01) > 0
    assert bucket.take(rate, 0.1001) == 0.0


def test_it_fills_up_to_its_burst_only() -> None:
    """After a long rest there is no more than the burst."""
    rate, bucket = Rate(10.0, 3.0), Bucket(Rate(10.0, 3.0), 0.0)
    assert sum(bucket.take(rate, 1000.0) == 0.0 for _ in range(10)) == 3


def test_amounts_count() -> None:
    """A big amount takes as many tokens as it is big."""
    rate, bucket = Rate(100.0, 1000.0), Bucket(Rate(100.0, 1000.0), 0.0)
    assert bucket.take(rate, 0.0, 900) == 0.0
    assert bucket.take(rate, 0.0, 200) == 1.0
