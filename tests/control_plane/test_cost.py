"""A planted change is found to the call, and nothing else; a killed plane leaves nothing.

One more PATCH for each VMI is compiled into the pinned virt-controller; the card of ten VMIs a run,
two runs a side, must say +1.00 of that call, exactly, and no other finding.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from control_plane.binaries import (
    MODULES,
    PROGRAMS,
    find,
    go,
    go_arguments,
    go_environment,
    programs,
)
from virtslo.plane.state import folder_of, holder_of

ROOT = Path(__file__).parents[2]
CHANGED = "pkg/virt-controller/watch/vmi/lifecycle.go"
AFTER = '"Created virtual machine pod %s", pod.Name)\n'
PLANTED = (
    "\t\t_, _ = c.clientset.VirtualMachineInstance(vmi.Namespace).Patch(context.Background(), "
    'vmi.Name, types.JSONPatchType, []byte("[]"), metav1.PatchOptions{})\n'
)


def planted(folder: Path) -> Path:
    """virt-controller with one line more; the pinned module itself is left as it is."""
    command = go()
    assert command is not None
    listed = subprocess.run(
        [command, "list", "-m", "-f", "{{.Dir}}", "kubevirt.io/kubevirt"],
        cwd=MODULES / "kubevirt",
        env=go_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    tree = folder / "kubevirt"
    shutil.copytree(
        listed.stdout.strip(),
        tree,
        ignore=shutil.ignore_patterns("*_test.go", "docs", "tests", "kubevirtci", "examples"),
        copy_function=shutil.copyfile,
    )
    for each in [tree, *tree.rglob("*")]:
        each.chmod(0o755 if each.is_dir() else 0o644)
    changed = tree / CHANGED
    text = changed.read_text()
    assert text.count(AFTER) == 1, "the pinned version has another text"
    changed.write_text(text.replace(AFTER, AFTER + PLANTED))
    module = MODULES / "kubevirt" / "go.mod"
    replaced = f"\nreplace kubevirt.io/kubevirt => {tree}\n"
    (folder / "planted.mod").write_text(module.read_text() + replaced)
    shutil.copyfile(module.with_suffix(".sum"), folder / "planted.sum")
    (program,) = [each for each in PROGRAMS if each.name == "virt-controller"]
    arguments = go_arguments(command, program, folder / "virt-controller")
    arguments.insert(2, f"-modfile={folder / 'planted.mod'}")
    done = subprocess.run(
        arguments, cwd=module.parent, env=go_environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "virt-controller"


def bin_folder(folder: Path) -> Path:
    """A folder of all programs, as --bin takes it."""
    folder.mkdir()
    for name, path in programs().items():
        (folder / name).symlink_to(path)
    return folder


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "virtslo", *arguments],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )


def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "NO_COLOR": "1",
        "PYTHONPATH": str(ROOT / "src"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }


def processes_of(text: str) -> list[str]:
    """Command lines of processes that have a text in them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


@pytest.mark.timeout(1800)
@pytest.mark.skipif(go() is None, reason="there is no Go to compile the planted change with")
def test_a_planted_call_is_found_and_nothing_else(tmp_path: Path) -> None:
    programs_folder = bin_folder(tmp_path / "bin")
    shown = run(
        tmp_path, "cost", "default", str(planted(tmp_path)), "--bin", str(programs_folder),
        "--count", "10", "--nodes", "2", "--hold", "2s", "--budget", "1s",
        "--at-most", "PATCH virtualmachineinstances creation +0", "-o", "card.json",
    )  # fmt: skip
    assert shown.returncode == 1, shown.stderr
    card = json.loads((tmp_path / "card.json").read_text())

    found = [each for each in card["costs"] if each["verdict"] in {"costs more", "costs less"}]
    calls = [each for each in found if each["unit"].startswith("calls ")]
    assert [(each["what"], each["difference"], each["exact"]) for each in calls] == [
        ("PATCH virtualmachineinstances 200", 1.0, True)
    ]
    # Times are of a machine that other tests load, unlike for both sides: they are not judged here.
    assert [each for each in found if "seconds" not in each["unit"]] == calls
    assert not any(
        each["lost"] for side in ("base", "candidate") for each in card[side]["telemetry"]
    )
    assert card["objectives"][0]["verdict"] == "violated"
    assert processes_of(str(programs_folder)) == []


@pytest.mark.timeout(600)
async def test_a_plane_is_run_on_and_leaves_nothing_when_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    programs_folder = bin_folder(tmp_path / "bin")
    up = run(tmp_path, "plane", "up", "--detach", "--bin", str(programs_folder), "--nodes", "2")
    assert up.returncode == 0, up.stderr
    pid = holder_of("default")
    assert pid is not None
    try:
        folder = folder_of("default")
        assert folder.stat().st_mode & 0o777 == 0o700
        readable = [each for each in folder.rglob("*key*") if each.stat().st_mode & 0o077]
        assert readable == []
        shown = run(tmp_path, "run", "burst", "--count", "5", "--settle", "1s", "--plane")
        assert shown.returncode in {0, 4}, shown.stderr
        measured: Any = json.loads(run(tmp_path, "plane", "status", "--format", "json").stdout)
        assert measured[0]["version"].startswith("v")
    finally:
        os.kill(pid, signal.SIGKILL)

    for _ in range(300):
        if not processes_of(str(programs_folder)) and not folder.exists():
            break
        await asyncio.sleep(0.2)
    assert processes_of(str(programs_folder)) == []
    assert not folder.exists()
    assert run(tmp_path, "plane", "status").stdout == "no plane is up\n"


def test_programs_of_a_plane_are_all_there() -> None:
    assert all(find(name) is not None for name in programs())
