"""A namespace goes only if this run made it and nothing foreign is left in it."""

from pathlib import Path
from typing import Any

import pytest

from support.bodies import machine, namespace
from support.scenarios import scenario
from support.scripted_transport import ScriptedTransport
from virtslo.base.errors import NotFound
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.cli.running.run_once import Execution, OneRun
from virtslo.cli.wiring import read_record, simulated_cluster
from virtslo.model.kubernetes import resources
from virtslo.model.run.record import RunRecord
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.ports.kube_api import Call, KubeApi
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
            await one.carry_out(api if stranger is None else meddled(api, stranger), clock)
            try:
                found = await api.get(resources.NAMESPACES, "density")
            except NotFound:
                return False
            return "deletionTimestamp" not in found["metadata"]

    is_there = run_in_virtual_time(main)
    return read_record(one.directory), is_there


def meddled(api: KubeApi, body: dict[str, Any]) -> KubeApi:
    """The cluster, in which a stranger creates an object when the run deletes its first."""
    bodies = [body]

    async def meddle(call: Call) -> None:
        if call.verb == "delete" and bodies:
            await api.create(resources.VMIS, bodies.pop(), namespace="density")

    return KubeApi(ScriptedTransport(meddle, behind=api.transport))


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
