"""What others did to a run's objects is in no figure, and spoils the run."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from support.records import operation, record, seen, stage
from support.scenarios import scenario
from virtslo.model.run.findings import Finding
from virtslo.model.run.observations import Observation
from virtslo.model.run.operations import OperationRecord
from virtslo.model.run.record import RunRecord
from virtslo.slo.findings.interference_findings import interference_findings
from virtslo.slo.record.measured import measure

PHASES = {"added": 1.1, "pending": 1.1, "scheduling": 1.2, "scheduled": 1.3, "running": 1.4}


def create(index: int, **facts: Any) -> OperationRecord:
    name = f"vmi-{index}"
    facts = {"uid": f"uid-{name}", "stage": "ramp_up", **facts}
    return operation("create", name, 1.0, index=index, **facts)


def ran(number: int, **facts: Any) -> list[Observation]:
    return seen(f"vmi-{number}", **{"index": number, **PHASES, **facts})


def burst(
    *more: Sequence[Observation],
    creates: Sequence[OperationRecord] | None = None,
    seen_of: Sequence[Sequence[Observation]] | None = None,
    whole: float | None = 1.4,
    others: Sequence[OperationRecord] = (),
) -> RunRecord:
    """A burst of three, as it should be but for what is given."""
    return record(
        scenario("vmi", 3),
        stages=[stage("ramp_up", 1.0, 5.0, whole=whole), stage("ramp_down", 6.0, 9.0, whole=8.0)],
        operations=[*(creates if creates is not None else map(create, range(3))), *others],
        observations=[*(seen_of if seen_of is not None else map(ran, range(3))), *more],
    )


def found(given: RunRecord) -> list[Finding]:
    return list(interference_findings(measure(given)))


def codes(given: RunRecord) -> list[str]:
    findings = found(given)
    assert all(finding.inconclusive and finding.touches for finding in findings)
    return [finding.code for finding in findings]


def test_a_run_that_is_as_it_should_be_has_no_finding() -> None:
    assert codes(burst()) == []
    assert len(measure(burst()).vmis) == 3


def test_a_ramp_up_that_was_never_whole_is_no_pass() -> None:
    assert codes(burst(whole=None)) == ["never_whole"]


def test_a_deletion_of_others_spoils_the_run() -> None:
    for facts in ({"deleting": 1.5, "gone": 1.6}, {"gone": 1.6}):
        given = burst(seen_of=[ran(0, **facts), ran(1), ran(2)])
        (finding,) = found(given)
        assert finding.code == "deleted_by_others"
        assert "ns/vmi-0" in finding.detail


def test_the_runs_own_deletions_are_its_own() -> None:
    own = operation("delete", "vmi-0", 6.0, stage="ramp_down", uid="uid-vmi-0")

    assert (
        codes(burst(seen_of=[ran(0, deleting=6.1, gone=6.2), ran(1), ran(2)], others=[own])) == []
    )


def test_an_object_that_was_made_anew_under_its_name_is_in_no_figure() -> None:
    anew = ran(0, uid="another", added=2.0, pending=2.0, scheduling=2.0, scheduled=2.1, running=2.2)
    given = burst(anew, seen_of=[ran(0, deleting=1.5, gone=1.6), ran(1), ran(2)])

    assert codes(given) == ["not_ours", "deleted_by_others"]
    assert [vmi.uid for vmi in measure(given).vmis] == ["uid-vmi-0", "uid-vmi-1", "uid-vmi-2"]


def test_an_object_of_others_with_our_labels_is_in_no_figure() -> None:
    given = burst(ran(7))

    assert codes(given) == ["not_ours"]
    assert len(measure(given).vmis) == 3


def test_a_create_whose_answer_was_lost_is_found_by_name_and_time() -> None:
    lost = create(0, uid=None, error="ConnectionLost", code=None)

    assert codes(burst(creates=[lost, create(1), create(2)])) == []


def test_an_object_from_before_a_lost_create_is_not_its_own() -> None:
    lost = create(0, uid=None, error="ConnectionLost", code=None)
    early = ran(0, added=0.5, pending=0.5, scheduling=0.6, scheduled=0.7, running=0.8)

    assert codes(burst(creates=[lost, create(1), create(2)], seen_of=[early, ran(1), ran(2)])) == [
        "not_ours"
    ]


def test_an_index_that_others_changed_spoils_the_run() -> None:
    assert codes(burst(seen_of=[ran(0), ran(1, index=0), ran(2, index=0)])) == ["relabelled"]


@pytest.mark.parametrize(
    ("phases", "code"),
    [
        ({"added": 1.1, "running": 1.119}, "phase_order"),
        ({**PHASES, "scheduled": 1.5}, "phase_order"),
        ({key: at - 0.5 for key, at in PHASES.items()}, "impossible_times"),
    ],
)
def test_what_cannot_be_spoils_the_run(phases: dict[str, float], code: str) -> None:
    moments: dict[str, Any] = dict(phases)
    odd = seen("vmi-0", index=0, **moments)

    assert codes(burst(seen_of=[odd, ran(1), ran(2)])) == [code]


def test_a_damaged_record_is_judged_for_its_damage_alone() -> None:
    given = replace(burst(whole=None), damage=("operations.jsonl.gz: cut off",))

    assert codes(given) == []
