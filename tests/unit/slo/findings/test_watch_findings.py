"""A watch that was late makes the figures of its stage inconclusive, and no others."""

import msgspec
import pytest

from support.records import operation, record, seen, stage
from support.scenarios import scenario
from virtslo.model.run.findings import Finding
from virtslo.model.run.observations import RELIST
from virtslo.model.run.operations import CREATE, DELETE
from virtslo.model.stage_names import RAMP_DOWN, RAMP_UP
from virtslo.slo.catalog.actions import FAMILY as ACTION_FAMILY
from virtslo.slo.catalog.catalog import CATALOG
from virtslo.slo.catalog.churn import FAMILY as CHURN_FAMILY
from virtslo.slo.catalog.family import WATCH
from virtslo.slo.catalog.vms import FAMILY as VM_FAMILY
from virtslo.slo.findings.watch_findings import watch_findings
from virtslo.slo.record.measured import measure

ACTIONS = frozenset(ACTION_FAMILY.definitions)
STAGES = (stage(RAMP_UP, 0, 50, whole=40), stage(RAMP_DOWN, 60, 90, whole=80))


def found(*, added: float, deleting: float) -> list[Finding]:
    given = record(
        scenario("vmi", 1, "burst"),
        stages=STAGES,
        operations=[
            operation(CREATE, "a", 1.0, answered=1.1, stage=RAMP_UP, uid="uid-a"),
            operation(DELETE, "a", 61.0, answered=61.1, stage=RAMP_DOWN, uid="uid-a"),
        ],
        observations=[seen("a", added=added, running=40.0, deleting=deleting, gone=80.0)],
    )
    return list(watch_findings(measure(given)))


def test_a_watch_that_delivers_at_once_is_no_finding() -> None:
    assert found(added=1.2, deleting=61.2) == []


def test_a_late_watch_in_the_ramp_up_touches_what_is_made_of_phases() -> None:
    (finding,) = found(added=9.2, deleting=61.2)

    assert finding.code == "watch_lag"
    assert finding.inconclusive
    assert "late in ramp_up: 1 of 1 facts" in finding.detail
    assert "the worst 8.1 s" in finding.detail
    assert "phase_transition_rate" in finding.touches
    assert "vmi_deletion_to_gone_seconds" not in finding.touches


@pytest.mark.parametrize("kind", ["vmi", "vm", "vmpool"])
def test_a_late_watch_touches_every_figure_that_is_made_of_what_was_seen(kind: str) -> None:
    given = record(
        scenario(kind, 1, "burst"),
        stages=STAGES,
        operations=[operation(CREATE, "a", 1.0, answered=1.1, stage=RAMP_UP, uid="uid-a")],
        observations=[seen("a", added=9.2, running=40.0)],
    )
    (finding,) = watch_findings(measure(given))
    seen_late = {name for name, each in CATALOG.items() if each.source == WATCH}
    others = {"vmi_deletion_to_gone_seconds", *ACTIONS, *CHURN_FAMILY.definitions}
    if kind == "vmi":
        others |= {"controller_made_rate", "owner_creation_to_running_seconds"}
        others |= VM_FAMILY.definitions.keys()

    assert seen_late - others <= set(finding.touches)
    assert not others & set(finding.touches)
    assert ("creation_rate" in finding.touches) == (kind == "vmpool")


def test_a_late_watch_in_the_ramp_down_touches_the_ramp_down() -> None:
    (finding,) = found(added=1.2, deleting=65.1)

    assert finding.touches[0] == "vmi_deletion_to_gone_seconds"
    assert "phase_transition_rate" not in finding.touches


def test_a_lag_that_moves_no_figure_is_a_note() -> None:
    """The population was whole after 40 s: four seconds are a tenth of that."""
    (finding,) = found(added=5.0, deleting=61.2)

    assert finding.code == "watch_lag"
    assert not finding.inconclusive


def test_a_lag_of_a_tenth_of_a_ramp_down_spoils_it() -> None:
    (note,) = found(added=1.2, deleting=63.0)
    (finding,) = found(added=1.2, deleting=63.3)

    assert not note.inconclusive
    assert finding.inconclusive


@pytest.mark.parametrize(("gone", "spoils"), [(63.0, False), (69.0, True)])
def test_what_a_list_shows_to_be_gone_may_have_been_gone_since_the_last_delivery(
    gone: float, spoils: bool
) -> None:
    """Deletions have no stamp: 61.2 is the last that was heard of the VMI."""
    known = seen("a", added=1.2, running=40.0, deleting=61.2)
    listed = [msgspec.structs.replace(fact, source=RELIST) for fact in seen("a", gone=gone)]
    given = record(scenario("vmi", 1, "burst"), stages=STAGES, observations=[[*known, *listed]])

    found = list(watch_findings(measure(given)))

    assert [(each.code, each.inconclusive) for each in found] == [("relist", True)] * spoils
    assert all("up to 7.8 s after it was true" in each.detail for each in found)
    assert all("vmi_deletion_to_gone_seconds" in each.touches for each in found)
