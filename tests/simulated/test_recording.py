"""A cluster is recorded as its watches tell it, and nothing on it is changed."""

import asyncio
import json
from pathlib import Path
from typing import cast

import msgspec
import pytest

from support.cli import virtslo
from support.hollow_clusters import NAMESPACE, Hollow, vm, vmi
from virtslo.app.recording import KindWatch, Recording, record_cluster
from virtslo.app.run.interruption import Interruption
from virtslo.base.clock import sleep
from virtslo.base.errors import ClusterError, StoreError
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import VMIS, VMS
from virtslo.model.plan.trace import TraceEvent
from virtslo.model.plan.workload import Kind
from virtslo.observe.trace_builder import TraceBuilder
from virtslo.ports.kube_api import KubeApi, WatchEvent

SECOND = 10**9


async def recorded(
    hollow: Hollow, events: list[TraceEvent], interruption: Interruption, duration: float | None
) -> Recording:
    return await record_cluster(
        hollow.api,
        hollow.clock,
        emit=events.append,
        flush=lambda: None,
        interruption=interruption,
        duration=duration,
    )


@pytest.mark.hollow(profile="instant")
async def test_what_comes_and_goes_is_recorded_without_names(hollow: Hollow) -> None:
    events: list[TraceEvent] = []
    await hollow.api.create(VMIS, vmi("payroll-old"))
    async with asyncio.TaskGroup() as group:
        recording = group.create_task(recorded(hollow, events, Interruption(), 60.0))
        await sleep(hollow.clock, 10.0)
        await hollow.api.create(VMS, vm("payroll-new"))
        await sleep(hollow.clock, 10.0)
        await hollow.api.delete(VMIS, "payroll-old", namespace=NAMESPACE)
        await hollow.api.delete(VMS, "payroll-new", namespace=NAMESPACE)
    done = await recording

    told = [(event.event, event.object, event.kind, event.owner) for event in events]
    assert told[:3] == [
        ("present", 1, "vmi", None),
        ("arrival", 2, "vm", None),
        ("arrival", 3, "vmi", 2),
    ]
    assert sorted(each[:2] for each in told[3:]) == [
        ("deletion", 1),
        ("deletion", 2),
        ("deletion", 3),
    ]
    assert 10 * SECOND <= events[1].at_ns < 11 * SECOND
    assert events[1].shape is not None
    assert (done.end_ns, done.is_cut) == (60 * SECOND, False)
    assert b"payroll" not in msgspec.json.encode(events)


@pytest.mark.hollow(profile="instant")
@pytest.mark.parametrize(("duration", "is_cut"), [(60.0, True), (None, False)])
async def test_a_recording_that_is_ended_keeps_what_it_has(
    hollow: Hollow, duration: float | None, is_cut: bool
) -> None:
    events: list[TraceEvent] = []
    interruption = Interruption()
    async with asyncio.TaskGroup() as group:
        recording = group.create_task(recorded(hollow, events, interruption, duration))
        await sleep(hollow.clock, 5.0)
        await hollow.api.create(VMIS, vmi("one"))
        await sleep(hollow.clock, 5.0)
        interruption.request("ended by the user")
    done = await recording

    assert [event.event for event in events] == ["arrival"]
    assert done.is_cut is is_cut
    assert done.end_ns == 10 * SECOND


def test_what_took_a_name_between_two_lists_is_not_deleted_with_what_had_it() -> None:
    events: list[TraceEvent] = []
    watch = KindWatch(Kind.VMI, TraceBuilder(events.append), 0)

    def named(uid: str) -> Object:
        return {"metadata": {"name": "one", "namespace": "ns", "uid": uid}}

    watch.listed([named("old")], 1, relist=False)
    watch.listed([named("new")], 2, relist=True)
    watch.changed(WatchEvent("DELETED", named("new"), 9))

    assert [(event.event, event.object, event.at_ns) for event in events] == [
        ("present", 1, 1),
        ("deletion", 1, 2),
        ("arrival", 2, 2),
        ("deletion", 2, 9),
    ]


@pytest.mark.hollow(profile="instant")
async def test_a_trace_that_cannot_be_written_any_more_ends_the_recording(hollow: Hollow) -> None:
    def refuse(_event: TraceEvent) -> None:
        raise StoreError("cannot write the trace: No space left on device")

    await hollow.api.create(VMIS, vmi("one"))

    with pytest.raises(StoreError, match="No space left"):
        await record_cluster(
            hollow.api,
            hollow.clock,
            emit=refuse,
            flush=lambda: None,
            interruption=Interruption(),
            duration=60.0,
        )


def test_a_cluster_that_does_not_answer_leaves_an_earlier_trace_as_it_is(tmp_path: Path) -> None:
    config, trace = tmp_path / "config", tmp_path / "t.jsonl"
    cluster = {"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "u"}}
    users = [{"name": "u", "user": {}}]
    config.write_text(
        json.dumps(
            {"clusters": [cluster], "contexts": [context], "users": users, "current-context": "c"}
        )
    )
    trace.write_text("of yesterday")

    outcome = virtslo("record", "--kubeconfig", str(config), "-o", str(trace), "--duration", "1s")

    assert outcome.code != 0
    assert trace.read_text() == "of yesterday"


class Deaf:
    """An API that lists and refuses every watch."""

    def __init__(self, hollow: Hollow) -> None:
        self.list_objects = hollow.api.list_objects

    def watch(self, *_: object, **__: object) -> None:
        raise ClusterError("GET: 302 Found")


@pytest.mark.hollow(profile="instant")
async def test_watches_that_never_open_leave_a_cut_trace_and_no_false_zero(hollow: Hollow) -> None:
    done = await record_cluster(
        cast("KubeApi", Deaf(hollow)),
        hollow.clock,
        emit=lambda _: None,
        flush=lambda: None,
        interruption=Interruption(),
        duration=30.0,
    )

    assert done.has_failed
    assert done.is_cut
    assert "the watch of VMIs was broken at the end" in "; ".join(done.notes)
    assert not any("resumed" in note for note in done.notes)
