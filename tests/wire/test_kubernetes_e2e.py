"""Kubernetes' own e2e tests of API machinery against `virtslo simulate`, as the page lists them.

`tools/kubernetes_e2e.py` builds the program; it is looked for on PATH.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.simulate_process import simulate_process

PROGRAM = "kubernetes-e2e-api-machinery"
FOUND = shutil.which(PROGRAM)
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "kubernetes-e2e.md"
SIG = "[sig-api-machinery] "
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        FOUND is None, reason=f"{PROGRAM} is not on PATH; tools/kubernetes_e2e.py builds it"
    ),
]


def names_of(heading: str) -> list[str]:
    """The tests that a section of the page names, in its lists and in its table's first column."""
    text = PAGE.read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^(?:- |\| )`([^`]+)`", section, re.MULTILINE)


def reported(folder: Path, *options: str) -> dict[str, dict[str, Any]]:
    """What ginkgo reports of each test, by its name without the labels at its end."""
    report = folder / "report.json"
    subprocess.run(
        [
            str(FOUND),
            f"--kubeconfig={folder / 'kubeconfig'}",
            "--provider=skeleton",
            "--kube-api-content-type=application/json",
            "--num-nodes=3",
            "--disable-log-dump",
            f"--ginkgo.json-report={report}",
            *options,
        ],
        capture_output=True,
        check=False,
        timeout=800,
    )
    (suite,) = json.loads(report.read_text(encoding="utf-8"))
    return {name_of(spec): spec for spec in suite["SpecReports"] if spec["LeafNodeType"] == "It"}


def name_of(spec: dict[str, Any]) -> str:
    """A test's whole name, without the labels in brackets."""
    text = " ".join([*(spec["ContainerHierarchyTexts"] or ()), spec["LeafNodeText"]])
    return " ".join(re.sub(r"\[[^\]]*\]", "", text).split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("e2e")


def test_every_test_of_the_page_is_one_of_kubernetes(folder: Path) -> None:
    with simulate_process(folder, "--nodes", "1"):
        known = reported(folder, "--ginkgo.dry-run")

    named = [*names_of("Pass"), *names_of("Differ")]
    assert len(named) > 50
    assert [name for name in named if name not in known] == []
    assert len(named) == len(set(named))


def test_what_the_page_says_to_pass_passes(folder: Path) -> None:
    wanted = names_of("Pass")
    with simulate_process(folder, "--nodes", "3"):
        known = reported(folder, "--ginkgo.dry-run")
        texts = [
            " ".join([*known[name]["ContainerHierarchyTexts"], known[name]["LeafNodeText"]])
            for name in wanted
        ]
        focus = "|".join(re.escape(text).replace(r"\ ", " ") for text in texts)
        found = reported(folder, f"--ginkgo.focus={focus}", "--ginkgo.timeout=780s")

    failed = {
        name: f"{found[name]['State']}: {found[name].get('Failure', {}).get('Message', '')}"
        for name in wanted
        if found[name]["State"] != "passed"
    }
    assert failed == {}
