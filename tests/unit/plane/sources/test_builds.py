"""What a source tree must be, and that a failed build says why."""

import os
import subprocess
from contextlib import nullcontext
from pathlib import Path

import pytest

from virtslo.base.errors import ClusterError, ScenarioError
from virtslo.plane.programs import KUBEVIRT
from virtslo.plane.sources.builds import Build, build_kubevirt, go_command

GO = """#!/bin/sh
# Plays `go build`: writes the version that it was asked for.
while [ $# -gt 0 ]; do
  case "$1" in -o) out="$2";; -ldflags) flags="$2";; esac
  shift
done
if grep -q broken go.mod; then echo "./x.go:1: undefined: y" >&2; exit 1; fi
echo "$flags $(cat text)" > "$out"
"""
COMPONENTS = """
func NewKubeVirtCrd() (*extv1.CustomResourceDefinition, error) {
func NewVirtAPIMutatingWebhookConfiguration(namespace string) *x {
func NewVirtAPIValidatingWebhookConfiguration(namespace string) *x {
func NewKubeVirtPriorityClassCR() *x {
"""
RBAC = "".join(
    f"func GetAll{name}(namespace string) []runtime.Object {{\n"
    for name in ("Cluster", "ApiServer", "Controller", "Handler")
)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text(GO)
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{go.parent}:{os.environ['PATH']}")
    tree = tmp_path / "kubevirt"
    for folder, text in (("components", COMPONENTS), ("rbac", RBAC)):
        place = tree / "pkg/virt-operator/resource/generate" / folder
        place.mkdir(parents=True)
        (place / "all.go").write_text(text)
    (tree / "go.mod").write_text("module kubevirt.io/kubevirt\n")
    (tree / "text").write_text("first")
    git(tree, "init", "-q")
    commit(tree)
    git(tree, "tag", "v1.2.3")
    return tree


def git(tree: Path, *arguments: str) -> None:
    named = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    subprocess.run(["git", "-C", str(tree), *named, *arguments], check=True)


def commit(tree: Path) -> None:
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "x")


def status_of(tree: Path) -> bytes:
    command = ["git", "-C", str(tree), "status", "--porcelain"]
    return subprocess.run(command, capture_output=True, check=True).stdout


async def build(tree: Path, revision: str | None = None) -> tuple[Build, list[str]]:
    said: list[str] = []
    return await build_kubevirt(tree, revision, said.append), said


@pytest.mark.sockets
async def test_a_commit_is_built_once_and_the_tree_is_left_as_it_is(tree: Path) -> None:
    first, said = await build(tree)
    again, said_again = await build(tree)

    assert first == again
    assert first.version == "v1.2.3"
    assert not first.is_changed
    assert [words.split()[0] for words in said] == ["building"] * len(KUBEVIRT)
    assert said_again == ["built before: v1.2.3"]
    assert "gitVersion=v1.2.3" in first.programs["virt-api"].read_text()
    assert status_of(tree) == b""


@pytest.mark.sockets
async def test_changes_and_earlier_commits_are_builds_of_their_own(tree: Path) -> None:
    (tree / "text").write_text("second")
    changed, _ = await build(tree)
    earlier, _ = await build(tree, "v1.2.3")

    assert changed.is_changed
    assert changed.version == "v1.2.3-dirty"
    assert changed.programs["virt-api"].read_text().endswith("second\n")
    assert earlier.programs["virt-api"].read_text().endswith("first\n")


@pytest.mark.sockets
async def test_a_build_that_fails_says_its_last_words(tree: Path) -> None:
    (tree / "go.mod").write_text("module kubevirt.io/kubevirt\n// broken\n")

    with pytest.raises(ClusterError, match=r"code 1.*\n.*undefined: y"):
        await build(tree)


@pytest.mark.sockets
async def test_a_commit_that_is_not_there_is_refused(tree: Path) -> None:
    with pytest.raises(ScenarioError, match="no such commit"):
        await build(tree, "--help")


@pytest.mark.sockets
async def test_a_disk_that_is_full_is_named_with_its_place(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "source.tar").symlink_to("/dev/full")
    monkeypatch.setattr("tempfile.TemporaryDirectory", lambda **_: nullcontext(str(here)))

    with pytest.raises(ClusterError, match=r"written to .*source\.tar': No space left on device"):
        await build(tree, "v1.2.3")


@pytest.mark.sockets
async def test_an_editors_lock_does_not_refuse_a_tree(tree: Path) -> None:
    (tree / "pkg" / ".#vmi.go").symlink_to("user@host.123:1")

    made, _ = await build(tree)

    assert made.is_changed


@pytest.mark.sockets
async def test_another_source_tree_is_refused(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/other\n")

    with pytest.raises(ScenarioError, match=r"the module example\.com/other"):
        await build(tmp_path)


def test_go_is_asked_for_by_name_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("virtslo.plane.sources.builds.GO_PLACES", ())

    with pytest.raises(ScenarioError, match="the go command"):
        go_command()
