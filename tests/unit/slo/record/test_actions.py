"""The effect of a request: the first fact of its own step that shows what was asked for."""

from dataclasses import replace
from typing import Any

from support.records import VM, operation, record, seen, stage
from support.scenarios import scenario
from virtslo.model.run.observations import (
    MIGRATED,
    MIGRATION_FAILED,
    PAUSED,
    UNPAUSED,
    Fact,
    Observation,
)
from virtslo.model.run.record import RunRecord
from virtslo.model.stage_names import ACTIONS
from virtslo.slo.findings.action_findings import action_findings
from virtslo.slo.record.actions import acted, shortest_wait
from virtslo.slo.record.measured import measure


def fact(name: str, what: Fact, at: float, uid: str = "") -> list[Observation]:
    kind = "VirtualMachineInstance"
    return [Observation(round(at * 1e9), what, kind, "ns", name, uid or f"uid-{name}")]


def run(*observed: list[Observation], steps: list[dict[str, Any]], **ends: Any) -> RunRecord:
    """Requests to `a`, a step every 10 s."""
    requests = [
        operation(step["action"], "a", 10.0 * number, kind=VM, stage=ACTIONS, cycle=number, **ends)
        for number, step in enumerate(steps)
    ]
    starts = [10.0 * number for number in range(len(steps))]
    return record(
        scenario("vm", 1, load={"actions": steps}),
        stages=[stage(ACTIONS, 0, 10.0 * len(steps), starts=starts)],
        operations=requests,
        observations=observed,
    )


def seconds(found: RunRecord) -> list[float | None]:
    return [each.seconds for each in acted(found)]


def test_each_action_has_the_effect_that_it_asks_for() -> None:
    steps = [
        {"action": each} for each in ("stop", "start", "restart", "pause", "unpause", "migrate")
    ]
    found = run(
        seen("a", uid="1", added=-9, running=-8, gone=3),
        seen("a", uid="2", added=11, running=14, gone=23),
        seen("a", uid="3", added=24, running=26),
        fact("a", PAUSED, 31, "3"),
        fact("a", UNPAUSED, 42, "3"),
        fact("a", MIGRATED, 59, "3"),
        steps=steps,
    )

    assert seconds(found) == [3.0, 4.0, 6.0, 1.0, 2.0, 9.0]
    assert list(action_findings(measure(found))) == []


def test_what_comes_after_the_next_step_began_is_that_steps() -> None:
    found = run(
        seen("a", uid="1", added=-9, running=-8, gone=13),
        steps=[{"action": "stop"}, {"action": "stop"}],
    )

    assert seconds(found) == [None, 3.0]
    (finding,) = action_findings(measure(found))
    assert finding.code == "actions_without_effect"
    assert finding.inconclusive
    assert "1 of 2 requests to stop a machine" in finding.detail


def test_a_restart_is_over_only_when_another_vmi_runs() -> None:
    found = run(seen("a", uid="1", added=-9, running=-8), steps=[{"action": "restart"}])

    assert seconds(found) == [None]


def test_a_failed_migration_is_no_migration() -> None:
    found = run(
        seen("a", added=-9, running=-8),
        fact("a", MIGRATION_FAILED, 5),
        steps=[{"action": "migrate"}],
    )

    assert seconds(found) == [None]


def test_what_was_not_waited_for_is_not_unfinished() -> None:
    found = run(seen("a", added=-9, running=-8), steps=[{"action": "migrate", "wait": False}])

    assert [each.is_unfinished for each in acted(found)] == [False]
    assert list(action_findings(measure(found))) == []


def test_a_refused_request_has_no_effect_and_is_reported() -> None:
    found = run(
        seen("a", added=-9, running=-8, gone=4),
        steps=[{"action": "stop"}],
        error="Conflict",
        message="VM is not running",
        code=409,
    )

    assert seconds(found) == [None]
    (finding,) = action_findings(measure(found))
    assert finding.code == "failed_operations"
    assert "VM is not running" in finding.detail


def test_the_shortest_wait_is_known_only_where_all_are() -> None:
    steps = [{"action": "stop"}, {"action": "stop"}]
    whole = acted(run(seen("a", uid="1", added=-9, running=-8), steps=steps))
    open_ended = [replace(whole[0], until_ns=None), whole[1]]

    assert shortest_wait(whole) == 10.0
    assert shortest_wait(open_ended) is None
    assert shortest_wait([]) is None
