"""How long requests took: by the better source, over a stage's window, and our own apart."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from support.records import operation
from support.records import record as record_of
from virtslo.model.run.operations import OperationRecord, Verb
from virtslo.model.run.record import RunRecord
from virtslo.model.run.rest_calls import (
    API_SERVER,
    AUDIT_ALL,
    CallSource,
    CounterRead,
    Moment,
    RestCallReads,
    answer_key,
)
from virtslo.slo.record.answer_times import OWN, READS, WITH_WEBHOOKS, WRITES, answer_times

Sums = Mapping[str, tuple[float, int]]
GET = answer_key("GET", "pods")
STATUS = answer_key("PATCH", "pods/status")
BIND = answer_key("CREATE", "pods/binding")
UPDATE = answer_key("UPDATE", "virtualmachineinstances")
STAGE: Final = "ramp_up"


def read(moment: Moment, sums: Sums, source: CallSource = API_SERVER, **facts: Any) -> CounterRead:
    return CounterRead(
        stage=STAGE, moment=moment, component="*", pod="server", started_ns=0, ended_ns=1,
        sums=sums, source=source, **facts,
    )  # fmt: skip


def record(*reads: CounterRead) -> RunRecord:
    return replace(record_of(), rest_calls=RestCallReads(reads))


def test_a_mean_is_over_what_the_window_added_and_over_all_requests_of_a_kind() -> None:
    found = answer_times(
        record(
            read(Moment.BEFORE, {GET: (9.0, 90), STATUS: (1.0, 1)}),
            read(Moment.AFTER, {GET: (9.2, 190), STATUS: (1.6, 61), BIND: (0.6, 60)}),
        ),
        STAGE,
    )

    assert found[READS].seconds == pytest.approx(0.002)
    assert found[READS].requests == 100
    assert found[WRITES].seconds == pytest.approx(0.01)
    assert found[WRITES].requests == 120
    assert WITH_WEBHOOKS not in found


def test_the_audit_log_counts_over_all_callers_where_the_server_was_not_read() -> None:
    logs = [
        replace(read(moment, {UPDATE: (seconds, number)}, AUDIT_ALL), component=component)
        for moment, seconds, number in ((Moment.BEFORE, 0.0, 0), (Moment.AFTER, 0.5, 25))
        for component in ("virt-controller", "virt-handler")
    ]
    failed = [
        read(moment, {}, error="no permission for /metrics")
        for moment in (Moment.BEFORE, Moment.AFTER)
    ]
    found = answer_times(record(*failed, *logs), STAGE)

    assert found[WITH_WEBHOOKS].seconds == pytest.approx(0.02)
    assert found[WITH_WEBHOOKS].requests == 50
    assert found[WITH_WEBHOOKS].source == "audit log"


def test_the_histogram_goes_before_the_audit_log() -> None:
    reads = [
        read(moment, {GET: sums}, source)
        for source, seconds in ((API_SERVER, 1.0), (AUDIT_ALL, 2.0))
        for moment, sums in ((Moment.BEFORE, (0.0, 0)), (Moment.AFTER, (seconds, 100)))
    ]
    found = answer_times(record(*reads), STAGE)

    assert found[READS].seconds == pytest.approx(0.01)
    assert found[READS].source == "the API server's histogram"


def test_a_server_that_restarted_in_the_window_has_no_mean() -> None:
    reads = (
        read(Moment.BEFORE, {GET: (0.0, 0)}, process_start=1.0),
        read(Moment.AFTER, {GET: (1.0, 100)}, process_start=2.0),
    )

    assert answer_times(record(*reads), STAGE) == {}
    by_life = [replace(each, pod=f"begun {each.process_start}") for each in reads]
    assert answer_times(record(*by_life), STAGE) == {}


def own(verb: Verb, *taken: float) -> list[OperationRecord]:
    return [
        operation(verb, f"v{index}", 1.0, answered=1.0 + seconds, stage=STAGE)
        for index, seconds in enumerate(taken)
    ]


def test_of_our_own_calls_creates_less_deletes_are_a_figure_since_the_network_is_in_both() -> None:
    made = own("create", 0.02, 0.03, 0.04)
    deleted = own("delete", 0.02, 0.03)
    refused = operation("create", "v4", 1.0, answered=9.0, stage=STAGE, error="Forbidden")
    elsewhere = operation("create", "v5", 1.0, answered=9.0, stage="warm_up")
    found = answer_times(replace(record(), operations=(*made, *deleted, refused, elsewhere)), STAGE)

    assert found.keys() == {OWN}
    assert found[OWN].seconds == pytest.approx(0.005)
    assert found[OWN].requests == 2
    assert found[OWN].error == pytest.approx(0.00764 / 0.005, rel=0.01)


@pytest.mark.parametrize("deleted", [(), (0.02,), (0.05, 0.06)])
def test_without_deletes_or_where_they_take_longer_there_is_no_such_figure(
    deleted: tuple[float, ...],
) -> None:
    calls = [*own("create", 0.02, 0.03), *own("delete", *deleted)]

    assert answer_times(replace(record(), operations=tuple(calls)), STAGE) == {}
