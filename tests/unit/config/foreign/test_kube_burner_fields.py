"""What kube-burner wants as the value of a key is wanted here, also where it alone reads it."""

from pathlib import Path

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.config.foreign.kube_burner_fields import wanted_form
from virtslo.config.foreign.kube_burner_workload import is_workload, to_document

JOB = """jobs:
- name: density
  namespacedIterations: false
  namespace: ns
  KEY
  objects:
  - objectTemplate: vmi.yml
    OF_OBJECT
"""
TEMPLATE = """apiVersion: kubevirt.io/v1
kind: VirtualMachineInstance
metadata: {name: "vmi-{{.Iteration}}"}
spec: {domain: {}}
"""
DURATION = "a duration such as 5m"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "vmi.yml").write_text(TEMPLATE)
    return tmp_path / "workload.yml"


def _text(key: str = "gc: false", of_object: str = "replicas: 1") -> str:
    return JOB.replace("KEY", key).replace("OF_OBJECT", of_object)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (_text("gc: maybe"), "jobs[0].gc"),
        (_text("waitWhenFinished: 1"), "jobs[0].waitWhenFinished"),
        (_text('preLoadImages: "false"'), "jobs[0].preLoadImages"),
        (_text("jobPause: 5"), "jobs[0].jobPause"),
        (_text("preLoadPeriod: often"), "jobs[0].preLoadPeriod"),
        (_text("objectDelay: 5"), "jobs[0].objectDelay"),
        (_text("namespaceLabels: [a]"), "jobs[0].namespaceLabels"),
        (_text("measurements: {name: x}"), "jobs[0].measurements"),
        (_text("metricsClosing: later"), "jobs[0].metricsClosing"),
        (_text(of_object="wait: maybe"), "jobs[0].objects[0].wait"),
        (_text(of_object="waitOptions: {until: x}"), "jobs[0].objects[0].waitOptions"),
        ("global: []\n" + _text(), "global"),
        ("global: {gc: maybe}\n" + _text(), "global.gc"),
        ("global: {timeout: 5}\n" + _text(), "global.timeout"),
    ],
)
def test_what_kube_burner_would_not_read_is_refused(path: Path, text: str, place: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        to_document(text, path, environ={})

    assert [problem.place for problem in caught.value.problems] == [place]


@pytest.mark.parametrize(
    "key",
    [
        "gc: yes", 'waitWhenFinished: "on"', "gc: null", "jobPause: 1h2m3.5s", "jobPause: -1s",
        "maxWaitTimeout: +1m", "namespaceLabels: null", "metricsClosing: afterJob",
        "measurements: []", "preLoadNodeLabels: {a: 1}",
    ],
)  # fmt: skip
def test_what_kube_burner_reads_is_taken(path: Path, key: str) -> None:
    assert to_document(_text(key), path, environ={})["name"] == "density"


def test_a_key_that_virtslo_reads_itself_has_no_form_here() -> None:
    assert wanted_form("qps", "fast") == ""
    assert wanted_form("jobPause", "1\u0663s") == DURATION


@pytest.mark.parametrize(
    "text",
    ["\ufeff" + _text(), "jobs: [{name: a}]\n", '"jobs":\n- name: a\n', "jobs:\r\n- name: a\r\n"],
)
def test_a_workload_is_recognised_however_its_jobs_are_written(text: str) -> None:
    assert is_workload(text)
