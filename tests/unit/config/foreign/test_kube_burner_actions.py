"""Jobs of type kubevirt: every object of every iteration a step, or refused in words."""

from pathlib import Path
from typing import Any

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.config.foreign.kube_burner_workload import notes_of, to_document
from virtslo.config.scenario_file import read_scenario
from virtslo.model.plan.actions import Action, ActionStep

VM = """
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: "{{.name}}-{{.Replica}}"}
spec: {running: true, template: {metadata: {}, spec: {domain: {}}}}
"""
CREATE = """
jobs:
- name: power
  maxWaitTimeout: 1h
  namespacedIterations: false
  namespace: power
  objects:
  - {objectTemplate: vm.yml, replicas: 3, inputVars: {name: vm}}
"""
ACT = """
- name: act
  jobType: kubevirt
  qps: 20
  burst: 20
  jobIterations: 2
  maxWaitTimeout: 1h
  objectDelay: 2m
  jobIterationDelay: 1m
  objectWait: true
  objects:
  - {kubeVirtOp: stop, labelSelector: {kube-burner.io/job: power}, inputVars: {force: "true"}}
  - {kubeVirtOp: start, labelSelector: {kube-burner.io/job: power}, wait: false}
"""
DELETE = """
- name: delete
  jobType: delete
  objects:
  - {kind: VirtualMachine, labelSelector: {kube-burner.io/job: power}, apiVersion: kubevirt.io/v1}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "vm.yml").write_text(VM)
    return tmp_path


def refused(text: str, folder: Path) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        to_document(text, folder / "job.yml", environ={})
    return [f"{each.place}: {each.found}: {each.expected}" for each in error.value.problems]


def test_each_object_of_each_iteration_is_a_step_in_order(folder: Path) -> None:
    path = folder / "job.yml"
    path.write_text(CREATE + ACT + DELETE)

    steps = read_scenario(path).load.actions

    stop = ActionStep(Action.STOP, 20.0, 20, force=True, delay=120.0)
    start = ActionStep(Action.START, 20.0, 20, wait=False, delay=180.0)
    assert steps == (stop, start, stop, start)


def test_defaults_are_those_of_kube_burner(folder: Path) -> None:
    act = "\n".join(
        line
        for line in ACT.splitlines()
        if not line.strip().startswith(("qps", "burst", "jobIter", "objectD", "objectW"))
    )
    path = folder / "job.yml"
    path.write_text(CREATE + act)

    stop, start = read_scenario(path).load.actions

    assert (stop.rate, stop.at_once, stop.delay) == (5.0, 10, 0.0)
    assert start.wait is False
    assert any("objectWait" in note for note in notes_of(CREATE + act, path, environ={}))


@pytest.mark.parametrize("kind", ["add-volume", "remove-volume"])
def test_volumes_are_refused_in_words(folder: Path, kind: str) -> None:
    (told,) = refused(CREATE + ACT.replace("kubeVirtOp: stop", f"kubeVirtOp: {kind}"), folder)

    assert told.startswith(f"jobs[1].objects[0].kubeVirtOp: {kind}: one of start, stop")
    assert "no volumes" in told


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("kubeVirtOp: stop", "kubeVirtOp: halt", "jobs[1].objects[0].kubeVirtOp"),
        ("kubeVirtOp: stop", "kubeVirtOp: [stop]", "jobs[1].objects[0].kubeVirtOp"),
        ("kubeVirtOp: stop, ", "", "jobs[1].objects[0].kubeVirtOp"),
        ("start, labelSelector: {kube-burner.io/job: power}", "start", "jobs[1].objects[1].label"),
        ("job: power}, wait", "job: other}, wait", "jobs[1].objects[1].labelSelector"),
        ("job: power}, wait", "job: power, a: b}, wait", "jobs[1].objects[1].labelSelector"),
        ("kubeVirtOp: stop", "kubeVirtOp: stop, kind: Pod", "jobs[1].objects[0].kind"),
        ("kubeVirtOp: stop", "kubeVirtOp: stop, apiVersion: v1", "jobs[1].objects[0].apiVersion"),
        ("kubeVirtOp: stop", "kubeVirtOp: stop, patchType: x", "jobs[1].objects[0].patchType"),
        ("kubeVirtOp: stop", "kubeVirtOp: stop, color: x", "jobs[1].objects[0].color"),
        ('force: "true"', "force: 3", "jobs[1].objects[0].inputVars.force"),
        ('{force: "true"}', "[a]", "jobs[1].objects[0].inputVars"),
        ("qps: 20", "qps: fast", "jobs[1].qps"),
        ("jobIterations: 2", "jobIterations: 900", "jobs[1].jobIterations"),
        ("jobIterations: 2", "jobIterations: -2", "jobs[1].jobIterations"),
        ("objectDelay: 2m", "objectDelay: often", "jobs[1].objectDelay"),
        ("objectWait: true", "executionMode: parallel", "jobs[1].executionMode"),
        ("objectWait: true", "hooks: [{cmd: [x]}]", "jobs[1].hooks"),
        ("objectWait: true", "beforeCleanup: rm", "jobs[1].beforeCleanup"),
        ("jobType: kubevirt", "jobType: patch", "jobs[1].jobType"),
        ("jobType: kubevirt", "jobType: read", "jobs[1].jobType"),
        ("jobType: kubevirt", "jobType: kubevrt", "jobs[1].jobType"),
        ("jobType: kubevirt", "jobType: [kubevirt]", "jobs[1].jobType"),
    ],
)
def test_what_cannot_be_played_is_refused_by_its_place(
    folder: Path, old: str, new: str, place: str
) -> None:
    assert old in ACT

    (told,) = refused(CREATE + ACT.replace(old, new), folder)

    assert told.startswith(place)


def test_machines_must_be_there_when_they_are_acted_on(folder: Path) -> None:
    created = CREATE.replace("jobs:", "")
    (early,) = refused("jobs:" + ACT + created, folder)
    (late,) = refused(CREATE + DELETE + ACT, folder)

    assert "before they are created" in early
    assert "after one that deletes" in late


def test_machines_that_are_churned_are_not_acted_on(folder: Path) -> None:
    churn = "  churnConfig: {cycles: 1, percent: 50, delay: 5s, mode: objects}\n"
    (told,) = refused(CREATE + churn + ACT, folder)

    assert "churnConfig" in told


def test_no_iteration_is_no_step(folder: Path) -> None:
    text = CREATE + ACT.replace("jobIterations: 2", "jobIterations: 0")
    document: dict[str, Any] = to_document(text, folder / "job.yml", environ={})

    assert document["load"]["actions"] == []
