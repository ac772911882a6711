"""Counting an audit log whose truth is known, line by line."""

import json
from collections.abc import Iterable
from typing import Any

from support.audit_log_lines import audit_line, our_read
from virtslo.model.kubernetes.calls import RestCall
from virtslo.observe.audit_log import AuditLogTally


def tally(*lines: bytes, namespaces: Iterable[str] = ()) -> AuditLogTally:
    counted = AuditLogTally(object_namespaces=frozenset(namespaces))
    for line in lines:
        counted.add(line)
    return counted


def rows_of(counted: AuditLogTally, component: str) -> dict[RestCall, int]:
    found: dict[RestCall, int] = {}
    for caller, rows in counted.counts().items():
        if caller.component == component:
            for row, count in rows.items():
                found[row] = found.get(row, 0) + count
    return found


def test_the_stages_of_one_request_count_once() -> None:
    counted = tally(
        audit_line(audit_id="a", stage="RequestReceived"),
        audit_line(audit_id="a", stage="ResponseComplete"),
        audit_line(audit_id="a", stage="ResponseComplete"),
        audit_line(audit_id="b", stage="Panic", code=500),
        audit_line(audit_id="b", stage="ResponseComplete", code=500),
    )

    assert rows_of(counted, "virt-controller") == {
        ("CREATE", "pods", "", "201"): 1,
        ("CREATE", "pods", "", "500"): 1,
    }


def test_verbs_are_spelt_as_the_components_spell_them() -> None:
    counted = tally(
        *(
            audit_line(verb, "virtualmachineinstances", audit_id=verb, code=200)
            for verb in ("update", "patch", "delete", "deletecollection", "get", "list")
        )
    )

    assert {row[0]: count for row, count in rows_of(counted, "virt-controller").items()} == {
        "UPDATE": 1,
        "PATCH": 1,
        "DELETE": 2,
        "GET": 1,
        "LIST": 1,
    }


def test_conflicts_and_subresources_are_kept_apart() -> None:
    counted = tally(
        audit_line("update", "virtualmachines", audit_id="1", code=409),
        audit_line("update", "virtualmachines", audit_id="2", code=200, subresource="status"),
    )

    assert rows_of(counted, "virt-controller") == {
        ("UPDATE", "virtualmachines", "", "409"): 1,
        ("UPDATE", "virtualmachines", "status", "200"): 1,
    }


def test_a_watch_counts_when_answered_and_again_when_ended() -> None:
    begun = audit_line("watch", audit_id="w", stage="ResponseStarted", code=200)
    ended = audit_line("watch", audit_id="w", stage="ResponseComplete", code=200)
    older = audit_line("watch", audit_id="before", stage="ResponseComplete", code=200)

    assert rows_of(tally(begun), "virt-controller") == {("WATCH", "pods", "", "200"): 1}
    assert rows_of(tally(begun, ended, older), "virt-controller") == {
        ("WATCH", "pods", "", "200"): 1,
        ("WATCH ended", "pods", "", "200"): 2,
    }


def test_a_log_without_started_stages_counts_a_watch_once() -> None:
    counted = tally(audit_line("watch", audit_id="w", code=200))

    assert rows_of(counted, "virt-controller")[RestCall("WATCH", "pods", "", "200")] == 1


def test_a_refused_watch_counts_though_it_was_never_answered_with_a_stream() -> None:
    counted = tally(
        audit_line("watch", audit_id="w", stage="ResponseStarted", code=200),
        audit_line("watch", audit_id="x", stage="ResponseComplete", code=410),
    )

    assert rows_of(counted, "virt-controller")[RestCall("WATCH", "pods", "", "410")] == 1


def test_callers_are_told_apart_by_their_users() -> None:
    counted = tally(
        audit_line(audit_id="1", agent="Go-http-client/2.0"),
        audit_line(audit_id="2", user="system:node:n1", agent="kubelet/v1"),
        audit_line(audit_id="3", user="system:serviceaccount:kube-system:namespace-controller"),
        audit_line(audit_id="4", user="kubernetes-admin", agent="virtslo/0.1"),
        audit_line(audit_id="5", user="alice", agent="kubectl/v1"),
    )

    assert [caller.component for caller in counted.counts()] == [
        "alice",
        "kube-controller-manager",
        "kubelet",
        "virt-controller",
        "virtslo",
    ]


