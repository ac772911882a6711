"""The least time and the deadlines that follow from it."""

import pytest

from virtslo.load.ceiling import calls_per_object, default_deadline, least_seconds
from virtslo.model.workload import Kind


def test_a_vmi_costs_virt_controller_eight_calls() -> None:
    assert calls_per_object(Kind.VMI) == 8.0


def test_a_vm_costs_more_than_a_vmi_and_a_pool_more_than_its_vms() -> None:
    assert calls_per_object(Kind.VMI) < calls_per_object(Kind.VMIRS) < calls_per_object(Kind.VM)
    assert calls_per_object(Kind.VM) < calls_per_object(Kind.VMPOOL)


def test_the_bucket_is_spent_before_time_is() -> None:
    assert least_seconds(8.0, 50, 200, 400) == 0.0
    assert least_seconds(8.0, 1000, 200, 400) == pytest.approx(38.0)


def test_a_deadline_is_ten_minutes_or_three_times_the_least_time() -> None:
    assert default_deadline(38.0) == 600.0
    assert default_deadline(398.0) == pytest.approx(1194.0)
