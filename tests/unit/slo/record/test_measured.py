"""Latencies of VMIs from their own creation, and from that of what owns them."""

from support.records import VM, operation, record, seen, stage
from support.scenarios import scenario
from virtslo.model.run.operations import CREATE
from virtslo.model.stage_names import RAMP_UP
from virtslo.slo.figures.indicators import indicators_of
from virtslo.slo.record.measured import measure

STAGES = (stage(RAMP_UP, 0, 60, whole=40),)


def values(kind: str) -> dict[str, float]:
    """The latencies to Running of one VMI: created at 1, shown at 30, Running at 34."""
    if kind == "vmi":
        made = operation(CREATE, "a", 1, stage=RAMP_UP, uid="uid-a")
        facts = [seen("a", added=30, running=34)]
    else:
        made = operation(CREATE, "a", 1, kind=VM, stage=RAMP_UP, uid="uid-vm")
        facts = [
            seen("a", uid="uid-vm", kind=VM, added=2),
            seen("a", owner="uid-vm", added=30, running=34),
        ]
    given = record(scenario(kind, 1), stages=STAGES, operations=[made], observations=facts)
    return {
        item.name: float(item.figure.value)
        for item in indicators_of(measure(given))
        if item.statistic == "max" and item.name.endswith("_to_running_seconds")
        and item.figure.value is not None
    }  # fmt: skip


def test_a_bare_vmi_is_created_when_its_create_is_released() -> None:
    assert values("vmi") == {
        "vmi_creation_to_running_seconds": 33,
        "vmi_intent_to_running_seconds": 33,
    }


def test_a_vms_vmi_is_created_when_it_is_first_seen() -> None:
    assert values("vm") == {
        "vmi_creation_to_running_seconds": 4,
        "owner_creation_to_running_seconds": 33,
        "vmi_intent_to_running_seconds": 33,
    }
