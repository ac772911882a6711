"""A controller's workers do its own work, where its profile says some, before each reconcile."""

import asyncio
from collections.abc import Mapping

from support.clusters import USER, new_server
from virtslo.base.clock import Clock, to_seconds
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.hollow.process.component import Component, run_workers
from virtslo.model.identifiers import NamespacedName
from virtslo.model.simulated.profile import Distribution
from virtslo.sim.direct import DirectTransport

KEYS = [("default", "a"), ("default", "b"), ("default", "c")]


def _reconciled(labour: Mapping[str, Distribution], *, workers: int) -> list[tuple[str, float]]:
    """When each of three keys that came at once was reconciled, seconds."""

    async def main(clock: Clock) -> list[tuple[str, float]]:
        component = Component(USER, DirectTransport(new_server(clock), USER), clock, labour=labour)
        queue = component.queue("test")
        times: list[tuple[str, float]] = []

        async def reconcile(key: NamespacedName) -> None:
            times.append((key[1], to_seconds(clock.now_ns())))

        async def work() -> None:
            async with asyncio.TaskGroup() as group:
                run_workers(
                    group,
                    queue,
                    reconcile,
                    workers=workers,
                    bad=component.bad_objects,
                    labour=component.labour("vmi"),
                )

        async with asyncio.TaskGroup() as group:
            task = group.create_task(work())
            for key in KEYS:
                queue.add(key)
            await asyncio.sleep(10)
            task.cancel()
        return times

    return run_in_virtual_time(main)


def test_each_worker_works_before_each_reconcile() -> None:
    labour = {"vmi": Distribution(value=0.5)}

    assert _reconciled(labour, workers=1) == [("a", 0.5), ("b", 1.0), ("c", 1.5)]
    assert _reconciled(labour, workers=2) == [("a", 0.5), ("b", 0.5), ("c", 1.0)]


def test_without_work_of_its_own_a_reconcile_takes_no_time() -> None:
    labour = {"vm": Distribution(value=0.5)}

    assert _reconciled(labour, workers=1) == [("a", 0.0), ("b", 0.0), ("c", 0.0)]
