"""Measure virtslo beside kube-burner and KubeVirt's load generator on one real plane.

Invariant: each generator creates the same VMIs at 5/s (burst 10), follows them to Running and
deletes them, one generator after another, on the same plane; what is measured is the generator's
own process, as the kernel accounts it. A peer that cannot be built from modules that are on this
machine is left out, with the reason. It ends by itself: every step has a bound, printed first.

    python tools/bench_peers.py                  # 200 and 1 000 VMIs
    python tools/bench_peers.py --count 200 --kube-burner ~/bin/kube-burner
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from virtslo.base.errors import ScenarioError
from virtslo.plane.programs import cache_folder
from virtslo.plane.sources.builds import go_command

ROOT: Final = Path(__file__).parents[1]
KUBEVIRT_MODULE: Final = ROOT / "tests" / "control_plane" / "modules" / "kubevirt"
TEMPLATE: Final = ROOT / "examples" / "perfscale" / "templates" / "vmi.yaml"
LOAD_GENERATOR: Final = "kubevirt.io/kubevirt/tools/perfscale-load-generator"
KUBE_BURNER: Final = ("github.com/kube-burner/kube-burner/v2", "v2.3.0")
KUBE_BURNER_NAMES: Final = {"iteration": "Iteration", "replica": "Replica"}
"""The variables of an object's number: the load generator's, and kube-burner's."""
PLANE: Final = "bench-peers"
RATE: Final = 5
BURST: Final = 10
NODES: Final = 20
COUNTS: Final = (200, 1000)
BUILD_SECONDS: Final = 900
PLANE_SECONDS: Final = 120
END_SECONDS: Final = 20
LOG_LINES: Final = 12
"""Lines of a generator's log that are shown where it failed."""


class NotBuilt(Exception):
    """Why a peer is left out."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one generator's process cost."""

    cpu_seconds: float
    peak_mib: float
    wall_seconds: float
    exit_code: int | None
    """None where it was ended at its bound."""


@click.command()
@click.option("--count", "counts", type=click.IntRange(1, 2000), multiple=True, default=COUNTS,
              show_default=True, help="Number of VMIs; can be repeated.")  # fmt: skip
@click.option("--kube-burner", "burner", type=click.Path(exists=True, dir_okay=False),
              help="Built kube-burner (default: built from the Go module cache).")  # fmt: skip
@click.option("--load-generator", "loader", type=click.Path(exists=True, dir_okay=False),
              help="Built perfscale-load-generator (default: built likewise).")  # fmt: skip
def main(counts: tuple[int, ...], burner: str | None, loader: str | None) -> None:
    """Measure virtslo beside kube-burner and KubeVirt's load generator on one real plane."""
    most = bound_seconds(counts)
    click.echo(f"at most {most / 60:.0f} minutes: two builds of at most {BUILD_SECONDS} s each, a "
               f"plane, and for each of {', '.join(map(str, counts))} VMIs three runs")  # fmt: skip
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    peers: dict[str, str] = {}
    builds: tuple[tuple[str, str | None, Callable[[], Path]], ...] = (
        ("kube-burner", burner, built_kube_burner),
        ("perfscale-load-generator", loader, built_load_generator),
    )
    for name, given, build in builds:
        try:
            peers[name] = given or str(build())
        except NotBuilt as error:
            click.echo(f"{name}: skipped: {error}")
    with tempfile.TemporaryDirectory() as place, plane() as kubeconfig:
        for count in counts:
            folder = Path(place) / str(count)
            write_workloads(folder, count)
            for name, command in commands(peers, kubeconfig, count).items():
                log = folder / f"{name}.log"
                cost = measured(command, log, run_seconds(count), kubeconfig)
                click.echo(line(name, count, cost))
                if cost.exit_code:
                    click.echo(last_lines(log), err=True)


def bound_seconds(counts: tuple[int, ...]) -> float:
    """The longest that the command can take."""
    runs = sum(run_seconds(count) + END_SECONDS for count in counts) * 3
    return 2 * BUILD_SECONDS + 2 * PLANE_SECONDS + runs


