"""A factor scales its own part of a profile and no other; by 1 it changes nothing."""

import pytest

from virtslo.app.calibrate.factors import (
    BOOTING,
    CAPACITY,
    OWNERS,
    PARTS,
    PLAYING,
    READS,
    STARTING,
    STOPPING,
    WEBHOOKS,
    WRITES,
    scaled,
)
from virtslo.config.profiles import builtin_document, profile_names, profile_with


@pytest.mark.parametrize("name", profile_names())
def test_by_one_a_profile_stays_as_it_is(name: str) -> None:
    document = builtin_document(name)

    assert scaled(document, dict.fromkeys(PARTS, 1.0)) == document


def test_capacity_scales_work_and_no_delay() -> None:
    document = builtin_document("two-core")
    slow = profile_with("slow", scaled(document, {CAPACITY: 2.0}), {})
    before = profile_with("before", document, {})

    assert slow.server.read == 2 * before.server.read
    assert slow.server.webhook["create pods"] == 2 * before.server.webhook["create pods"]
    assert slow.node_work == before.node_work
    assert slow.reconcile["vmi"].high == 2 * before.reconcile["vmi"].high
    assert slow.server.cores == before.server.cores
    assert slow.server.spread == before.server.spread
    assert slow.delays == before.delays


def test_answers_scale_apart_where_they_are_told() -> None:
    document = builtin_document("two-core")
    factors = {CAPACITY: 2.0, READS: 3.0, WRITES: 5.0, WEBHOOKS: 7.0}
    made = profile_with("made", scaled(document, factors), {}).server
    before = profile_with("before", document, {}).server
    webhook = "create pods"

    assert made.read == pytest.approx(3 * before.read)
    assert made.list_per_object == pytest.approx(3 * before.list_per_object)
    assert made.write == pytest.approx(5 * before.write)
    assert made.webhook[webhook] == pytest.approx(7 * before.webhook[webhook])
    assert made.after_write == pytest.approx(2 * before.after_write)
    assert made.watch_delays["pods"] == pytest.approx(2 * before.watch_delays["pods"])


def test_work_for_owners_scales_beside_capacity() -> None:
    document = builtin_document("two-core")
    made = profile_with("made", scaled(document, {CAPACITY: 2.0, OWNERS: 3.0}), {})
    before = profile_with("before", document, {})
    status = "update virtualmachines/status"

    assert made.server.webhook[status] == pytest.approx(6 * before.server.webhook[status])
    assert made.server.webhook["create pods"] == 2 * before.server.webhook["create pods"]
    assert made.reconcile["vm"].low == pytest.approx(6 * before.reconcile["vm"].low)
    assert made.reconcile["vmi"].low == 2 * before.reconcile["vmi"].low


def test_the_work_of_playing_nodes_scales_alone() -> None:
    document = builtin_document("two-core")
    made = profile_with("made", scaled(document, {PLAYING: 0.5}), {})
    before = profile_with("before", document, {})

    assert (made.node_work, made.pod_work) == (before.node_work / 2, before.pod_work / 2)
    assert (made.server, made.reconcile, made.delays) == (
        before.server,
        before.reconcile,
        before.delays,
    )


def test_steps_scale_apart_and_keep_their_shape() -> None:
    document = builtin_document("ci")
    before = profile_with("before", document, {}).delays
    made = profile_with(
        "made", scaled(document, {STARTING: 3.0, BOOTING: 2.0, STOPPING: 0.5}), {}
    ).delays

    assert made["pod_start"].median == pytest.approx(3 * before["pod_start"].median)
    assert made["pod_start"].sigma == before["pod_start"].sigma
    assert made["pod_stop"].median == pytest.approx(before["pod_stop"].median / 2)
    assert made["boot"] != before["boot"]
    assert made["migrate"] == before["migrate"]
