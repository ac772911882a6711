"""The least time and the deadlines that follow from what is usual."""

import pytest

from virtslo.model.kubernetes.client_limits import ClientLimit
from virtslo.model.plan.ceiling import (
    DEFAULT_LIMIT,
    NEEDED_CALLS,
    USUAL_CALLS,
    default_deadline,
    least_seconds,
    needed_calls,
    usual_calls,
    usual_seconds,
)
from virtslo.model.plan.workload import Kind


def test_a_vmi_costs_virt_controller_eight_calls_of_which_it_needs_four() -> None:
    assert usual_calls(Kind.VMI) == 8.0
    assert needed_calls(Kind.VMI) == 4


def test_a_vm_costs_more_than_a_vmi_and_a_pool_more_than_its_vms() -> None:
    for calls in (usual_calls, needed_calls):
        assert calls(Kind.VMI) < calls(Kind.VMIRS) < calls(Kind.VM) < calls(Kind.VMPOOL)


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_needed_is_part_of_what_is_usual(kind: Kind) -> None:
    assert all(
        count <= USUAL_CALLS[kind].get(call, 0) for call, count in NEEDED_CALLS[kind].items()
    )


def test_the_bucket_is_spent_before_time_is() -> None:
    assert least_seconds(Kind.VMI, 100, None) == 0.0
    assert least_seconds(Kind.VMI, 1000, DEFAULT_LIMIT) == pytest.approx(18.0)
    assert usual_seconds(Kind.VMI, 1000, DEFAULT_LIMIT) == pytest.approx(38.0)


def test_a_bucket_that_is_off_bounds_nothing() -> None:
    assert least_seconds(Kind.VMI, 1000, ClientLimit(0, 0, "profile")) == 0.0


def test_a_deadline_is_ten_minutes_or_three_times_what_is_usual() -> None:
    assert default_deadline(38.0) == 600.0
    assert default_deadline(398.0) == pytest.approx(1194.0)
