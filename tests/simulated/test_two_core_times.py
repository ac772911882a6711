"""The profile `two-core` takes as long as the real plane did, and goes on so with more objects."""

import pytest

from support.reference_runs import reference_run

MEASURED = {
    "vmi": (12.5, 8.4, 11.2),
    "vm": (20.2, 1.7, 2.1),
    "pool": (19.1, 1.6, 2.2),
    "replica set": (13.3, 11.0, 12.4),
}
"""Bursts of 100, seconds: until all ran; the VMIs' creation to Running, P50 and P95."""


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))]
)
@pytest.mark.parametrize("kind", MEASURED)
def test_a_burst_takes_as_long_as_on_two_cores(kind: str, seed: int) -> None:
    run = reference_run(kind, 100, seed=seed)

    actual = (run.running_seconds, run.latency(0.5), run.latency(0.95))
    assert actual == pytest.approx(MEASURED[kind], rel=0.15)


@pytest.mark.parametrize(
    ("kind", "count", "a_second"),
    [
        ("vmi", 400, 8.0),
        ("vm", 200, 5.0),
        pytest.param("vm", 400, 5.0, marks=pytest.mark.slow),
    ],
)
def test_more_go_at_the_same_rate(kind: str, count: int, a_second: float) -> None:
    """What bounds the rate is work per object, and that does not grow with their number."""
    run = reference_run(kind, count, is_deleted=False)

    assert len(run.latencies) == count
    assert count / run.running_seconds == pytest.approx(a_second, rel=0.15)


def test_a_larger_burst_merges_more_writes_as_on_the_real_plane() -> None:
    """The more VMIs wait, the surer a pod runs before its VMI's turn comes again.

    Measured with 1 000: 3.00 UPDATEs of a VMI and 19.0 requests in all.
    """
    run = reference_run("vmi", 400, is_deleted=False)

    updates = run.created["virt-controller", "update virtualmachineinstances 200"]
    assert updates == pytest.approx(3.0, abs=0.15)
    assert sum(run.created.values()) + 1 == pytest.approx(19.0, abs=0.3)
