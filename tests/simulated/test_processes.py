"""Processes of components: telemetry, client limits, restart, change of leader."""

import asyncio
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from support.hollow_clusters import NAMESPACE, Hollow, vm, vmi
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import PatchType

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def _metrics(hollow: Hollow, pod: str) -> Samples:
    """A component's samples, read through the API server's pod proxy and parsed."""
    path = f"/api/v1/namespaces/kubevirt/pods/https:{pod}:8443/proxy/metrics"
    text = (await hollow.api.read_raw(path)).decode()
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in found, f"{key} is there twice"
            found[key] = sample.value
    return found


def _value(samples: Samples, family: str, **labels: str) -> float:
    return sum(
        value
        for (sample, pairs), value in samples.items()
        if sample == family and labels.items() <= dict(pairs).items()
    )


def _leader(hollow: Hollow) -> str:
    """The virt-controller that won the election; service times decide which."""
    assert hollow.cluster.leader is not None
    return hollow.cluster.leader


async def _run_vms(hollow: Hollow, *names: str) -> None:
    for name in names:
        await hollow.api.create(resources.VMS, vm(name), namespace=NAMESPACE)
    for name in names:
        await hollow.until_status(resources.VMS, name, "ready", True)


@pytest.mark.hollow(profile="ci")
async def test_a_components_counters_are_what_the_server_was_asked(hollow: Hollow) -> None:
    await _run_vms(hollow, "a", "b", "c")
    await asyncio.sleep(0.5)
    samples = await _metrics(hollow, _leader(hollow))
    codes = [
        str(line["responseStatus"]["code"])
        for line in hollow.audit_log
        if line["userAgent"].startswith("virt-controller")
        and line["verb"] == "update"
        and line["objectRef"]["resource"] == "virtualmachines"
    ]
    name = "kubevirt_rest_client_requests_total"
    wanted = {"verb": "UPDATE", "method": "PUT", "resource": "virtualmachines"}

    assert codes.count("200") == 8 * 3
    for code in ("200", "409"):
        assert _value(samples, name, code=code, **wanted) == codes.count(code)


@pytest.mark.hollow(profile="ci")
async def test_phase_transitions_are_observed_in_whole_seconds(hollow: Hollow) -> None:
    await _run_vms(hollow, "a", "b")
    samples = await _metrics(hollow, _leader(hollow))
    name = "kubevirt_vmi_phase_transition_time_from_creation_seconds"

    assert _value(samples, f"{name}_count", phase="Running") == 2
    total = _value(samples, f"{name}_sum", phase="Running")
    assert total > 0
    assert total == int(total)
    between = "kubevirt_vmi_phase_transition_time_seconds_count"
    assert _value(samples, between, last_phase="Scheduling", phase="Scheduled") == 2


@pytest.mark.hollow(profile="ci")
async def test_queues_and_process_tell_of_themselves(hollow: Hollow) -> None:
    await _run_vms(hollow, "a")
    samples = await _metrics(hollow, _leader(hollow))

    assert _value(samples, "kubevirt_workqueue_adds_total", name="virt-controller-vm") > 5
    worked = "kubevirt_workqueue_work_duration_seconds_count"
    assert _value(samples, worked, name="virt-controller-vmi") > 5
    assert _value(samples, "process_cpu_seconds_total") > 0
    assert _value(samples, "process_resident_memory_bytes") > 84 * 2**20
    assert _value(samples, "process_start_time_seconds") > 1e9


async def test_one_virt_controller_leads_and_the_other_asks_every_two_seconds(
    hollow: Hollow,
) -> None:
    await asyncio.sleep(20)
    leader = await _metrics(hollow, "virt-controller-0")
    standby = await _metrics(hollow, "virt-controller-1")
    leading = "kubevirt_virt_controller_leading_status"
    requests = "kubevirt_rest_client_requests_total"

    assert (_value(leader, leading), _value(standby, leading)) == (1, 0)
    assert 9 <= _value(standby, requests, verb="GET", resource="leases") <= 12
    assert _value(standby, requests, resource="virtualmachines") == 0
    assert 9 <= _value(leader, requests, verb="UPDATE", resource="leases") <= 11


