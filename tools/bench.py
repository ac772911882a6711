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
import contextlib, io, json, os, resource, sys, tempfile, time
from virtslo.cli.main import exit_code_of
count, nodes, profile, kind = sys.argv[1:5]
with tempfile.TemporaryDirectory() as runs, contextlib.redirect_stdout(io.StringIO()):
    code = exit_code_of(["run", "burst", "--repeat", "1", "--kind", kind,
                         "--count", count, "--nodes", nodes,
                         "--simulate", profile, "--runs", runs, "--quiet", "--format", "json"])
    usage = resource.getrusage(resource.RUSAGE_SELF)
    run = os.path.join(runs, os.listdir(runs)[0])
    started = time.process_time()
    exit_code_of(["report", run, "--format", "html", "-o", os.path.join(runs, "page.html")])
    reported = time.process_time() - started
print(json.dumps({"cpu": usage.ru_utime + usage.ru_stime, "mib": usage.ru_maxrss / 1024,
                  "code": code, "report": reported}))
sys.exit(0 if code in (0, 4) else 1)
"""

SERVED = """
import asyncio, json, sys, time
from support.bodies import config_map, machine
from support.clusters import USER, connected, served
from virtslo.model.kubernetes.resources import CONFIG_MAPS, VMIS
from virtslo.ports.kube_api import KubeApi, PatchType
from virtslo.sim.direct import DirectTransport


async def listing(count):
    async with served(log_size=100) as there, connected(there) as api:
        direct = KubeApi(DirectTransport(there.server, USER))
        for index in range(count):
            await direct.create(VMIS, machine(f"vmi-{index}"))
        started = time.process_time()
        found = await api.list_objects(VMIS)
        assert len(found.items) == count
        return {"seconds": time.process_time() - started}


async def watching(watchers, objects):
    async with served(log_size=100) as there, connected(there) as writer:
        version = (await writer.list_objects(CONFIG_MAPS)).resource_version
        opened = [asyncio.Event() for _ in range(watchers)]

        async def follow(ready):
            async with connected(there) as api, api.watch(
                CONFIG_MAPS, resource_version=version, bookmarks=False
            ) as events:
                ready.set()
                for _ in range(objects * 2):
                    await anext(events)

        async with asyncio.TaskGroup() as group:
            for ready in opened:
                group.create_task(follow(ready))
            for ready in opened:
                await ready.wait()
            started = time.process_time()
            for index in range(objects):
                await writer.create(CONFIG_MAPS, config_map(f"map-{index}", key="a"))
            for index in range(objects):
                await writer.patch(CONFIG_MAPS, f"map-{index}", {"data": {"key": "b"}},
                                   patch_type=PatchType.MERGE, namespace="default")
        return {"seconds": time.process_time() - started}


numbers = [int(text) for text in sys.argv[2:]]
print(json.dumps(asyncio.run({"listing": listing, "watching": watching}[sys.argv[1]](*numbers))))
"""

HELP = "from virtslo.cli.main import exit_code_of; exit_code_of(['--help'])"


def virtual(
    count: int, nodes: int, profile: str = "instant", kind: str = "vmi"
) -> dict[str, float]:
    """A burst in virtual time."""
    return child(VIRTUAL, str(count), str(nodes), profile, kind)


def watching(count: int) -> dict[str, float]:
    """Following a watch of so many VMIs from creation to Running."""
    return child(Path(__file__).with_name("bench_watch.py").read_text(), str(count))


def sockets(count: int, *load: str) -> dict[str, float]:
    """A burst over real sockets: the simulated cluster in one process, the run in another.

    `cpu` is the run's own, start and report included.
    """
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
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(
                [sys.executable, "-m", "virtslo", *command, "--runs", folder, *load],
                capture_output=True,
                text=True,
                check=False,
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        finally:
            server.terminate()
            server.wait()
    if done.returncode not in {0, 4}:
        sys.exit(f"a benchmark failed: exit {done.returncode}\n{done.stderr[-4000:]}")
    document = json.loads(done.stdout)
    figures = {
        (row["name"], row["statistic"]): row["value"]
        for row in document["indicators"]
        if row["value"] is not None
    }
    return {
        "all_running": figures.get(("time_to_all_running_seconds", "value"), float("nan")),
        "late": figures.get(("lateness_seconds", "p99"), float("nan")),
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    }


def large() -> None:
    """10 000 and 100 000 VMIs in profile ci: what each costs, once."""
    costs = []
    for count, nodes in ((10_000, 1_000), (100_000, 10_000)):
        run = virtual(count, nodes, "ci")
        costs.append(run["cpu"] / count)
        print(
            f"virtual time, profile ci, {count} VMIs on {nodes} nodes: {run['cpu']:.0f} CPU s, "
            f"{run['mib']:.0f} MiB, HTML report {run['report']:.1f} CPU s"
        )
    print(f"  CPU per VMI at 100 000 against 10 000: ratio {costs[1] / costs[0]:.2f} (bound 1.1)")


def wire(many: int, changing: int) -> None:
    """A long list and many watchers over a loopback socket; CPU of client and server together."""
    listed = best(lambda: child(SERVED, "listing", str(many)), "seconds")
    print(f"list of {many} VMIs over HTTP: {listed['seconds']:.2f} CPU s (bound at 10 000: 1 s)")
    watched = best(lambda: child(SERVED, "watching", "50", str(changing)), "seconds")
    events = 50 * changing * 2
    print(
        f"50 watchers over HTTP, {changing} objects created and changed: {events} events in "
        f"{watched['seconds']:.1f} CPU s, {events / watched['seconds']:.0f}/CPU s, none missed"
    )


def main() -> None:
    """Print every figure, a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="a tenth of the sizes, once")
    parser.add_argument("--large", action="store_true", help="100 000 VMIs too, profile ci, once")
    options = parser.parse_args()
    small = options.small
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
    if options.large:
        large()
    wire(many, 1000 if not small else 100)
    real = sockets(few)
    print(f"real sockets, {few} VMIs: all Running after {real['all_running']:.1f} s (bound 30 s)")
    offered = best(lambda: sockets(few, "--arrival", "constant", "--rate", "500/s"), "late")
    print(
        f"generator, 500 VMIs a second offered over real sockets: P99 lateness "
        f"{offered['late'] * 1000:.0f} ms (bound 20 ms), {offered['cpu'] / few * 1000:.1f} CPU ms "
        f"per VMI, following and report included (bound 7.5 ms)"
    )
    machines = virtual(many, nodes, kind="vm")
    print(
        f"virtual time, {many} VMs on {nodes} nodes: {machines['cpu']:.1f} CPU s, "
        f"{machines['mib']:.0f} MiB (bounds at 10 000: 120 s, 2048 MiB)"
    )
    print(f"HTML report of {many} VMIs: {much['report']:.1f} CPU s (bound at 10 000: 5 s)")
    followed = best(lambda: watching(few), "per_event")
    print(
        f"watch: {1 / followed['per_event']:.0f} VMI events decoded and tracked per CPU second "
        f"(bound 20 000), {followed['bytes_kept']:.0f} bytes kept of a VMI (bound 4096)"
    )


if __name__ == "__main__":
    main()
