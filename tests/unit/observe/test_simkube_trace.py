"""Arrivals out of a trace of SimKube's."""

from typing import Any

import msgspec

from virtslo.model.plan.trace import TraceEvent
from virtslo.observe.simkube_trace import SimKubeTrace, problems_of, simkube_facts


def target(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": "n"},
        "spec": spec,
    }


EXPORT = {
    "version": 2,
    "config": {"trackedObjects": {}},
    "events": [
        {"ts": 100, "applied_objs": [target("VirtualMachine", "old")], "deleted_objs": []},
        {
            "ts": 105,
            "applied_objs": [target("VirtualMachinePool", "p", replicas=3), {"kind": "Pod"}],
            "deleted_objs": [],
        },
        {"ts": 107, "applied_objs": [target("VirtualMachinePool", "p", replicas=5)]},
        {
            "ts": 110,
            "applied_objs": [target("Deployment", "web")],
            "deleted_objs": [target("VirtualMachine", "old"), target("VirtualMachinePool", "p")],
        },
    ],
    "index": {},
    "pod_lifecycles": {("apps/v1.Deployment", "n/web"): {17: [{"Running": 1}]}},
}


def test_an_export_is_read_and_what_it_begins_with_was_there_before() -> None:
    trace = msgspec.msgpack.decode(msgspec.msgpack.encode(EXPORT), type=SimKubeTrace)
    found, odd = simkube_facts(trace)
    events: list[TraceEvent] = []
    found.play(events.append, origin_ns=100 * 10**9)

    assert [(event.at_ns // 10**9, event.event, event.object) for event in events] == [
        (0, "present", 1),
        (5, "arrival", 2),
        (10, "deletion", 1),
        (10, "deletion", 2),
    ]
    assert events[1].members == 3
    assert odd == {
        "objects without a name": 1,
        "objects of other kinds than KubeVirt's machines": 1,
    }


def test_every_reason_why_a_trace_cannot_be_read_is_said() -> None:
    odd = {"version": 9, "events": [{"ts": 5}, {"ts": 1 << 41}, {"ts": 4}]}
    nothing = {"version": 2, "events": []}

    assert problems_of(msgspec.convert(EXPORT, SimKubeTrace)) == []
    assert [item.place for item in problems_of(msgspec.convert(odd, SimKubeTrace))] == [
        "version", "events", "events",
    ]  # fmt: skip
    assert [item.found for item in problems_of(msgspec.convert(nothing, SimKubeTrace))] == ["none"]
