"""Job files for CI: they are what their systems read, and the commands in them are ours."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from virtslo.cli.cost.command import command

CI = Path(__file__).parents[3] / "deploy" / "ci"
OPTIONS = {name for each in command.params for name in each.opts if name.startswith("-")}


def read(name: str) -> Any:
    return yaml.safe_load((CI / name).read_text(encoding="utf-8"))


def scripts() -> list[tuple[str, str]]:
    (job,) = read("prow-presubmit.yaml")["presubmits"]["kubevirt/kubevirt"]
    steps = read("github-actions.yaml")["jobs"]["cost"]["steps"]
    return [
        ("prow", job["spec"]["containers"][0]["args"][0]),
        *(("actions", step["run"]) for step in steps if "run" in step),
    ]


@pytest.mark.parametrize(("system", "script"), scripts())
def test_every_script_is_one_that_bash_can_read(system: str, script: str) -> None:
    done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)

    assert done.returncode == 0, f"{system}: {done.stderr}"


def test_every_option_in_a_script_is_one_of_the_command() -> None:
    found = 0
    for system, script in scripts():
        line = script.replace("\\\n", " ")
        for call in re.findall(r"virtslo cost .*", line):
            words = shlex.split(re.sub(r"\$\{?\w+\}?", "x", call))[2:]
            context = command.make_context("cost", list(words), resilient_parsing=True)
            assert {word for word in words if word.startswith("-")} <= OPTIONS, system
            assert isinstance(context, click.Context)
            assert [each.suffix for each in context.params["outputs"]] == [".md", ".json", ".html"]
            found += 1

    assert found == 2


def test_artifacts_are_where_each_system_looks_for_them() -> None:
    told = dict(scripts())
    assert "${ARTIFACTS}/cost-card.md" in told["prow"]
    upload = read("github-actions.yaml")["jobs"]["cost"]["steps"][-1]
    assert upload["with"]["path"] == "artifacts"
    assert "artifacts/cost-card.md" in told["actions"]


def test_the_workflow_reads_the_repository_and_no_more() -> None:
    assert read("github-actions.yaml")["permissions"] == {"contents": "read"}
