"""The engine keeps to the plan's times, bounds what is in flight and records everything sent."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from support.scenarios import planned, scenario
from support.scripted_transport import ScriptedTransport, StoredObjects
from virtslo.base.clock import Clock
from virtslo.base.errors import ConnectionLost, StoreError
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.load.engine import GRACE_SECONDS, Engine, PlannedOperation
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord
from virtslo.model.stage_names import RAMP_UP
from virtslo.ports.kube_api import Call, KubeApi

SECOND = 1_000_000_000
PLAN = planned(scenario("vmi", 40, warmUp={"objects": 0}))


def creates(offsets_ns: list[int]) -> list[PlannedOperation]:
    return [
        PlannedOperation(CREATE, planned, offset_ns, RAMP_UP)
        for planned, offset_ns in zip(PLAN.objects, offsets_ns, strict=False)
    ]


def answering(clock: Clock, **options: Any) -> ScriptedTransport:
    return ScriptedTransport(StoredObjects(clock, **options).answer)


def engine_of(
    transport: ScriptedTransport,
    clock: Clock,
    records: list[OperationRecord],
    *,
    max_in_flight: int = 10,
    origin_ns: int = 0,
) -> Engine:
    return Engine(
        KubeApi(transport),
        clock,
        origin_ns=origin_ns,
        max_in_flight=max_in_flight,
        on_record=records.append,
    )


def run(
    offsets_ns: list[int],
    *,
    closed_loop: bool = False,
    latency: float = 0.0,
    t0_ns: int = 0,
    **options: Any,
) -> tuple[list[OperationRecord], ScriptedTransport]:
    failure = options.pop("failure", None)

    async def main(clock: VirtualClock) -> tuple[list[OperationRecord], ScriptedTransport]:
        api = answering(clock, latency=latency, failure=failure)
        records: list[OperationRecord] = []
        engine = engine_of(api, clock, records, **options)
        await engine.run(creates(offsets_ns), t0_ns=t0_ns, closed_loop=closed_loop)
        return sorted(records, key=lambda record: record.index), api

    return run_in_virtual_time(main)


def test_open_loop_operations_are_sent_when_they_are_intended() -> None:
    records, _ = run([0, SECOND, 3 * SECOND], t0_ns=2 * SECOND)

    expected = [2 * SECOND, 3 * SECOND, 5 * SECOND]
    assert [record.intended_ns for record in records] == expected
    assert [record.released_ns for record in records] == expected
    assert [record.sent_ns for record in records] == expected


def test_times_count_from_the_runs_start() -> None:
    records, _ = run([0], t0_ns=5 * SECOND, origin_ns=2 * SECOND)

    assert records[0].intended_ns == records[0].sent_ns == 3 * SECOND


def test_intended_times_do_not_depend_on_a_slow_server() -> None:
    records, _ = run([0, 0, SECOND, SECOND], latency=10.0, max_in_flight=2)

    assert [record.intended_ns for record in records] == [0, 0, SECOND, SECOND]


def test_waiting_for_the_bound_is_told_apart_from_our_own_delay() -> None:
    records, api = run([0, SECOND], latency=10.0, max_in_flight=1)

    assert api.most_in_flight == 1
    assert records[1].intended_ns == SECOND
    assert records[1].released_ns == records[1].sent_ns == 10 * SECOND


async def test_a_deletion_waits_for_the_answer_to_its_create(clock: VirtualClock) -> None:
    """A trace in which an object lived less long than a create takes: nothing must stay behind."""
    records: list[OperationRecord] = []
    engine = engine_of(answering(clock, latency=2.0), clock, records)
    first, second = creates([0, SECOND])
    gone = replace(first, verb=DELETE, offset_ns=SECOND)
    await engine.run([first, second, gone], t0_ns=0, closed_loop=False)
    deletion = next(record for record in records if record.verb == DELETE)

    assert (deletion.intended_ns, deletion.released_ns, deletion.sent_ns) == (
        SECOND, 2 * SECOND, 2 * SECOND,
    )  # fmt: skip
    assert deletion.error is None
    assert next(r for r in records if r.name == second.planned.name).sent_ns == SECOND


def test_a_closed_loop_intends_everything_at_its_start() -> None:
    records, api = run([0] * 30, closed_loop=True, latency=1.0, max_in_flight=10, t0_ns=SECOND)

    assert {record.intended_ns for record in records} == {SECOND}
    assert api.most_in_flight == 10
    assert {record.released_ns for record in records} == {SECOND, 2 * SECOND, 3 * SECOND}
    assert max(record.finished_ns or 0 for record in records) == 4 * SECOND


def test_a_record_says_what_came_of_it() -> None:
    def failure(call: Call) -> Exception | None:
        is_second = call.body["metadata"]["name"].endswith("00001")
        return ConnectionLost("reset") if is_second else None

    records, _ = run([0, 0], latency=0.5, failure=failure)

    assert (records[0].code, records[0].error) == (201, None)
    assert records[0].uid == "uid-vmi-s1-00000"
    assert records[0].kind == "VirtualMachineInstance"
    assert (records[1].code, records[1].error) == (None, "ConnectionLost: reset")
    assert records[1].finished_ns == SECOND // 2


def test_nothing_to_do_is_done_at_once() -> None:
    assert run([])[0] == []


async def test_ten_thousand_future_operations_need_no_task_each(clock: VirtualClock) -> None:
    records: list[OperationRecord] = []
    engine = engine_of(answering(clock), clock, records, max_in_flight=20)
    operations = creates([number * SECOND for number in range(40)])
    most = 0

    async def count_tasks() -> None:
        nonlocal most
        while len(records) < 40:
            most = max(most, len(asyncio.all_tasks()))
            await clock.sleep_until(clock.now_ns() + SECOND)

    async with asyncio.TaskGroup() as group:
        group.create_task(count_tasks())
        group.create_task(engine.run(operations, t0_ns=0, closed_loop=False))

    assert most <= 20 + 3


def interrupted(
    latency: float, *, again: bool = False
) -> tuple[list[OperationRecord], ScriptedTransport, int]:
    """Forty at one a second, cancelled after 10.5 s (and again a second later)."""

    async def main(clock: VirtualClock) -> tuple[list[OperationRecord], ScriptedTransport, int]:
        api = answering(clock, latency=latency)
        records: list[OperationRecord] = []
        engine = engine_of(api, clock, records)
        operations = creates([number * SECOND for number in range(40)])
        async with asyncio.TaskGroup() as group:
            work = group.create_task(engine.run(operations, t0_ns=0, closed_loop=False))
            await clock.sleep_until(10 * SECOND + SECOND // 2)
            work.cancel()
            if again:
                await clock.sleep_until(11 * SECOND + SECOND // 2)
                work.cancel()
        assert work.cancelled()
        return records, api, clock.now_ns()

    return run_in_virtual_time(main)


def test_cancelling_releases_nothing_more_and_waits_for_answers() -> None:
    records, api, ended_ns = interrupted(2.0)

    assert len(records) == len(api.calls) == 11
    assert {record.error for record in records} == {None}
    assert ended_ns == 12 * SECOND


def test_answers_that_do_not_come_are_given_up_and_recorded() -> None:
    records, api, ended_ns = interrupted(100.0)
    given_up = [record for record in records if record.error == "interrupted"]

    assert len(records) == len(api.calls) == 10
    assert len(given_up) == 10
    assert all(record.finished_ns is None and record.code is None for record in given_up)
    assert ended_ns == 10 * SECOND + SECOND // 2 + int(GRACE_SECONDS * SECOND)


def test_cancelling_twice_gives_up_at_once() -> None:
    records, api, ended_ns = interrupted(100.0, again=True)

    assert len(records) == len(api.calls) == 10
    assert ended_ns == 11 * SECOND + SECOND // 2


async def test_a_record_that_cannot_be_kept_ends_the_run(clock: VirtualClock) -> None:
    def refuse(record: OperationRecord) -> None:
        raise StoreError("disk full")

    api = KubeApi(answering(clock, latency=1.0))
    engine = Engine(api, clock, origin_ns=0, max_in_flight=3, on_record=refuse)

    with pytest.raises(BaseExceptionGroup) as caught:
        await engine.run(creates([0] * 9), t0_ns=0, closed_loop=True)

    assert caught.value.subgroup(StoreError) is not None


def test_an_outcome_that_is_a_bug_is_not_swallowed() -> None:
    failure: Callable[[Call], Exception] = lambda _: ZeroDivisionError()  # noqa: E731

    with pytest.raises(BaseExceptionGroup):
        run([0], failure=failure)