def test_the_log_says_what_a_pod_had_sent_when_it_was_read() -> None:
    counted = tally(
        audit_line(audit_id="1", pod="virt-controller-a"),
        audit_line(audit_id="2", pod="virt-controller-b"),
        our_read("virt-controller-a", audit_id="3"),
        audit_line(audit_id="4", pod="virt-controller-a"),
        our_read("virt-controller-b", audit_id="5"),
    )

    assert counted.at_read("virt-controller-a") == {("CREATE", "pods", "", "201"): 1}
    assert counted.at_read("virt-controller-b") == {("CREATE", "pods", "", "201"): 1}
    assert counted.at_read("virt-controller-c") is None
    assert counted.names_pods("virt-controller")


def test_where_pods_are_not_named_a_read_cuts_its_component() -> None:
    counted = tally(
        audit_line(audit_id="1"),
        audit_line(audit_id="2"),
        our_read("virt-controller-a", audit_id="3"),
        audit_line(audit_id="4"),
    )

    assert counted.at_read("virt-controller-a") == {("CREATE", "pods", "", "201"): 2}
    assert not counted.names_pods("virt-controller")


def test_the_read_of_the_api_servers_metrics_cuts_the_whole_log() -> None:
    counted = tally(
        audit_line(audit_id="1"),
        audit_line("get", "", audit_id="2", uri="/metrics", code=200, agent="virtslo/0.1",
                   user="admin"),
        audit_line(audit_id="3"),
    )  # fmt: skip

    cut = counted.at_server_read()
    assert cut is not None
    assert sum(sum(rows.values()) for rows in cut.values()) == 1


def test_objects_are_counted_in_the_namespaces_asked_for() -> None:
    counted = tally(
        audit_line("patch", "virtualmachineinstances", audit_id="1", name="a", namespace="mine"),
        audit_line("update", "virtualmachineinstances", audit_id="2", name="a", namespace="mine"),
        audit_line("update", "virtualmachineinstances", audit_id="3", name="a", namespace="other"),
        namespaces=["mine"],
    )

    assert dict(counted.objects) == {("virtualmachineinstances", "mine", "a"): 2}


def test_a_line_that_is_no_event_is_told_and_not_counted() -> None:
    counted = tally(b"not json", b'{"kind":"Event"}', audit_line(audit_id="1"))

    assert counted.unreadable == 2
    assert counted.lines == 3
    assert len(counted.counts()) == 1


def timed(audit_id: str, received: str, stage_time: str, **more: Any) -> bytes:
    line = json.loads(audit_line(audit_id=audit_id, **more))
    return json.dumps(
        {**line, "requestReceivedTimestamp": received, "stageTimestamp": stage_time}
    ).encode()


def test_requests_for_single_objects_are_timed_from_receipt_to_answer() -> None:
    begin, end = "2026-01-01T00:00:00.000000Z", "2026-01-01T00:00:00.250000Z"
    counted = tally(
        timed("1", begin, end),
        timed("2", begin, "2026-01-01T00:00:01+00:00", code=409),
        timed("3", begin, end, verb="list"),
        timed("4", begin, end, verb="get"),
        timed("5", begin, end, verb="get", name="p", subresource="status", user="other", agent=""),
        timed("5", begin, end, verb="get", name="p", subresource="status", user="other", agent=""),
    )
    times = {key: rows for part in counted.times().values() for key, rows in part.items()}

    assert counted.times()["virt-controller"] == {"answered{CREATE pods}": (1.25, 2)}
    assert times["answered{GET pods/status}"] == (0.25, 1)
    assert len(times) == 2


def test_a_request_whose_times_are_missing_or_wrong_is_counted_and_not_timed() -> None:
    begin = "2026-01-01T00:00:00Z"
    odd = ("", "soon", "2025-12-31T23:59:59Z", "2026-01-01T00:00:01", "9" * 5000)
    counted = tally(*(timed(str(place), begin, end) for place, end in enumerate(odd)))

    assert counted.times() == {}
    assert sum(rows_of(counted, "virt-controller").values()) == len(odd)
