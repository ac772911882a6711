"""The swarm's own judgement: each promise that is broken on purpose is found, and by its name."""

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.swarm.door import NO_ANSWER, Exchange
from support.swarm.invariants import violations
from support.swarm.play import Played, play
from support.swarm.trials import Seen, Trial, shrunk
from support.swarm.truth.figures import NOT_RECOMPUTED
from support.swarm.witness import Mirror, Witness
from support.swarm.worlds import FAULTS, World, draw
from virtslo.base.clock import SystemClock
from virtslo.config.faults import parse_faults
from virtslo.config.scenario_file import scenario_from_mapping
from virtslo.model.kubernetes.resources import NODES, PODS, VMIS
from virtslo.model.report.document import RunFinding
from virtslo.model.run.findings import Finding
from virtslo.model.run.observations import ADDED as FACT_ADDED
from virtslo.model.run.observations import PHASE, Observation
from virtslo.model.run.record import RunStatus
from virtslo.ports.kube_api import WatchEvent
from virtslo.sim.storage.object_store import ObjectStore
from virtslo.slo.catalog.catalog import CATALOG

TOOL = Path(__file__).parents[3] / "tools" / "swarm.py"
SMALL = World(
    seed=1,
    document={
        "apiVersion": "virtslo/v1",
        "name": "small",
        "workload": {"kind": "vmi", "count": 2},
        "load": {"pattern": "burst", "settle": "1s"},
        "simulated": {"profile": "instant", "nodes": 1, "set": {}},
    },
)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(SMALL, tmp_path_factory.mktemp("swarm") / "run")