def run_seconds(count: int) -> float:
    """The longest that one generator may take: creating and deleting at the rate, and as long
    again, for a plane on a machine that other work fills."""
    return 120 + 4 * count / RATE


def line(name: str, count: int, cost: Cost) -> str:
    """A generator's cost, for people."""
    ended = {None: "ENDED AT ITS BOUND, not comparable", 0: "exit 0"}
    how = ended.get(cost.exit_code, f"exit {cost.exit_code}")
    return (f"{count:5} VMIs  {name:25} {cost.cpu_seconds:6.2f} CPU s  "
            f"{1000 * cost.cpu_seconds / count:5.1f} ms a VMI  {cost.peak_mib:4.0f} MiB  "
            f"{cost.wall_seconds:4.0f} s  {how}")  # fmt: skip


def commands(peers: Mapping[str, str], kubeconfig: str, count: int) -> dict[str, list[str]]:
    """The command of each generator, by name."""
    found = {
        "virtslo": [
            sys.executable, "-m", "virtslo", "run", "load-generator.yaml", "--plane", PLANE,
            "--arrival", "constant", "--rate", f"{RATE}/s", "--yes", "--quiet",
            "--runs", "runs", "--format", "json", "-o", "report.json",
        ]
    }  # fmt: skip
    if path := peers.get("kube-burner"):
        found["kube-burner"] = [path, "init", "-c", "kube-burner.yml", f"--uuid=peers-{count}"]
    if path := peers.get("perfscale-load-generator"):
        found["perfscale-load-generator"] = [
            path, "-kubeconfig", kubeconfig, "-workload", "./load-generator.yaml", "-delete",
        ]  # fmt: skip
    return found


def write_workloads(folder: Path, count: int) -> None:
    """The same VMIs in the formats of both peers; virtslo reads the load generator's."""
    folder.mkdir()
    text = TEMPLATE.read_text(encoding="utf-8")
    (folder / "vmi.yaml").write_text(text, encoding="utf-8")
    inputs = {"containerPrefix": "quay.io/kubevirt", "containerImg": "cirros-container-disk-demo",
              "containerTag": "v1.6.0"}  # fmt: skip
    ours = {"templateFile": "vmi.yaml", "inputVars": {**inputs, "namespace": "peers"}}
    workload = {"name": "peers", "type": "burst", "timeout": "30m", "count": count, "object": ours}
    (folder / "load-generator.yaml").write_text(json.dumps(workload), encoding="utf-8")
    job = {
        "name": "peers", "jobIterations": count, "namespace": "peers-kube-burner",
        "namespacedIterations": False, "qps": RATE, "burst": BURST, "waitWhenFinished": True,
        "preLoadImages": False, "maxWaitTimeout": "30m",
        "objects": [{"objectTemplate": "kube-burner-vmi.yml", "replicas": 1, "inputVars": inputs}],
    }  # fmt: skip
    measurements = [{"name": "vmiLatency"}]
    burner = {"global": {"gc": True, "measurements": measurements}, "jobs": [job]}
    (folder / "kube-burner.yml").write_text(json.dumps(burner), encoding="utf-8")
    theirs = re.sub(r"^ *namespace: .*\n", "", text, flags=re.MULTILINE)
    for ours_is, theirs_is in KUBE_BURNER_NAMES.items():
        theirs = re.sub(rf"\.{ours_is}\b", f".{theirs_is}", theirs)
    (folder / "kube-burner-vmi.yml").write_text(theirs, encoding="utf-8")


def last_lines(log: Path) -> str:
    """Why a generator ended as it did, as it says itself."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(f"    {line}" for line in lines[-LOG_LINES:])


def measured(command: list[str], log_file: Path, seconds: float, kubeconfig: str) -> Cost:
    """The cost of a command's own process and of those it waited for."""
    started = time.monotonic()
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=log_file.parent,
            env={**os.environ, "KUBECONFIG": kubeconfig},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        is_late = False
        while True:
            found, status, usage = os.wait4(process.pid, os.WNOHANG)
            if found:
                break
            passed = time.monotonic() - started
            if passed > seconds:
                process.send_signal(signal.SIGKILL if is_late else signal.SIGINT)
                is_late, seconds = True, passed + END_SECONDS
            time.sleep(0.2)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mib=usage.ru_maxrss / 1024,
        wall_seconds=time.monotonic() - started,
        exit_code=None if is_late else process.returncode,
    )


