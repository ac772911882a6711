"""KubeVirt's own virt-api and virt-controller, with hollow nodes: measured by the command."""

import asyncio
import json
from collections import Counter
from itertools import product
from pathlib import Path

from control_plane.calls import AuditLog, Call
from control_plane.clusters import real
from control_plane.commands import account, assert_nothing_but_a_busy_machine, run, virtslo
from virtslo.app.run.call_counters import Counting
from virtslo.base.clock import SystemClock
from virtslo.kube.credentials import connect
from virtslo.model.run.rest_calls import CounterRead, Moment
from virtslo.plane.control_plane import ControlPlane
from virtslo.plane.kubevirt import RealKubeVirt

COUNT = 10
CHURN = ("--churn", "2", "--cycles", "2", "--every", "10s")
TESTS = [("burst", (), COUNT), ("steady-state", CHURN, COUNT + 2 * 2)]
"""Pattern, its options, and how many VMIs it makes."""
KINDS = ("vmi", "vm", "vmpool")
WARM_UP = 1
CREATED_PER_VMI = {
    ("create", "pods"): 1.0,
    ("patch", "pods"): 1.0,
    ("patch", "pods/status"): 1.0,
    ("create", "events"): 1.0,
}
"""Calls of virt-controller that no load merges away; measured, see docs/explanation."""
WRITES = {"CREATE", "UPDATE", "PATCH", "DELETE"}
COUNTED = {
    "virtualmachineinstances",
    "virtualmachines",
    "virtualmachinepools",
    "pods",
    "events",
    "controllerrevisions",
}
AT_REST_SECONDS = 3


async def test_a_real_kubevirt_is_measured_to_the_last_call(plane: ControlPlane) -> None:
    async with real(plane) as kubevirt:
        kubeconfig = await account(plane, counters=True)
        looked = await virtslo(kubeconfig, "preflight", "burst", "--count", str(COUNT))
        assert looked.code == 0, looked.err
        read = "virt-api 1 of 1 pods, virt-controller 1 of 1 pods, virt-handler no pod"
        assert read in looked.err, "hollow nodes have no virt-handler's pods"
        await measured_exactly(plane, kubeconfig)
        await refused_by_webhooks(kubeconfig)
        assert not any(process.has_ended for process in kubevirt.processes.values())
        assert_not_busy_with_themselves(kubevirt)


def assert_not_busy_with_themselves(kubevirt: RealKubeVirt) -> None:
    """Components that read their certificates at every line they log take a processor each."""
    for process in kubevirt.processes.values():
        assert process.log.read_text().count("retrieved.") < 20, process.name


async def measured_exactly(plane: ControlPlane, kubeconfig: Path) -> None:
    """Both tests of every kind; what virt-controller counted is what the audit log holds."""
    clock = SystemClock()
    async with await connect(
        kubeconfig=kubeconfig, context=None, in_cluster=False, clock=clock, user_agent="reader/1"
    ) as api:
        counters = Counting(api, clock, origin_ns=clock.now_ns())
        log = AuditLog(plane.audit_log)
        await at_rest(log)
        for kind, (pattern, options, machines) in product(KINDS, TESTS):
            test = f"{pattern} of {kind}"
            read_before = len(counters.reads)
            await counters.read("idle", Moment.BEFORE)
            load = ("--count", str(COUNT), "--kind", kind, *options)
            shown = await run(kubeconfig, pattern, *load)
            assert_nothing_but_a_busy_machine(shown)
            calls = await at_rest(log)
            await counters.read("idle", Moment.AFTER)
            assert not sum(audited(log.read()).values()), "not at rest while it was counted"

            before, after = (
                counted(read)
                for read in counters.reads[read_before:]
                if read.component == "virt-controller"
            )
            assert after - before == audited(calls), test
            pods = calls[Call("virt-controller", "create", "pods", 201)]
            assert pods == machines + WARM_UP, test
            assert_merges_nothing_away(calls, machines + WARM_UP)


async def at_rest(log: AuditLog) -> Counter[Call]:
    """The calls until virt-controller has written nothing for `AT_REST_SECONDS`."""
    calls: Counter[Call] = Counter()
    for _ in range(20):
        await asyncio.sleep(AT_REST_SECONDS)
        latest = log.read()
        calls += latest
        if not audited(latest):
            return calls
    raise AssertionError(f"virt-controller is still at work: {audited(latest)}")


def counted(read: CounterRead) -> Counter[tuple[str, str, str]]:
    """What virt-controller counted of writes to what belongs to machines."""
    assert read.error is None, read.error
    rows: Counter[tuple[str, str, str]] = Counter()
    for verb, resource, code, number in read.counters:
        if verb in WRITES and resource in COUNTED:
            rows[verb, resource, code] += number
    return rows


def audited(calls: Counter[Call]) -> Counter[tuple[str, str, str]]:
    """The same from the audit log, where subresources have names of their own."""
    rows: Counter[tuple[str, str, str]] = Counter()
    for call, number in calls.items():
        verb, resource = call.verb.upper(), call.resource.split("/")[0]
        if call.component == "virt-controller" and resource in COUNTED and verb in WRITES:
            rows[verb, resource, str(call.code)] += number
    return rows


def assert_merges_nothing_away(calls: Counter[Call], machines: int) -> None:
    for (verb, resource), per_vmi in CREATED_PER_VMI.items():
        made = sum(
            number
            for call, number in calls.items()
            if call.component == "virt-controller"
            and (call.verb, call.resource) == (verb, resource)
            and call.code < 300
        )
        assert made >= per_vmi * machines, (verb, resource, made)


async def refused_by_webhooks(kubeconfig: Path) -> None:
    """What virt-api would refuse is told by preflight, before anything is made."""
    template = kubeconfig.parent / "wrong.yaml.j2"
    template.write_text(
        json.dumps(
            {
                "apiVersion": "kubevirt.io/v1",
                "kind": "VirtualMachineInstance",
                "metadata": {"name": "x"},
                "spec": {
                    "domain": {"devices": {"disks": [{"name": "no-such-volume", "disk": {}}]}}
                },
            }
        )
    )
    shown = await virtslo(kubeconfig, "preflight", "burst", "--template", str(template))
    assert shown.code == 3, shown.err
    assert "the server refuses it" in shown.err
