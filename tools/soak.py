"""Create and delete VMIs on `virtslo simulate` for a long time, and print its memory over it.

The server is a process of its own; watches are opened and dropped all the while, some of them with
events that are never read. Every line is a moment: resident memory, and what the server itself says
is kept (events, VMIs, pods, open watches). At the end stands the slope of the second half; the exit
code is 1 where memory or what is kept still grows.

Events and old versions are kept as a real API server keeps them: by default for an hour, and for
five to ten minutes, so that within a run that is shorter their number grows with the load. The soak
sets a minute for both (--age).

    tools/soak.py                      30 minutes
    tools/soak.py --minutes 2 --rate 5
"""

import argparse
import asyncio
import contextlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from virtslo.base.clock import SystemClock
from virtslo.base.errors import VirtsloError
from virtslo.client.exposition import read_samples
from virtslo.kube.credentials import connect
from virtslo.model.kubernetes.resources import EVENTS, PODS, VMIS, Resource
from virtslo.ports.kube_api import KubeApi, Selection

NAMESPACE: Final = "default"
LIFE: Final = 3.0
"""Seconds from a VMI's create to its delete."""
MOST_AT_ONCE: Final = 3
"""VMIs there are at most, against what the rate and their life make."""
WATCHES: Final = 20
"""Watches that are open at a time; each is dropped after some seconds."""
MOST_GROWTH: Final = 0.5
"""MiB a minute in the second half, on a machine with processor time to spare: the cache of label
values alone grows by 0.1 at 2 VMIs a second, and by 0.25 at 5, until it is full."""
OPEN: Final = "apiserver_longrunning_requests"
KEPT: Final = (EVENTS, VMIS, PODS)


@dataclass(frozen=True, slots=True)
class Moment:
    """What was seen at one time."""

    seconds: float
    resident: float
    """MiB."""
    kept: tuple[int, ...]
    """Objects of each of KEPT."""
    watches: int
    created: int


class Soak:
    """One server under load, and what was seen of it."""

    def __init__(self, api: KubeApi, process: int, options: argparse.Namespace) -> None:
        self._api = api
        self._process = process
        self._rate: float = options.rate
        self._chance = random.Random(options.seed)
        self.created = 0
        self.failed = 0
        self.dropped = 0

    async def one(self, number: int) -> None:
        """Create a VMI, and delete it."""
        name = f"soak-{number}"
        body = {
            "apiVersion": "kubevirt.io/v1",
            "kind": "VirtualMachineInstance",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {"domain": {"devices": {}, "memory": {"guest": "64Mi"}}},
        }
        try:
            await self._api.create(VMIS, body)
            self.created += 1
            await asyncio.sleep(LIFE)
            await self._api.delete(VMIS, name, namespace=NAMESPACE)
        except VirtsloError:
            self.failed += 1

    async def load(self) -> None:
        """Create at the rate; where the server falls behind, wait for it."""
        begun, number = time.monotonic(), 0
        room = asyncio.Semaphore(int(MOST_AT_ONCE * self._rate * LIFE) + 1)
        async with asyncio.TaskGroup() as group:
            while True:
                await asyncio.sleep(begun + number / self._rate - time.monotonic())
                await room.acquire()
                group.create_task(self.one(number)).add_done_callback(lambda _: room.release())
                number += 1

    async def watch(self) -> None:
        """Open a watch, read it for a while or not at all, drop it, and open another."""
        while True:
            resource = self._chance.choice((*KEPT, VMIS))
            selection = Selection(namespace=self._chance.choice((NAMESPACE, None)))
            seconds, reads = self._chance.uniform(1, 20), self._chance.random() < 0.7
            with contextlib.suppress(VirtsloError, TimeoutError):
                async with self._api.watch(resource, selection) as events:
                    async with asyncio.timeout(seconds):
                        if not reads:
                            await asyncio.sleep(seconds)
                        async for _ in events:
                            pass
            self.dropped += 1

    async def moment(self, begun: float) -> Moment:
        """What is there now."""
        kept = [await self._count(resource) for resource in KEPT]
        body = await self._api.read_raw("/metrics")
        watches = sum(count for _, count in read_samples(body, (OPEN,)))
        seconds = time.monotonic() - begun
        return Moment(seconds, resident(self._process), tuple(kept), int(watches), self.created)

    async def _count(self, resource: Resource) -> int:
        page = await self._api.list_objects(resource, limit=1)
        return len(page.items) + (page.remaining or 0)


def resident(process: int) -> float:
    """Resident memory of a process, MiB."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(process)


def slope(moments: list[Moment]) -> float:
    """Growth of resident memory, MiB a minute, by least squares."""
    xs, ys = [each.seconds / 60 for each in moments], [each.resident for each in moments]
    return statistics.linear_regression(xs, ys).slope


@asynccontextmanager
async def served(folder: Path, options: argparse.Namespace) -> AsyncIterator[tuple[KubeApi, int]]:
    """A server as a process of its own: a connection to it, and its number."""
    kubeconfig = folder / "kubeconfig"
    command = ["simulate", "--kubeconfig", str(kubeconfig), "--nodes", "10"]
    command += ["--event-ttl", options.age, "--etcd-compaction-interval", options.age]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "virtslo", *command, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        line = await process.stdout.readline()
        assert line.startswith(b"serving "), "the server did not start"
        async with await connect(
            kubeconfig=kubeconfig,
            context=None,
            in_cluster=False,
            clock=SystemClock(),
            user_agent="soak/1",
        ) as api:
            yield api, process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def soak(options: argparse.Namespace) -> list[Moment]:
    """Load a server; what was seen, which is printed as it is seen."""
    moments: list[Moment] = []
    names = "  ".join(f"{resource.plural:>9}" for resource in KEPT)
    print(f"{'s':>6}  {'MiB':>7}  {names}  watches  created", flush=True)
    with tempfile.TemporaryDirectory(prefix="virtslo-soak-") as folder:
        async with served(Path(folder), options) as (api, process):
            load, begun = Soak(api, process, options), time.monotonic()
            tasks = [asyncio.ensure_future(load.load())]
            tasks += [asyncio.ensure_future(load.watch()) for _ in range(WATCHES)]
            try:
                while (seconds := time.monotonic() - begun) < options.minutes * 60:
                    at = await load.moment(begun)
                    moments.append(at)
                    kept = "  ".join(f"{count:>9}" for count in at.kept)
                    print(
                        f"{at.seconds:>6.0f}  {at.resident:>7.1f}  {kept}  {at.watches:>7}  "
                        f"{at.created:>7}",
                        flush=True,
                    )
                    await asyncio.sleep(min(options.every, options.minutes * 60 - seconds))
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
    print(f"{load.created} VMIs created, {load.failed} failed; {load.dropped} watches dropped")
    return moments


def main() -> int:
    """Load a server and judge its memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=5.0, help="VMIs created a second")
    parser.add_argument("--every", type=float, default=15.0, help="seconds between two lines")
    parser.add_argument("--age", default="1m", help="how long events and old versions are kept")
    parser.add_argument("--seed", type=int, default=1, help="seed of the watches")
    try:
        moments = asyncio.run(soak(parser.parse_args()))
    except VirtsloError as error:
        print(f"soak: the server did not answer to the end: {error}")
        return 1
    later = moments[len(moments) // 2 :]
    growth = slope(later)
    print(f"soak: {moments[0].resident:.1f} to {moments[-1].resident:.1f} MiB;", end=" ")
    print(f"second half: {growth:+.2f} MiB a minute, at most {MOST_GROWTH} holds")
    return 0 if growth <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