@contextmanager
def plane() -> Iterator[str]:
    """A real plane of its own while it is measured: the path of its kubeconfig."""
    up = ["up", "--detach", "--nodes", str(NODES), "--name", PLANE]
    try:
        _virtslo_plane(*up)
        yield _virtslo_plane("kubeconfig", "--name", PLANE).strip()
    finally:
        _virtslo_plane("down", "--name", PLANE, must_work=False)


def _virtslo_plane(*arguments: str, must_work: bool = True) -> str:
    command = [sys.executable, "-m", "virtslo", "plane", *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=PLANE_SECONDS
    )
    if must_work and done.returncode:
        sys.exit(f"no plane (make control-plane builds its programs):\n{done.stderr}")
    return done.stdout


def built_load_generator() -> Path:
    """KubeVirt's load generator, of the version that the plane's tests pin."""
    text = (KUBEVIRT_MODULE / "go.mod").read_text(encoding="utf-8")
    version = re.search(r"^\s*kubevirt\.io/kubevirt (v\S+)", text, re.MULTILINE)
    assert version is not None, f"{KUBEVIRT_MODULE} requires no KubeVirt"

    def prepare(_: str, folder: Path) -> None:
        shutil.copytree(KUBEVIRT_MODULE, folder, dirs_exist_ok=True)

    return _built("perfscale-load-generator", version[1], LOAD_GENERATOR, prepare)


def built_kube_burner() -> Path:
    """kube-burner, with its release's own choice of versions."""
    module, version = KUBE_BURNER

    def prepare(go: str, folder: Path) -> None:
        shown = _go([go, "mod", "download", "-json", f"{module}@{version}"], folder)
        source = Path(json.loads(shown)["Dir"])
        text = (source / "go.mod").read_text(encoding="utf-8")
        text = re.sub(r"^module .*$", "module virtslo.io/peers", text, flags=re.MULTILINE)
        required = f"{text}\nrequire {module} {version}\n"
        (folder / "go.mod").write_text(required, encoding="utf-8")
        shutil.copyfile(source / "go.sum", folder / "go.sum")

    return _built("kube-burner", version, f"{module}/cmd/kube-burner", prepare)


def _built(name: str, version: str, package: str, prepare: Callable[[str, Path], None]) -> Path:
    """A program of a Go package, built once. Raises NotBuilt."""
    kept = cache_folder() / "peers" / f"{name}-{version}"
    if kept.is_file():
        return kept
    try:
        go = go_command()
    except ScenarioError as error:
        raise NotBuilt("there is no Go on this machine") from error
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as place:
        folder = Path(place)
        prepare(go, folder)
        click.echo(f"{name}: building {version}")
        _go([go, "build", "-o", str(folder / name), package], folder)
        (folder / name).replace(kept)
    return kept


def _go(command: list[str], folder: Path) -> str:
    """What a command of Go prints, from the module cache alone. Raises NotBuilt."""
    offline = {"GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOSUMDB": "off", "GOWORK": "off",
               "CGO_ENABLED": "0"}  # fmt: skip
    try:
        done = subprocess.run(command, cwd=folder, env={**os.environ, **offline}, check=False,
                              capture_output=True, text=True, timeout=BUILD_SECONDS)  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise NotBuilt(f"not built within {BUILD_SECONDS} s") from error
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
        lacking = "module lookup disabled" in done.stderr
        why = "modules that it needs are not in the Go module cache" if lacking else last[0]
        raise NotBuilt(f"not built: {why} (or name a built one: its option in --help)")
    return done.stdout


if __name__ == "__main__":
    main()
