"""kube-burner's workloads as scenarios: carried out, told, or refused with every path at once."""

from pathlib import Path
from typing import Any

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.config.foreign.kube_burner_workload import is_workload, notes_of, to_document
from virtslo.config.scenario_file import read_scenario
from virtslo.config.templates.rendering import kube_burner_variables, render_manifests
from virtslo.load.plan import contexts, replacement_contexts
from virtslo.model.plan.scenario import Dialect, Pattern, Victims
from virtslo.model.plan.workload import Kind

TEMPLATE = """
apiVersion: kubevirt.io/v1
kind: {kind}
metadata:
  name: {{{{.JobName}}}}-{{{{.Iteration}}}}-{{{{.Replica}}}}
  labels: {{app: {{{{.app | quote}}}}}}
spec: {spec}
"""
JOB = """
jobs:
- name: density
  jobIterations: 6
  qps: 20
  burst: 30
  maxWaitTimeout: 7m
  namespacedIterations: false
  namespace: density
  objects:
  - objectTemplate: templates/vm.yml
    replicas: 2
    inputVars: {app: x}
"""
CHURN = "  churnConfig: {cycles: 3, percent: 20, delay: 30s, mode: objects}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    templates = tmp_path / "templates"
    templates.mkdir()
    running = "{runStrategy: Always, template: {metadata: {}, spec: {domain: {}}}}"
    (templates / "vm.yml").write_text(TEMPLATE.format(kind="VirtualMachine", spec=running))
    vmi = "VirtualMachineInstance"
    (templates / "vmi.yml").write_text(TEMPLATE.format(kind=vmi, spec="{domain: {}}"))
    members = "{replicas: 4, selector: {}, template: {metadata: {}, spec: {domain: {}}}}"
    replica_set = TEMPLATE.format(kind="VirtualMachineInstanceReplicaSet", spec=members)
    (templates / "vmirs.yml").write_text(replica_set)
    (templates / "pod.yml").write_text(TEMPLATE.format(kind="Pod", spec="{containers: []}"))
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "workload.yml"
    path.write_text(text)
    return path


def document(folder: Path, text: str, **environ: str) -> dict[str, Any]:
    return to_document(text, written(folder, text), environ=environ)


def problems(folder: Path, text: str, **environ: str) -> dict[str, str]:
    with pytest.raises(ScenarioError) as refused:
        document(folder, text, **environ)
    return {problem.place: problem.found for problem in refused.value.problems}


def test_iterations_and_replicas_become_objects_at_the_rate(folder: Path) -> None:
    scenario = read_scenario(written(folder, JOB))

    assert (scenario.workload.kind, scenario.workload.count) == (Kind.VM, 12)
    assert scenario.workload.namespace == "density"
    assert scenario.workload.template.dialect is Dialect.GO_TEXT
    assert (scenario.load.arrival.rate, scenario.load.arrival.at_once) == (20.0, 12)
    assert scenario.deadlines.running == 420.0


def test_a_template_is_told_iteration_and_replica(folder: Path) -> None:
    workload = read_scenario(written(folder, JOB)).workload
    contexts = [{"index": index, "run_id": "r", "namespace": "density"} for index in range(12)]

    manifests = render_manifests(workload.template, contexts, workload.variables, workload.kind)

    names = [manifest["metadata"]["name"] for manifest in manifests]
    assert names[:3] == ["density-0-1", "density-0-2", "density-1-1"]
    assert names[-1] == "density-5-2"
    assert manifests[0]["metadata"]["labels"] == {"app": "x"}


@pytest.mark.parametrize(("name", "kind"), [("vmi", Kind.VMI), ("vm", Kind.VM)])
def test_the_kind_is_that_of_the_template(folder: Path, name: str, kind: Kind) -> None:
    scenario = read_scenario(written(folder, JOB.replace("vm.yml", f"{name}.yml")))

    assert scenario.workload.kind is kind


def test_a_replica_set_counts_its_members(folder: Path) -> None:
    workload = read_scenario(written(folder, JOB.replace("vm.yml", "vmirs.yml"))).workload

    assert (workload.groups, workload.count) == (12, 48)


