"""History that a real API server no longer has: 410 in every stage, and a relist that tells.

The API server keeps no watch cache here, so a watch that is resumed asks etcd, whose history is
compacted while the way to the server is cut.
"""

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from control_plane.clusters import hollow
from control_plane.endurance import BURST, STEADY, Outcome, endure, folder_with
from control_plane.flow_control import ACCOUNT
from control_plane.plane import ControlPlane, Options
from support.processes import until_stage
from support.relay import Relay, relayed
from virtslo.model.resources import CONFIG_MAPS

LOG = logging.getLogger(__name__)
STAGES = {"warm_up": BURST, "ramp_up": BURST, "churn": STEADY, "ramp_down": BURST}
WATCHED = {"pods", "virtualmachineinstances"}


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    made = ControlPlane(tmp_path_factory.mktemp("plane"), Options(watch_cache=False))
    try:
        asyncio.run(made.start())
        yield made
    finally:
        made.stop()


def test_a_watch_whose_history_is_gone_is_listed_again_in_every_stage(
    plane: ControlPlane, tmp_path: Path
) -> None:
    async def main() -> None:
        async with hollow(plane) as kubeconfig, relayed(plane.port) as relay:
            document = yaml.safe_load(kubeconfig.read_text())
            document["clusters"][0]["cluster"]["server"] = relay.url
            kubeconfig.write_text(yaml.safe_dump(document))
            for stage, load in STAGES.items():
                folder = folder_with(kubeconfig, tmp_path / stage, load=load)
                outcome = await forget_in(plane, relay, stage, folder)
                LOG.info("410 in %s: %s", stage, outcome)
                assert "watch_relisted" in outcome.findings, outcome
                await assert_told_410_and_listed_again(plane, outcome)

    asyncio.run(main())


async def forget_in(plane: ControlPlane, relay: Relay, stage: str, folder: Path) -> Outcome:
    """A run that loses its connection in a stage, for long enough that history is gone."""

    async def happening(folder: Path) -> None:
        await until_stage(folder, stage)
        await relay.cut()
        async with plane.admin() as api:
            await api.create(
                CONFIG_MAPS, body(f"at-{stage.replace('_', '-')}"), namespace="default"
            )
        await plane.forget_history()
        await relay.open()

    return await endure(plane, folder, happening)


async def assert_told_410_and_listed_again(plane: ControlPlane, outcome: Outcome) -> None:
    """The run's own requests, in the audit log's order, and what the server says to one again."""
    label = outcome.record.header.run_label
    asked = [
        event
        for event in plane.audited()
        if event["user"]["username"] == ACCOUNT
        and f"run%3D{label}" in event["requestURI"]
        and event["objectRef"]["resource"] in WATCHED
    ]
    for resource in WATCHED:
        ours = [each for each in asked if each["objectRef"]["resource"] == resource]
        first, again = [each for each in ours if each["verb"] == "list"][:2]
        resumed = [
            each
            for each in ours
            if each["verb"] == "watch"
            and first["stageTimestamp"] < each["stageTimestamp"] <= again["stageTimestamp"]
        ][-1]
        async with plane.admin() as api:
            (told,) = (await api.read_raw(resumed["requestURI"])).splitlines()
        event = json.loads(told)
        assert event["type"] == "ERROR"
        assert event["object"]["code"] == 410


def body(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
