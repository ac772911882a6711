"""Playing a world: one run in virtual time, with a witness inside the cluster.

Invariant: the run is the product's own, from the scenario's document to the record on disk; what is
added observes and interrupts, and nothing else.
"""

import asyncio
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from support.swarm.door import Door, Exchange
from support.swarm.witness import LAW, Life, Mirror, Witness
from support.swarm.worlds import World
from virtslo.app.build_report import build_report
from virtslo.base.clock import to_nanoseconds
from virtslo.base.errors import VirtsloError
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.cli.running.run_once import Execution, OneRun, simulated_label
from virtslo.cli.wiring import read_record, simulated_cluster
from virtslo.client.reflector import Reflector
from virtslo.config.scenario_file import scenario_from_mapping
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import VMIS
from virtslo.model.plan.workload import TRAITS
from virtslo.model.report.document import Report
from virtslo.model.run.record import RunRecord
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.ports.kube_api import KubeApi
from virtslo.ports.progress import Silent
from virtslo.sim.direct import DirectTransport
from virtslo.slo.catalog.catalog import CATALOG

AFTERWARDS: Final = 60.0
"""Virtual seconds that the cluster is given to come to rest when the run is over."""
OBSERVER: Final = Identity("observer", "observer", "observer/1", ("system:masters",))
OURS: Final = "virtslo"


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a world."""

    world: World
    record: RunRecord
    report: Report
    contents: Mapping[str, bytes]
    """The record's files that must repeat, decompressed."""
    lives: Mapping[str, Life]
    """The truth, by uid."""
    broken: tuple[str, ...]
    """Laws of the simulated cluster that were broken."""
    left: tuple[str, ...]
    """What the run made and is still there."""
    held: tuple[str, ...]
    """Of these, what KubeVirt never lets go of."""
    exchanges: tuple[Exchange, ...]
    """Every request of every client, as its caller had it."""
    creates: int
    """Objects of the scenario's kind that the audit log says we created."""
    refusal: str = ""
    """Why the run could not be carried out, where it could not."""


def play(world: World, folder: Path) -> Played:
    """Run a world in an empty folder. Raises what is no refusal of ours."""
    folder.mkdir(parents=True)
    log = folder / "audit.log"
    asked_for = scenario_from_mapping(
        world.document, source="swarm", base=folder, indicators=CATALOG
    )
    scenario = replace(asked_for, observe=replace(asked_for.observe, audit_log=str(log)))
    asked = scenario.simulated
    assert asked is not None
    target = SimulatedTarget(
        profile=asked.profile or "ci",
        seed=world.seed,
        nodes=asked.nodes or 1,
        faults=scenario.faults,
        settings=asked.settings,
    )
    label = simulated_label(asked_for, target)  # of the seed alone, not of a folder
    execution = Execution(folder / "runs", ("swarm",), Silent())
    run = OneRun(scenario, execution, label, target)
    refusal = ""
    seen: dict[str, object] = {}

    async def main(clock: VirtualClock) -> None:
        nonlocal refusal
        async with simulated_cluster(target, clock, run.stages) as api:
            assert isinstance(api.transport, DirectTransport)
            server = api.transport.server
            witness, mirror = Witness(server.store, clock), Mirror()
            door = Door(server, clock)
            reflector = Reflector(
                KubeApi(DirectTransport(server, OBSERVER)), VMIS, handler=mirror, clock=clock
            )
            watching = asyncio.ensure_future(reflector.run())
            interrupting = asyncio.ensure_future(_interrupt(world, run, clock))
            try:
                await run.carry_out(api, clock)
            except VirtsloError as error:
                refusal = f"{type(error).__name__}: {error.message}"
            await clock.sleep_until(clock.now_ns() + to_nanoseconds(AFTERWARDS))
            await _ended(interrupting, watching)
            broken = [*witness.broken, *mirror.differs(server.store)]
            broken += witness.crowded(door.exchanges)
            broken += [f"{LAW}: orphan: {name}" for name in witness.orphans()]
            seen.update(lives=witness.lives, broken=broken, left=witness.left(label))
            seen.update(held=witness.held())
            seen.update(exchanges=door.exchanges)

    run_in_virtual_time(main)
    if refusal and not (run.directory / "run.json").is_file():
        raise AssertionError(f"refused before there was a record: {refusal}")
    record = read_record(run.directory)
    return Played(
        world=world,
        record=record,
        report=build_report([record]),
        contents=_contents(run.directory),
        lives=seen["lives"],  # type: ignore[arg-type]
        broken=tuple(seen["broken"]),  # type: ignore[arg-type]
        left=tuple(seen["left"]),  # type: ignore[arg-type]
        held=tuple(seen["held"]),  # type: ignore[arg-type]
        exchanges=tuple(seen["exchanges"]),  # type: ignore[arg-type]
        creates=_creates(log, TRAITS[scenario.workload.kind].resource.plural),
        refusal=refusal,
    )


async def _interrupt(world: World, run: OneRun, clock: VirtualClock) -> None:
    if world.interrupted_at is not None:
        await clock.sleep_until(clock.now_ns() + to_nanoseconds(world.interrupted_at))
        run.interruption.request("interrupted by the swarm")


async def _ended(*tasks: "asyncio.Future[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def _creates(log: Path, plural: str) -> int:
    count = 0
    for line in log.read_bytes().splitlines():
        event = json.loads(line)
        target = event.get("objectRef") or {}
        count += (
            event["verb"] == "create"
            and target.get("resource") == plural
            and not target.get("subresource")
            and event["userAgent"].startswith(OURS)
            and event.get("stage") == "ResponseComplete"
            and 200 <= event["responseStatus"]["code"] < 300
            and "dryRun" not in event["requestURI"]
        )
    return count


def _contents(directory: Path) -> Mapping[str, bytes]:
    return {
        path.name: gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in sorted(directory.iterdir())
        if path.name not in {"host.json", "log.txt", "digests.json"}
    }