@pytest.mark.hollow(profile="ci")
async def test_a_restarted_virt_controller_counts_from_0_and_finishes_what_was_begun(
    hollow: Hollow,
) -> None:
    for index in range(5):
        await hollow.api.create(resources.VMS, vm(f"a{index}"), namespace=NAMESPACE)
    await asyncio.sleep(0.2)
    first = _leader(hollow)
    before = await _metrics(hollow, first)
    await hollow.cluster.restart_virt_controller(down_seconds=3)
    for index in range(5):
        await hollow.until_status(resources.VMS, f"a{index}", "ready", True)
    after = await _metrics(hollow, first)
    start = "process_start_time_seconds"
    posts = {"verb": "CREATE", "resource": "virtualmachineinstances"}

    assert hollow.cluster.leader == first
    assert _value(after, start) >= _value(before, start) + 3
    assert _value(after, "kubevirt_rest_client_requests_total", **posts) <= 5
    vmis = await hollow.list_objects(resources.VMIS)
    assert len(vmis) == 5


async def test_the_standby_leads_after_a_change_of_leader_and_goes_on(hollow: Hollow) -> None:
    await _run_vms(hollow, "a")
    await hollow.cluster.change_leader()
    assert hollow.cluster.leader == "virt-controller-1"
    await _run_vms(hollow, "b")
    lease = await hollow.api.get(resources.LEASES, "virt-controller", namespace="kubevirt")

    assert lease["spec"]["holderIdentity"] == "virt-controller-1"
    assert lease["spec"]["leaseTransitions"] >= 1


@pytest.mark.hollow(profile="ci")
async def test_a_new_leader_fails_no_vmi_whose_pod_it_has_not_seen_yet(hollow: Hollow) -> None:
    """Workers begin when every cache is filled: KubeVirt waits for its informers."""

    names = [f"v{index}" for index in range(40)]
    for name in names:
        await hollow.api.create(resources.VMIS, vmi(name), namespace=NAMESPACE)
    await asyncio.sleep(5)
    await hollow.cluster.change_leader()
    for name in names:
        await hollow.until_status(resources.VMIS, name, "phase", "Running")


async def test_a_leader_that_is_down_for_longer_than_its_lease_loses_it(hollow: Hollow) -> None:
    await hollow.cluster.restart_virt_controller(down_seconds=30)
    assert hollow.cluster.leader == "virt-controller-1"


async def _limit(hollow: Hollow, key: str, limits: dict[str, Any] | None) -> None:
    client = {"restClient": {"rateLimiter": {"tokenBucketRateLimiter": limits}}}
    await hollow.api.patch(
        resources.KUBEVIRTS,
        "kubevirt",
        {"spec": {"configuration": {key: client}}},
        patch_type=PatchType.MERGE,
        namespace="kubevirt",
    )


async def test_client_limits_follow_the_kubevirt_object_at_run_time(hollow: Hollow) -> None:
    async def seconds_for(prefix: str) -> float:
        start_ns = hollow.clock.now_ns()
        for index in range(10):
            body = vmi(f"{prefix}{index}")
            await hollow.api.create(resources.VMIS, body, namespace=NAMESPACE)
        for index in range(10):
            await hollow.until_status(resources.VMIS, f"{prefix}{index}", "phase", "Running")
        return (hollow.clock.now_ns() - start_ns) / 1e9

    await _limit(hollow, "controllerConfiguration", {"qps": 5, "burst": 1})
    slow = await seconds_for("slow")
    await _limit(hollow, "controllerConfiguration", {"qps": 500, "burst": 500})
    fast = await seconds_for("fast")
    samples = await _metrics(hollow, "virt-controller-0")
    waited = "kubevirt_rest_client_rate_limiter_duration_seconds_sum"

    assert slow > 10
    assert fast < 1
    assert _value(samples, waited) > 10


@pytest.mark.hollow(nodes=1)
async def test_a_node_that_fell_silent_goes_on_when_it_returns(hollow: Hollow) -> None:
    (node,) = hollow.cluster.node_names
    await hollow.cluster.lose_node(node)
    await hollow.api.create(resources.VMIS, vmi("a"), namespace=NAMESPACE)
    await asyncio.sleep(30)
    found = await hollow.get(resources.VMIS, "a")
    assert found is not None
    assert found["status"]["phase"] == "Scheduling"
    hollow.cluster.return_node(node)
    await hollow.until_status(resources.VMIS, "a", "phase", "Running")
