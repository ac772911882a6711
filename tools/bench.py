"""Print the speed figures of DESIGN: CPU time and ratios, best of N, on the machine at hand.

It measures and fails on nothing. Each figure is taken in a process of its own, so that memory and
CPU are that figure's alone.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

BEST_OF = 3


def child(code: str, *arguments: str) -> dict[str, float]:
    """Run code in a fresh interpreter; its CPU seconds, wall seconds, peak MiB and own figures."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in {0, 4}:
        sys.exit(f"a benchmark failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    figures = {"cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}
    figures["wall"] = wall
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else ""
    if last.startswith("{"):
        figures.update(json.loads(last))
    return figures


def best(measure: Callable[[], dict[str, float]], key: str = "cpu") -> dict[str, float]:
    """The best of several measurements, by one figure."""
    return min((measure() for _ in range(BEST_OF)), key=lambda figures: figures[key])


VIRTUAL = """
import contextlib, io, json, resource, sys, tempfile
from virtslo.cli.main import exit_code_of
count, nodes, profile, kind = sys.argv[1:5]
with tempfile.TemporaryDirectory() as runs, contextlib.redirect_stdout(io.StringIO()):
    code = exit_code_of(["run", "burst", "--kind", kind, "--count", count, "--nodes", nodes,
                         "--simulate", profile, "--runs", runs, "--quiet", "--format", "json"])
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"own": usage.ru_utime + usage.ru_stime, "mib": usage.ru_maxrss / 1024,
                  "code": code}))
sys.exit(0 if code in (0, 4) else 1)
"""

HELP = "from virtslo.cli.main import exit_code_of; exit_code_of(['--help'])"


def virtual(
    count: int, nodes: int, profile: str = "instant", kind: str = "vmi"
) -> dict[str, float]:
    """A burst in virtual time."""
    return child(VIRTUAL, str(count), str(nodes), profile, kind)


def sockets(count: int) -> dict[str, float]:
    """A burst over real sockets: the simulated cluster in one process, the run in another."""
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = Path(folder) / "kubeconfig"
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "virtslo",
                "simulate",
                "--kubeconfig",
                str(kubeconfig),
                "--nodes",
                str(max(2, count // 100)),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert server.stdout is not None
            server.stdout.readline()
            command = ["run", "burst", "--count", str(count), "--kubeconfig", str(kubeconfig)]
            command += ["--context", "virtslo-simulated", "--yes", "--quiet", "--format", "json"]
            done = subprocess.run(
                [sys.executable, "-m", "virtslo", *command, "--runs", folder],
                capture_output=True,
                text=True,
                check=False,
            )
        finally:
            server.terminate()
            server.wait()
    if done.returncode not in {0, 4}:
        sys.exit(f"a benchmark failed: exit {done.returncode}\n{done.stderr[-4000:]}")
    document = json.loads(done.stdout)
    running = [
        row
        for row in document["indicators"]
        if row["name"] == "time_to_all_running_seconds" and row["statistic"] == "value"
    ]
    return {"all_running": running[0]["value"] if running else float("nan")}


def main() -> None:
    """Print every figure, a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a tenth of the sizes, once")
    small = parser.parse_args().small
    global BEST_OF  # noqa: PLW0603
    BEST_OF = 1 if small else BEST_OF
    many, few, nodes = (1000, 200, 100) if small else (10_000, 1000, 1000)

    help_ = best(lambda: child(HELP), "wall")
    print(f"virtslo --help: {help_['wall']:.3f} s wall, {help_['cpu']:.3f} s CPU (bound 0.2 s)")
    little = best(lambda: virtual(few, nodes * few // many))
    much = virtual(many, nodes)
    print(
        f"virtual time, {many} VMIs on {nodes} nodes: {much['cpu']:.1f} CPU s, "
        f"{much['mib']:.0f} MiB (bounds at 10 000: 60 s, 1024 MiB)"
    )
    ratio = (much["cpu"] / many) / (little["cpu"] / few)
    print(
        f"  CPU per VMI: {much['cpu'] / many * 1000:.2f} ms at {many}, "
        f"{little['cpu'] / few * 1000:.2f} ms at {few}: ratio {ratio:.2f} (bound 1.15)"
    )
    real = sockets(few)
    print(f"real sockets, {few} VMIs: all Running after {real['all_running']:.1f} s (bound 30 s)")


if __name__ == "__main__":
    main()
