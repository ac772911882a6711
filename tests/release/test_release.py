"""What a release checks, and what it makes from a tag."""

import importlib.util
import io
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from types import ModuleType

import pytest
import yaml

import virtslo

ROOT = Path(__file__).parents[2]
TAG = f"v{virtslo.__version__}"


@pytest.fixture(scope="module")
def release() -> ModuleType:
    """`tools/release.py`."""
    spec = importlib.util.spec_from_file_location("release", ROOT / "tools" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree that agrees with v1.2.3."""
    (tmp_path / "src" / "virtslo").mkdir(parents=True)
    (tmp_path / "src" / "virtslo" / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (tmp_path / "CITATION.cff").write_text("cff-version: 1.2.0\nversion: 1.2.3\n")
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [Unreleased]\n\n- Later.\n\n## [1.2.3] - 2026-01-31\n\n- A thing.\n\n"
        "## [1.2.2] - 2026-01-01\n\n- Another.\n"
    )
    return tmp_path


def test_this_tree_states_one_version(release: ModuleType) -> None:
    """All but the changelog, whose section is made when the release is."""
    found = release.problems(TAG)

    assert [line for line in found if not line.startswith("CHANGELOG.md")] == []


def test_a_tree_that_agrees_with_its_tag_has_no_problems(release: ModuleType, tree: Path) -> None:
    assert release.problems("v1.2.3", tree) == []
    assert release.notes("v1.2.3", tree) == "- A thing."


def test_every_problem_is_listed(release: ModuleType, tree: Path) -> None:
    assert release.problems("v1.3.0", tree) == [
        "src/virtslo/__init__.py: expected 1.3.0, found 1.2.3",
        "CITATION.cff: expected 1.3.0, found 1.2.3",
        "CHANGELOG.md: expected a section [1.3.0] with entries, found none",
    ]


@pytest.mark.parametrize("tag", ["1.2.3", "v1.2", "v1.2.3;rm", "latest", ""])
def test_what_is_no_version_is_refused(release: ModuleType, tree: Path, tag: str) -> None:
    (problem,) = release.problems(tag, tree)

    assert problem.startswith("tag: expected v1.2.3")


def test_the_plugins_archive_is_the_same_each_time(release: ModuleType) -> None:
    archive = release.krew_archive("1.2.3")
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        modes = {entry.name: entry.mode for entry in opened}
        script = opened.extractfile("kubectl-virtslo")
        assert script is not None
        text = script.read().decode()

    assert archive == release.krew_archive("1.2.3")
    assert modes == {"kubectl-virtslo": 0o755, "LICENSE": 0o644}
    assert 'VERSION="1.2.3"' in text
    assert "@" not in re.sub(r'"\$@"', "", text)


def test_the_manifest_is_filled_in(release: ModuleType) -> None:
    archive = release.krew_archive("1.2.3")
    text = release.krew_manifest(
        "1.2.3", archive, homepage="https://example.org", uri="https://example.org/a.tar.gz"
    )
    manifest = yaml.safe_load(text)
    (platform,) = manifest["spec"]["platforms"]

    assert manifest["kind"] == "Plugin"
    assert manifest["spec"]["version"] == "v1.2.3"
    assert re.fullmatch(r"[0-9a-f]{64}", platform["sha256"])
    assert platform["uri"] == "https://example.org/a.tar.gz"
    assert len(manifest["spec"]["shortDescription"]) <= 50


def test_the_plugin_says_what_is_missing(release: ModuleType, tmp_path: Path) -> None:
    script = tmp_path / "kubectl-virtslo"
    script.write_text((ROOT / "deploy" / "krew" / "kubectl-virtslo").read_text())

    done = subprocess.run(
        ["/bin/sh", str(script), "--version"],
        capture_output=True, text=True, check=False, env={"PATH": str(tmp_path)}, timeout=60,
    )  # fmt: skip

    assert done.returncode == 3
    assert "pipx install virtslo" in done.stderr


def test_the_plugin_runs_what_is_installed(tmp_path: Path) -> None:
    (tmp_path / "virtslo").write_text('#!/bin/sh\necho "ran: $*"\n')
    (tmp_path / "virtslo").chmod(0o755)

    done = subprocess.run(
        ["/bin/sh", str(ROOT / "deploy" / "krew" / "kubectl-virtslo"), "run", "a b"],
        capture_output=True, text=True, check=False, env={"PATH": str(tmp_path)}, timeout=60,
    )  # fmt: skip

    assert done.stdout == "ran: run a b\n"


def test_the_workflow_calls_what_exists() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    runs = "\n".join(step.get("run", "") for step in steps)

    assert workflow["permissions"] == {}, "each job is given what it needs, and no more"
    for path in set(re.findall(r"\b(?:tools|tests)/[\w./]+", runs)):
        assert (ROOT / path).exists(), path
    for target in set(re.findall(r"\bmake ([a-z-]+)", runs)):
        assert f"\n{target}:" in (ROOT / "Makefile").read_text(), target


def test_the_tool_prints_problems_and_fails() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "release.py"), "check", "v0.0.0"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert done.returncode == 1
    assert "expected 0.0.0" in done.stderr