@pytest.fixture(scope="module")
def ci_played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A run in which everything takes time."""
    simulated = {"profile": "ci", "nodes": 2, "set": {}}
    world = replace(SMALL, document={**SMALL.document, "simulated": simulated})
    return play(world, tmp_path_factory.mktemp("swarm-ci") / "run")


def observed(played: Played, observations: list[Observation]) -> Played:
    return replace(played, record=replace(played.record, observations=tuple(observations)))


def running(item: Observation) -> bool:
    return item.fact == PHASE and item.phase == "Running" and item.stage is None


def moved(item: Observation, seconds: float) -> Observation:
    fields = {name: getattr(item, name) for name in item.__struct_fields__}
    return Observation(**{**fields, "received_ns": item.received_ns + int(seconds * 1e9)})


def renamed(item: Observation, uid: str) -> Observation:
    fields = {name: getattr(item, name) for name in item.__struct_fields__}
    return Observation(**{**fields, "uid": uid})


def test_a_run_that_keeps_its_promises_breaks_none(played: Played) -> None:
    assert played.report.valid
    assert len(played.lives) >= 2
    assert violations(played) == []


def lose_running(played: Played) -> Played:
    return observed(played, [i for i in played.record.observations if not running(i)])


def learn_late(played: Played) -> Played:
    late = [moved(i, 9.0) if running(i) else i for i in played.record.observations]
    return observed(played, late)


def see_twice(played: Played) -> Played:
    twice = [
        copy for item in played.record.observations
        for copy in ([item, item] if item.fact == FACT_ADDED else [item])
    ]  # fmt: skip
    return observed(played, twice)


def turn_round(played: Played) -> Played:
    return observed(played, list(reversed(played.record.observations)))


def invent(played: Played) -> Played:
    first = next(item for item in played.record.observations if item.kind == VMIS.kind)
    return observed(played, [*played.record.observations, renamed(first, "no such uid")])


def leave_behind(played: Played) -> Played:
    return replace(played, left=("Pod ns/one",))


def pass_interrupted(played: Played) -> Played:
    header = replace(played.record.header, status=RunStatus.INTERRUPTED)
    return replace(played, record=replace(played.record, header=header))


def forget_a_create(played: Played) -> Played:
    record = replace(played.record, operations=played.record.operations[1:])
    return replace(played, record=record)


def miscount(played: Played) -> Played:
    return replace(played, creates=played.creates + 1)


def report_that_says(played: Played, name: str, value: float | None) -> Played:
    """The run with another value in every statistic of an indicator that has one."""
    told = tuple(
        replace(item, figure=replace(item.figure, value=value))
        if item.name == name and item.figure.value is not None
        else item
        for item in played.report.indicators
    )
    return replace(played, report=replace(played.report, indicators=told))


def broken_figures(played: Played) -> str:
    return "; ".join(words for words in violations(played) if words.startswith("figures: "))


def test_a_figure_without_a_truth_is_found(ci_played: Played) -> None:
    first = ci_played.report.indicators[0]
    told = (*ci_played.report.indicators, replace(first, name="invented"))
    made = replace(ci_played, report=replace(ci_played.report, indicators=told))

    assert "invented mean has no truth that it is held against" in broken_figures(made)
    assert set(NOT_RECOMPUTED) <= set(CATALOG)


@pytest.mark.parametrize(
    "name",
    [
        "creation_rate",
        "phase_rate_running",
        "time_to_first_running_seconds",
        "vmi_creation_to_running_seconds",
        "vmi_pending_to_scheduling_seconds",
        "vmi_deletion_to_gone_seconds",
        "mean_seconds_in_scheduling",
        "rest_calls_create_pods",
        "ramp_down_rest_calls_delete",
        "controller_calls_per_vmi",
        "own_call_seconds_resource",
        "api_call_seconds_resource",
        "create_success_ratio",
    ],
)
def test_a_figure_that_is_not_the_truth_is_found(ci_played: Played, name: str) -> None:
    assert broken_figures(ci_played) == ""
    assert name in broken_figures(report_that_says(ci_played, name, 7777.0))


def test_a_wrong_figure_passes_only_where_the_run_is_not_valid_and_says_so(
    ci_played: Played,
) -> None:
    lie = report_that_says(ci_played, "phase_rate_running", 7777.0)
    run = lie.report.runs[0].id
    named = Finding(code="x", detail="", touches=("phase_transition_rate",), inconclusive=True)
    other = Finding(code="x", detail="", touches=("rest_calls",), inconclusive=True)

    def judged(finding: Finding, *, valid: bool) -> str:
        report = replace(lie.report, valid=valid, findings=(RunFinding(run, finding),))
        return broken_figures(replace(lie, report=report))

    assert judged(named, valid=False) == ""
    assert "no finding touches it" in judged(other, valid=False)
    assert "and the run is valid (x)" in judged(named, valid=True)


@pytest.mark.parametrize(
    ("breaking", "promise"),
    [
        (lose_running, "lost"),
        (learn_late, "verdict"),
        (see_twice, "once"),
        (turn_round, "order"),
        (invent, "invented"),
        (leave_behind, "clean-up"),
        (pass_interrupted, "verdict"),
        (forget_a_create, "operations"),
        (miscount, "counts"),
    ],
)
def test_a_promise_that_is_broken_is_found(
    played: Played, breaking: Callable[[Played], Played], promise: str
) -> None:
    found = {words.partition(":")[0] for words in violations(breaking(played))}

    assert promise in found


def test_a_seed_is_always_the_same_world_and_every_world_can_be_run() -> None:
    for seed in range(400):
        world = draw(seed)
        assert world == draw(seed)
        scenario_from_mapping(world.document, source="", base=Path(), indicators=CATALOG)


def test_every_fault_is_drawn() -> None:
    drawn = {fault.name for seed in range(400) for fault in parse_faults(draw(seed).faults)}

    assert drawn == {text.partition(":")[0] for text in FAULTS}


def test_a_world_that_fails_is_shrunk_to_what_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(world: World) -> tuple[str, ...]:
        is_it = world.has_fault("compaction") and world.document["workload"]["count"] >= 3
        return ("lost: a VMI",) if is_it else ()

    monkeypatch.setattr("support.swarm.trials.broken_by", fails)
    document = {
        **SMALL.document,
        "workload": {"kind": "vmi", "count": 12, "namespaces": 2},
        "faults": ["latency", "compaction", "leader-change"],
    }
    found = shrunk(World(1, document, 5.0), ("lost: another",))

    assert (found.faults, found.interrupted_at) == (("compaction",), None)
    assert found.document["workload"] == {"kind": "vmi", "count": 3}


def stored(name: str, **parts: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "n", "uid": f"uid-{name}"}, **parts}


def node(pods: int) -> dict[str, Any]:
    made = stored("node", status={"allocatable": {"cpu": "1", "pods": str(pods)}})
    made["metadata"]["namespace"] = ""
    return made


def pod(name: str, node: str | None = None, cpu: str = "100m") -> dict[str, Any]:
    containers = [{"resources": {"requests": {"cpu": cpu}}}]
    return stored(name, spec={"containers": containers, **({"nodeName": node} if node else {})})


class Witnessed:
    """A store under a witness."""

    def __init__(self) -> None:
        self.store = ObjectStore()
        self.witness = Witness(self.store, SystemClock())
        self.store.put(NODES, ("", "node"), node(2))

    def pod(self, name: str, node: str | None = None, cpu: str = "100m") -> None:
        self.store.put(PODS, ("n", name), pod(name, node, cpu))

    def vmi(self, phase: str, **metadata: str) -> None:
        made = stored("v", status={"phase": phase, "nodeName": "node"})
        made["metadata"] = {**made["metadata"], "labels": {"virtslo.io/run": "r"}, **metadata}
        self.store.put(VMIS, ("n", "v"), made)

    @property
    def broken(self) -> str:
        return "; ".join([*self.witness.broken, *self.witness.crowded(())])


def test_a_cluster_that_keeps_its_laws_breaks_none() -> None:
    seen = Witnessed()
    for name in ("a", "b"):
        seen.pod(name)
        seen.pod(name, "node")
    for phase in ("Pending", "Scheduling", "Scheduled", "Running", "Succeeded"):
        seen.vmi(phase)
    seen.store.remove(VMIS, ("n", "v"))

    assert seen.broken == ""
    assert [phase for phase, _ in seen.witness.lives["uid-v"].phases][-1] == "Succeeded"


@pytest.mark.parametrize("cpu", ["100m", "600m"])
def test_a_node_that_is_given_more_than_it_has_is_found(cpu: str) -> None:
    seen = Witnessed()
    for name in ("a", "b") if cpu == "600m" else ("a", "b", "c"):
        seen.pod(name, "node", cpu)

    assert ("cpu, asked for 1200" if cpu == "600m" else "2 pods, asked for 3") in seen.broken


def test_a_binding_whose_answer_was_lost_explains_a_pod_too_many() -> None:
    seen = Witnessed()
    for name in ("a", "b", "c"):
        seen.pod(name, "node")

    def binding(name: str, outcome: str) -> Exchange:
        return Exchange(
            "kube-scheduler", "create", "pods", "binding", "n", name, 0, 1, outcome=outcome
        )

    assert seen.witness.crowded([binding("b", NO_ANSWER)]) == []
    assert seen.witness.crowded([binding("b", "201"), binding("x", NO_ANSWER)])


def test_a_pod_that_moves_and_a_node_that_is_not_there_are_found() -> None:
    seen = Witnessed()
    seen.pod("a", "node")
    seen.pod("a", "other")
    seen.pod("b", "nowhere")

    assert "moved from node to other" in seen.broken
    assert "nowhere, which does not exist" in seen.broken


def test_a_phase_that_goes_back_and_a_deletion_that_is_taken_back_are_found() -> None:
    seen = Witnessed()
    seen.vmi("Succeeded", deletionTimestamp="2026-01-31T10:00:00Z")
    seen.vmi("Running")

    assert "Running after Succeeded" in seen.broken
    assert "a deletion was taken back" in seen.broken


def test_a_uid_that_comes_again_and_an_orphan_are_found() -> None:
    seen = Witnessed()
    seen.vmi("Pending")
    seen.store.remove(VMIS, ("n", "v"))
    seen.vmi("Pending")
    owned = pod("o")
    owned["metadata"]["ownerReferences"] = [{"kind": "X", "name": "x", "uid": "gone"}]
    seen.store.put(PODS, ("n", "o"), owned)

    assert "the uid of an earlier object" in seen.broken
    assert seen.witness.orphans() == ["Pod n/o"]
    assert seen.witness.left("r") == ["VirtualMachineInstance n/v"]


def test_a_watch_that_repeats_skips_or_goes_back_is_found() -> None:
    def event(kind: str, version: int) -> WatchEvent:
        metadata = {"name": "v", "uid": "u", "resourceVersion": str(version)}
        return WatchEvent(kind, {"metadata": metadata}, 0)

    for events, words in (
        ([("MODIFIED", 4)], "before it was added"),
        ([("ADDED", 4), ("ADDED", 5)], "added twice"),
        ([("ADDED", 4), ("MODIFIED", 3)], "went back"),
        ([("ADDED", 4)], "1 VMIs known, 0 stored"),
    ):
        mirror = Mirror()
        for kind, version in events:
            mirror.changed(event(kind, version))
        assert words in "; ".join(mirror.differs(ObjectStore()))


def test_what_runs_under_one_fault_alone_said_is_counted() -> None:
    spec = importlib.util.spec_from_file_location("swarm_tool", TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    def trial(faults: list[str], *spoiled: str, status: str = "complete") -> Trial:
        world = World(1, {**SMALL.document, "faults": faults})
        return Trial(world, (), Seen(status, not spoiled, frozenset(spoiled), frozenset({"note"})))

    trials = [
        trial(["latency:rate=1"]),
        trial(["latency"], "unfinished"),
        trial(["latency"], "interrupted", status="interrupted"),
        trial(["latency", "compaction"], "watch_lag"),
    ]
    lines = list(tool.by_fault(trials))

    assert "latency: 2, 1; unfinished 1; note 2" in lines
    assert "compaction: 0, 0; nothing; nothing" in lines
