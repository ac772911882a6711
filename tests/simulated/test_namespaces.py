"""A namespace goes only if this run made it and nothing foreign is left in it."""

from pathlib import Path
from typing import Any

import pytest

from support.bodies import machine, namespace
from support.scenarios import scenario
from virtslo.base.errors import NotFound
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.cli.running.run_once import Execution, OneRun
from virtslo.cli.wiring import read_record, simulated_cluster
from virtslo.model import resources
from virtslo.model.environment import SimulatedTarget
from virtslo.model.record import RunRecord
from virtslo.ports.kube_api import KubeApi
from virtslo.ports.progress import Silent

TARGET = SimulatedTarget("instant", seed=1, nodes=2)
GIVEN = scenario("vmi", 3, workload={"namespace": "density"}, warmUp={"objects": 0})


def run(
    folder: Path, *, before: dict[str, Any] | None = None, stranger: dict[str, Any] | None = None
) -> tuple[RunRecord, bool]:
    """Run in the namespace `density`; returns the record and whether the namespace is there."""
    one = OneRun(GIVEN, Execution(folder, (), Silent()), "s1", TARGET)

    async def main(clock: VirtualClock) -> bool:
        async with simulated_cluster(TARGET, clock) as api:
            if before is not None:
                await api.create(resources.NAMESPACES, before)
            meddled = api if stranger is None else Meddled(api, stranger)
            await one.carry_out(meddled, clock)
            try:
                found = await api.get(resources.NAMESPACES, "density")
            except NotFound:
                return False
            return "deletionTimestamp" not in found["metadata"]

    is_there = run_in_virtual_time(main)
    return read_record(one.directory), is_there


class Meddled:
    """The cluster; somebody creates an object of theirs when the run deletes its first."""

    def __init__(self, api: KubeApi, body: dict[str, Any]) -> None:
        self._api = api
        self._body: dict[str, Any] | None = body

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    async def delete(self, *arguments: Any, **options: Any) -> Any:
        body, self._body = self._body, None
        if body is not None:
            await self._api.create(resources.VMIS, body, namespace="density")
        return await self._api.delete(*arguments, **options)


def test_a_namespace_that_the_run_made_goes_with_it(tmp_path: Path) -> None:
    record, is_there = run(tmp_path)

    assert not is_there
    assert record.header.left_behind == ()


def test_a_namespace_that_was_there_stays(tmp_path: Path) -> None:
    record, is_there = run(tmp_path, before=namespace("density"))

    assert is_there
    assert record.header.left_behind == ()


@pytest.mark.parametrize("labels", [{}, {"virtslo.io/run": "another"}])
def test_a_namespace_with_somebody_elses_object_stays_and_is_told(
    tmp_path: Path, labels: dict[str, str]
) -> None:
    body = machine("theirs", **labels)
    body["metadata"]["namespace"] = "density"

    record, is_there = run(tmp_path, stranger=body)

    assert is_there
    (left,) = record.header.left_behind
    assert "theirs" in left