def test_an_iteration_stays_in_one_namespace(folder: Path) -> None:
    text = JOB.replace("namespacedIterations: false", "iterationsPerNamespace: 4")

    scenario = read_scenario(written(folder, text))

    assert (scenario.workload.namespaces, scenario.workload.objects_per_namespace) == (2, 8)
    made = contexts(scenario, "r")
    where = [
        (context["namespace"], kube_burner_variables(context, scenario.workload.variables))
        for context in made
    ]
    assert [(name[-1], told["Iteration"], told["Replica"]) for name, told in where] == [
        (str(iteration // 4), iteration, replica) for iteration in range(6) for replica in (1, 2)
    ]


def test_a_replacement_has_numbers_that_no_other_object_of_its_namespace_has(
    folder: Path,
) -> None:
    text = JOB.replace("  namespacedIterations: false\n  namespace: density\n", "")
    scenario = read_scenario(written(folder, text + CHURN.replace("cycles: 3", "cycles: 20")))

    made = contexts(scenario, "r") + replacement_contexts(scenario, "r", seed=1)

    assert len(made) == 12 + 20 * 2
    variables = scenario.workload.variables
    told = [(made["namespace"], kube_burner_variables(made, variables)) for made in made]
    assert len({(name, variables["Replica"]) for name, variables in told}) == len(told)
    iterations = [variables["Iteration"] for _, variables in told]
    assert max(iterations.count(iteration) for iteration in iterations) == 2


@pytest.mark.parametrize("iterations", ["", "  namespacedIterations: false\n"])
def test_a_namespace_that_the_template_names_is_used(folder: Path, iterations: str) -> None:
    template = folder / "templates" / "vm.yml"
    template.write_text(
        template.read_text().replace("metadata:\n", "metadata:\n  namespace: vms\n", 1)
    )
    text = JOB.replace("  namespacedIterations: false\n  namespace: density\n", iterations)

    workload = read_scenario(written(folder, text)).workload

    assert (workload.namespace, workload.namespaces) == ("vms", 1)


def test_an_empty_template_is_refused(folder: Path) -> None:
    (folder / "templates" / "vm.yml").write_text("# nothing\n")

    assert problems(folder, JOB) == {"jobs[0].objects[0].objectTemplate": "nothing"}


def test_churn_of_objects_becomes_a_steady_state(folder: Path) -> None:
    scenario = read_scenario(written(folder, JOB + CHURN))

    assert scenario.load.pattern is Pattern.STEADY_STATE
    assert scenario.load.churn is not None
    assert (scenario.load.churn.cycles, scenario.load.churn.every) == (3, 30.0)
    assert (scenario.load.churn.objects, scenario.load.churn.victims) == (2, Victims.OLDEST)


@pytest.mark.parametrize(
    ("keys", "rate", "at_once"),
    [
        ("", 5.0, 10),
        ("  qps: 0\n", 5.0, 10),
        ("  qps: -1\n  burst: 0\n", 5.0, 10),
        ("  qps: 0.5\n", 0.5, 10),
        ("  qps: 10\n", 10.0, 10),
        ("  burst: -3\n", 5.0, 10),
        ("  qps: 20\n  burst: 1\n", 20.0, 1),
    ],
)
def test_the_rate_falls_back_to_that_of_client_go(
    folder: Path, keys: str, rate: float, at_once: int
) -> None:
    text = JOB.replace("  qps: 20\n  burst: 30\n", keys)

    arrival = read_scenario(written(folder, text)).load.arrival

    assert (arrival.rate, arrival.at_once) == (rate, at_once)


@pytest.mark.parametrize(
    ("churn", "objects", "every"),
    [
        ("{cycles: 2, percent: 10, mode: objects, delay: 30s}", 1, "30s"),
        ("{cycles: 2, percent: 19, mode: objects, delay: 30s}", 2, "30s"),
        ("{cycles: 2, mode: objects, delay: 30s}", 1, "30s"),
        ("{cycles: 2, percent: 100, mode: objects}", 12, "1s"),
        ("{cycles: 2, percent: 50, mode: objects, delay: 0s}", 6, "1s"),
        ("{cycles: 9, duration: 1m, percent: 50, mode: objects, delay: 30s}", 6, "30s"),
    ],
)
def test_a_cycle_replaces_the_share_rounded_down_and_at_least_one(
    folder: Path, churn: str, objects: int, every: str
) -> None:
    found = document(folder, f"{JOB}  churnConfig: {churn}\n")["load"]["churn"]

    assert (found["objects"], found["every"], found["victims"]) == (objects, every, "oldest")
    assert found["cycles"] == 2


def test_variables_of_the_file_win_over_built_in_ones(folder: Path) -> None:
    text = JOB.replace("{app: x}", "{app: x, Replica: 7, Iteration: i, JobName: other}")
    workload = read_scenario(written(folder, text)).workload
    context = [{"replica": 3, "run_id": "r", "namespace": "density"}]

    (manifest,) = render_manifests(workload.template, context, workload.variables, workload.kind)

    assert manifest["metadata"]["name"] == "other-i-7"


@pytest.mark.parametrize(
    "keys",
    ["objectDelay: 2m", "objectWait: true", "jobIterationDelay: 0s", "maxWaitTimeout: 0s"],
)
def test_keys_that_change_nothing_here_are_taken(folder: Path, keys: str) -> None:
    text = JOB.replace("  maxWaitTimeout: 7m\n", f"  {keys}\n")

    assert document(folder, text)["deadlines"]["running"] == "4h"


def test_a_delay_after_one_iteration_changes_nothing(folder: Path) -> None:
    text = JOB.replace("jobIterations: 6", "jobIterations: 1\n  jobIterationDelay: 1s")

    assert document(folder, text)["workload"]["count"] == 2


def test_a_job_name_of_many_characters_and_points_is_shortened(folder: Path) -> None:
    text = JOB.replace("name: density", f"name: virt.density.{'x' * 200}")
    found = document(folder, text)

    assert found["name"] == f"virt-density-{'x' * 50}"
    assert found["workload"]["variables"]["JobName"].endswith("x" * 200)


def test_the_file_itself_knows_a_uuid(folder: Path) -> None:
    text = "metricsEndpoints:\n- indexer: {metricsDirectory: 'found-{{.UUID}}'}\n" + JOB

    assert document(folder, text)["workload"]["count"] == 12


def test_what_is_done_otherwise_is_told(folder: Path) -> None:
    text = "global: {gc: true}\n" + JOB + CHURN + "- {name: idle, jobType: delete, objects: []}\n"

    notes = notes_of(text, written(folder, text))

    assert any(note.startswith("global.gc:") for note in notes)
    assert any("churnConfig" in note and "kube-burner waits" in note for note in notes)
    assert any(note.startswith("jobs[1] deletes by label") for note in notes)


def test_everything_that_is_not_supported_is_listed_at_once(folder: Path) -> None:
    text = """
jobs:
- name: density
  jobIterations: 0
  hooks: [{cmd: ls}]
  watchers: [{kind: Pod}]
  incrementalLoad: {startIterations: 1}
  jobIterationDelay: 5s
  waitWhenFinished: false
  qsp: 5
  churnConfig: {cycles: 2, percent: 10}
  objects:
  - objectTemplate: templates/pod.yml
    replicas: 1
    inputVars: {app: x}
    repeatEveryNIterations: 2
- name: patches
  jobType: patch
mystery: 1
"""

    assert set(problems(folder, text)) == {
        "jobs[0].jobIterations", "jobs[0].hooks", "jobs[0].watchers", "jobs[0].incrementalLoad",
        "jobs[0].jobIterationDelay", "jobs[0].waitWhenFinished", "jobs[0].qsp",
        "jobs[0].churnConfig.mode", "jobs[0].objects[0].objectTemplate",
        "jobs[0].objects[0].repeatEveryNIterations", "jobs[1].jobType", "mystery",
    }  # fmt: skip


def test_several_kinds_of_object_are_refused(folder: Path) -> None:
    text = JOB + "  - {objectTemplate: templates/vmi.yml, replicas: 1}\n"

    assert problems(folder, text) == {"jobs[0].objects": "2 objects"}


def test_environment_variables_are_put_in(folder: Path) -> None:
    text = JOB.replace("jobIterations: 6", "jobIterations: {{ .COUNT }}").replace(
        "qps: 20", '{{- if ne (index . "FAST") "true" }}\n  qps: 5\n{{- end }}'
    )

    found = document(folder, text, COUNT="3")

    assert found["workload"]["count"] == 6
    assert found["load"]["arrival"]["rate"] == "5/s"


def test_every_variable_that_is_not_set_is_told_and_no_other(folder: Path) -> None:
    text = JOB.replace("6", "{{ .COUNT }}").replace("20", "{{ .QPS }}")

    with pytest.raises(ScenarioError) as refused:
        document(folder, text, UNRELATED_SECRET="hush")

    assert {problem.hint for problem in refused.value.problems} == {
        "export COUNT=…", "export QPS=…",
    }  # fmt: skip
    assert "UNRELATED" not in str(refused.value)


def test_a_template_is_found_from_a_folder_above(folder: Path) -> None:
    below = folder / "deep" / "er"
    below.mkdir(parents=True)

    found = to_document(JOB, below / "workload.yml", environ={})

    assert found["workload"]["template"] == str((folder / "templates" / "vm.yml").resolve())


def test_a_template_that_is_not_there_is_told(folder: Path) -> None:
    assert "jobs[0].objects[0].objectTemplate" in problems(folder, JOB.replace("vm.yml", "no.yml"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [(JOB, True), ("apiVersion: virtslo/v1\njobs:\n", False), ("type: burst\ncount: 1\n", False)],
)
def test_a_workload_is_recognised_by_its_jobs(text: str, expected: bool) -> None:
    assert is_workload(text) is expected


def test_a_file_is_read_by_the_rules_of_yaml_v3(folder: Path) -> None:
    text = (
        JOB.replace("name: density", "name: 010", 1)
        .replace("jobIterations: 6", "jobIterations: 0o10")
        .replace("qps: 20", "qps: 1_0")
        .replace("namespacedIterations: false", "namespacedIterations: off")
        .replace("{app: x}", "{app: yes, old: 010, ratio: 1.0}")
    )

    found = document(folder, text)

    assert (found["name"], found["workload"]["count"]) == ("010", 16)
    assert found["workload"]["namespace"] == "density"
    assert found["load"]["arrival"]["rate"] == "10/s"
    told = found["workload"]["variables"]
    assert (told["JobName"], told["app"], told["old"], told["ratio"]) == ("010", "yes", 8, 1.0)


def test_a_date_is_no_text_to_a_template(folder: Path) -> None:
    place = "jobs[0].objects[0].inputVars.app"

    assert problems(folder, JOB.replace("app: x", "app: 2026-01-01")) == {
        place: "the date 2026-01-01"
    }
    assert document(folder, JOB.replace("app: x", "app: '2026-01-01'"))


@pytest.mark.parametrize("ends", [("---\n", ""), ("", "---\n"), ("# a\n---\n", "---\n# b\n")])
def test_empty_documents_beside_a_manifest_are_passed_over(
    folder: Path, ends: tuple[str, str]
) -> None:
    template = folder / "templates" / "vm.yml"
    template.write_text(ends[0] + template.read_text().lstrip() + ends[1])

    workload = read_scenario(written(folder, JOB)).workload

    contexts = [{"index": 0, "run_id": "r", "namespace": "density"}]
    (made,) = render_manifests(workload.template, contexts, workload.variables, workload.kind)
    assert made["metadata"]["name"] == "density-0-1"


def test_a_template_of_two_objects_is_refused(folder: Path) -> None:
    template = folder / "templates" / "vm.yml"
    template.write_text(template.read_text() + "---\n" + template.read_text())

    assert problems(folder, JOB) == {
        "jobs[0].objects[0].objectTemplate: line 16": "a second document"
    }


def test_merge_keys_of_a_template_are_carried_out(folder: Path) -> None:
    template = folder / "templates" / "vm.yml"
    text = (
        "apiVersion: kubevirt.io/v1\nkind: VirtualMachine\nmetadata: {name: x}\nspec:\n  <<: {}\n"
    )
    template.write_text(text.replace("{}", "{runStrategy: Always, template: {spec: {domain: {}}}}"))

    workload = read_scenario(written(folder, JOB)).workload

    contexts = [{"index": 0, "run_id": "r", "namespace": "density"}]
    (made,) = render_manifests(workload.template, contexts, workload.variables, workload.kind)
    assert made["spec"]["runStrategy"] == "Always"
