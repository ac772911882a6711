"""Documents that keep their promises: links lead somewhere, examples run, pages are in step."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from support.cli import virtslo
from virtslo.base.limits import every_limit
from virtslo.cli.history.group import command as history
from virtslo.cli.main import COMMANDS
from virtslo.cli.plane.group import command as plane

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OBJECTIVES = ROOT / "examples" / "slo.yaml"
EXAMPLES = sorted(
    {*(ROOT / "examples").glob("*.yaml"), *(ROOT / "examples" / "kube-burner").glob("*.yml")}
    - {OBJECTIVES}
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))

    missing = [
        target
        for target in targets
        if not target.startswith("http") and not (page.parent / target).exists()
    ]

    assert missing == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_every_example_can_be_planned(example: Path) -> None:
    shown = virtslo("run", str(example), "--dry-run")

    if shown.code == 2 and "in this version" in shown.err:
        pytest.skip("needs what this version cannot do yet")
    assert shown.code == 0, shown.err
    assert "nothing was created" in shown.out


def test_generated_pages_are_in_step() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "reference.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "80"},
        timeout=60,
    )

    assert done.returncode == 0, f"{done.stdout}\nrun: make docs"


def test_the_files_in_the_readmes_commands_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    files = re.findall(r"^virtslo .*?(\S+\.(?:yaml|yml|json))\b", text, re.MULTILINE)

    assert len(files) > 3
    assert [name for name in files if not (ROOT / name).is_file()] == []


def test_the_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")

    for command in ("run", "report", "tables", "audit", "simulate", "clean", "schema"):
        assert f"virtslo {command}" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_gives_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    blocks = "".join(re.findall(r"^```(?:sh|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    named = r"^(?:\$ )?virtslo ([a-z][a-z-]+) ?([a-z][a-z-]+)?"
    given = re.findall(named, blocks, re.MULTILINE)
    given += re.findall(r"`virtslo ([a-z][a-z-]+) ?([a-z][a-z-]+)?", text)
    groups = {"history": history, "plane": plane}

    assert {name for name, _ in given} - set(COMMANDS) == set()
    for name, second in given:
        if name in groups and second:
            assert second in groups[name].list_commands(click.Context(groups[name])), second


def test_every_known_difference_is_marked_by_a_test_that_exists() -> None:
    page = (ROOT / "docs" / "explanation" / "simulator.md").read_text(encoding="utf-8")
    suite = ROOT / "tests" / "contract" / "test_simulator_differences.py"

    named = re.findall(r"`(test_[a-z0-9_]+)`", page)
    written = re.findall(
        r"^(?:async )?def (test_[a-z0-9_]+)", suite.read_text(encoding="utf-8"), re.MULTILINE
    )

    assert sorted(named) == sorted(written)


def test_every_finding_is_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "definitions.md").read_text(encoding="utf-8")
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")]

    made = {
        code for text in sources for code in re.findall(r'\bFinding\(\s*code="([a-z_]+)"', text)
    }
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    named = {code for row in rows for code in re.findall(r"`([a-z_]+)`", row)}

    assert len(made) > 20
    assert made - named == set()


def test_every_file_that_a_page_names_is_there() -> None:
    pattern = r"`((?:src|tests|tools|docs|deploy|examples)/[\w./-]+)`"

    gone = [
        f"{page.relative_to(ROOT)}: {name}"
        for page in PAGES
        for name in re.findall(pattern, page.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    ]

    assert gone == []


def test_the_page_of_limits_is_the_table_of_the_limits() -> None:
    page = (ROOT / "docs" / "reference" / "limits.md").read_text(encoding="utf-8")

    rows = [line for line in page.splitlines() if line.startswith("| ")][1:]

    assert rows == [f"| {limit.subject} | {limit.amount} |" for limit in every_limit()]
