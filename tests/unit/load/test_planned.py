"""Planned things are values."""

from dataclasses import FrozenInstanceError

import pytest

from virtslo.load.planned import PlannedObject
from virtslo.model.plan.workload import Kind


def test_a_planned_object_cannot_be_changed() -> None:
    planned = PlannedObject(0, Kind.VMI, "ns", "n", {})

    with pytest.raises(FrozenInstanceError):
        planned.name = "other"  # type: ignore[misc]
