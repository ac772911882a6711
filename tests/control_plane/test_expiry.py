"""History that a real API server no longer has: 410 in every stage, and a relist that tells.

The API server keeps no watch cache here, so a watch that is resumed asks etcd, whose history is
compacted while the way to the server is cut.
"""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
import yaml

from control_plane.binaries import programs
from control_plane.clusters import hollow
from control_plane.endurance import STAGES, STEADY, Outcome, endure, folder_with, in_every_stage
from control_plane.flow_control import ACCOUNT
from support.relay import Relay, relayed
from virtslo.model.kubernetes.resources import CONFIG_MAPS
from virtslo.plane.control_plane import ControlPlane, Options

LOG = logging.getLogger(__name__)
WATCHED = {"pods", "virtualmachineinstances"}
MARK: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "later"},
}
"""What moves the server's version past what the run has seen."""


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    made = ControlPlane(tmp_path_factory.mktemp("plane"), programs(), Options(watch_cache=False))
    try:
        asyncio.run(made.start())
        yield made
    finally:
        made.stop()


async def test_a_watch_whose_history_is_gone_is_listed_again_in_every_stage(
    plane: ControlPlane, tmp_path: Path
) -> None:
    async with hollow(plane) as kubeconfig, relayed(plane.port) as relay:
        document = yaml.safe_load(kubeconfig.read_text())
        document["clusters"][0]["cluster"]["server"] = relay.url
        kubeconfig.write_text(yaml.safe_dump(document))
        folder = folder_with(kubeconfig, tmp_path / "run", load=STEADY)
        strike = partial(forget, plane, relay)
        outcome = await endure(plane, folder, in_every_stage(STAGES, strike))
        LOG.info("410 in every stage: %s", outcome)
        assert "watch_relisted" in outcome.findings, outcome
        await assert_told_410_and_listed_again(plane, outcome)


async def forget(plane: ControlPlane, relay: Relay) -> None:
    """Cut the way to the server for long enough that history is gone, until all is listed again."""
    before = lists_of_each(plane)
    await relay.cut()
    async with plane.admin() as api:
        await api.create(CONFIG_MAPS, MARK, namespace="default")
        await api.delete(CONFIG_MAPS, MARK["metadata"]["name"], namespace="default")
    await plane.forget_history()
    await relay.open()
    for _ in range(240):
        after = lists_of_each(plane)
        if all(after[resource] > before[resource] for resource in WATCHED):
            return
        await asyncio.sleep(0.25)
    raise AssertionError(f"not listed again: {before}, then {after}")


def lists_of_each(plane: ControlPlane) -> Counter[str]:
    """How often the run's account has listed each watched resource, by the audit log."""
    return Counter(
        event["objectRef"]["resource"]
        for event in plane.audited()
        if event["user"]["username"] == ACCOUNT
        and event["verb"] == "list"
        and event["objectRef"]["resource"] in WATCHED
    )


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
        groups = [(verb, [*each]) for verb, each in groupby(ours, key=itemgetter("verb"))]
        # A list may be sent again where the cut broke it; those of clean-up have no watch after.
        again = [
            before[-1]
            for (_, before), (verb, _), (after, _) in zip(
                groups, groups[1:], groups[2:], strict=False
            )
            if (verb, after) == ("list", "watch")
        ]
        # After the last stage's list the run may be over before it watches again.
        assert len(again) in {len(STAGES) - 1, len(STAGES)}, (resource, len(again))
        for resumed in again:
            assert resumed["verb"] == "watch"
            assert await code_of(plane, resumed["requestURI"]) == 410


async def code_of(plane: ControlPlane, uri: str) -> int:
    """What the server says to a watch: the code of the error that it begins with."""
    async with plane.admin() as api:
        (told,) = (await api.read_raw(uri)).splitlines()
    event = json.loads(told)
    assert event["type"] == "ERROR", told
    return int(event["object"]["code"])
