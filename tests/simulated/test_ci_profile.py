"""The `ci` profile takes as long as KubeVirt's CI does, seen as KubeVirt's CI sees it.

Load and lens are that CI's: VMIs, then VMs, one create after another, 100 ms apart, 100 of each;
virt-controller's whole-second histogram through histogram_quantile. The medians are those that the
CI published for v1.7.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from support.hollow_clusters import NAMESPACE, Hollow, in_hollow_cluster, vm, vmi
from support.perfscale_lens import Buckets, difference, quantile, running_buckets
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource

COUNT = 100
PUBLISHED = {"vmi": {0.5: 22.9, 0.95: 29.5}, "vm": {0.5: 20.7, 0.95: 29.1}}
"""Seconds: creation to Running of the VMIs in the VMI test and in the VM test."""


async def _buckets(hollow: Hollow) -> Buckets:
    pods = "/api/v1/namespaces/kubevirt/pods"
    reads = [
        await hollow.api.read_raw(f"{pods}/https:virt-controller-{index}:8443/proxy/metrics")
        for index in range(2)
    ]
    return running_buckets(*(read.decode() for read in reads))


async def _bring_up_and_down(
    hollow: Hollow, resource: Resource, manifest: Callable[[str], Mapping[str, Any]]
) -> Buckets:
    before = await _buckets(hollow)
    names = [f"{resource.singular}-{index}" for index in range(COUNT)]
    for name in names:
        await hollow.api.create(resource, manifest(name))
        await asyncio.sleep(0.1)

    async def all_run() -> bool:
        found = await hollow.list_objects(resources.VMIS)
        running = [each for each in found if each["status"].get("phase") == "Running"]
        return len(running) == COUNT

    async def all_gone() -> bool:
        return not await hollow.list_objects(resources.VMIS)

    await hollow.until(all_run, seconds=300)
    await asyncio.sleep(30)
    after = await _buckets(hollow)
    for name in names:
        await hollow.api.delete(resource, name, namespace=NAMESPACE)
    await hollow.until(all_gone, seconds=300)
    return difference(before, after)


async def _both(hollow: Hollow) -> dict[str, Buckets]:
    return {
        "vmi": await _bring_up_and_down(hollow, resources.VMIS, vmi),
        "vm": await _bring_up_and_down(hollow, resources.VMS, vm),
    }


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))]
)
def test_p50_and_p95_are_within_a_tenth_of_the_published_medians(seed: int) -> None:
    seen = in_hollow_cluster(_both, profile="ci", seed=seed)

    for kind, published in PUBLISHED.items():
        assert seen[kind][float("inf")] == COUNT
        for q, median in published.items():
            assert quantile(q, seen[kind]) == pytest.approx(median, rel=0.1), (kind, q)
