"""User data and forms of kube-burner's workload files: their own templates, and JSON."""

from pathlib import Path

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.config.foreign.kube_burner_workload import is_workload, to_document

TEMPLATE = """
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata:
  name: x-{{.Iteration}}
  labels: {app: {{.app | quote}}}
spec: {runStrategy: Always, template: {metadata: {}, spec: {domain: {}}}}
"""
WITH_USER_DATA = """
{{ if ne .THRESHOLD 0 }}
global: {measurements: [{name: vmiLatency}]}
{{ end }}
jobs:
- name: typed
  jobIterations: {{ .COUNT }}
  qps: {{ .RATE }}
  burst: 20
  objects:
{{ if .MOUNTS }}
  - objectTemplate: templates/vm.yml
    inputVars: {app: {{ .MEMORY }}}
{{ end }}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "vm.yml").write_text(TEMPLATE)
    return tmp_path


def test_user_data_has_types_and_wins_over_the_environment(folder: Path) -> None:
    values = folder / "values.yml"
    values.write_text('{"THRESHOLD": 0, "COUNT": 3, "RATE": 7, "MOUNTS": true, "MEMORY": "64Mi"}')

    document = to_document(
        WITH_USER_DATA, folder / "job.yml", environ={"COUNT": "9"}, user_data=values
    )

    assert document["workload"]["count"] == 3
    assert document["workload"]["variables"]["app"] == "64Mi"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "expected a mapping of names to values, found nothing"),
        ("[1]", "expected a mapping of names to values"),
        ("a: [", "expected well-formed YAML"),
        ("when: 2024-01-01", "when: expected a text, found the date"),
    ],
)
def test_user_data_that_is_none_is_refused(folder: Path, text: str, words: str) -> None:
    values = folder / "values.yml"
    values.write_text(text)

    with pytest.raises(ScenarioError) as refused:
        to_document(WITH_USER_DATA, folder / "job.yml", environ={}, user_data=values)

    assert words in str(refused.value)
    assert str(values) in str(refused.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{{- $name := "x" }}\njobs:\n- name: x\n', True),
        ('{"global": {}, "jobs": [{"name": "x"}]}', True),
        ('{"apiVersion": "virtslo/v1", "jobs": []}', False),
        ('{"jobs": [', False),
    ],
)
def test_a_workload_may_be_json_or_begin_with_a_template_action(text: str, expected: bool) -> None:
    assert is_workload(text) is expected
