"""Arrivals out of an audit log: carried out, once, at the time of receipt."""

import json
from typing import Any

from support.audit_log_lines import CONTROLLER, audit_line
from virtslo.model.plan.trace import TraceEvent
from virtslo.observe.audit_trace import AuditTrace

VMS = "virtualmachines"
VMIS = "virtualmachineinstances"


def line(verb: str, resource: str, name: str, at: str, **more: Any) -> bytes:
    body = more.pop("body", None)
    more = {"user": "jane", "code": 200, **more}
    event = json.loads(audit_line(verb, resource, name=name, **more))
    event["requestReceivedTimestamp"] = f"2026-01-01T00:00:{at}Z"
    if body is not None:
        event["requestObject"] = body
    return json.dumps(event).encode()


def events_of(*lines: bytes) -> tuple[list[TraceEvent], AuditTrace]:
    found = AuditTrace()
    events: list[TraceEvent] = []
    for each in lines:
        found.add(each)
    found.found.play(events.append, origin_ns=found.first_ns or 0)
    return events, found


def test_creates_and_deletes_have_their_times_and_owners_by_kubevirts_names() -> None:
    body = {"spec": {"running": True, "template": {"spec": {"domain": {"cpu": {"cores": 2}}}}}}
    events, found = events_of(
        line("create", VMIS, "db", "02.000000", user=CONTROLLER, audit_id="2"),
        line("create", VMS, "db", "01.500000", audit_id="1", body=body),
        line("create", VMS, "db", "01.500000", audit_id="1", body=body),
        line("delete", VMS, "db", "09.000000", audit_id="3"),
    )

    assert [(event.at_ns, event.event, event.kind, event.owner) for event in events] == [
        (0, "arrival", "vm", None),
        (500_000_000, "arrival", "vmi", 1),
        (7_500_000_000, "deletion", None, None),
    ]
    assert events[0].shape is not None
    assert events[0].shape.vcpus == 2
    assert found.notes() == ("1 creates without their object (audit level Metadata): no size",)


def test_what_was_refused_tried_dry_or_of_another_group_is_no_arrival() -> None:
    events, found = events_of(
        line("create", VMS, "a", "01.000000", code=409),
        line("create", VMS, "b", "02.000000", uri="/apis/x?dryRun=All"),
        line("create", VMS, "c", "03.000000", stage="RequestReceived"),
        line("get", VMS, "d", "04.000000"),
        line("create", VMS, "e", "05.000000", subresource="restart"),
        line("delete", "pods", "f", "06.000000"),
    )

    assert events == []
    assert found.notes() == ("1 creates that were refused, which are left out",)
    assert found.last_ns is not None


def test_a_namespace_that_is_emptied_ends_what_lives_there_and_a_selection_is_told() -> None:
    events, found = events_of(
        line("create", VMIS, "a", "01.000000", body={}),
        line("create", VMIS, "b", "01.000000", namespace="other", body={}),
        line("deletecollection", VMIS, "", "02.000000", uri="/apis?labelSelector=app%3Dx"),
        line("deletecollection", VMIS, "", "03.000000", uri="/apis?propagationPolicy=x"),
    )

    assert [(event.event, event.object) for event in events] == [
        ("arrival", 1),
        ("arrival", 2),
        ("deletion", 1),
    ]
    assert "deletes of a selection" in found.notes()[0]


def test_odd_lines_are_counted_and_never_fail() -> None:
    no_time = json.dumps({"stage": "ResponseComplete", "verb": "create"}).encode()
    odd = json.dumps(
        {
            "stage": "ResponseComplete",
            "verb": "create",
            "requestReceivedTimestamp": "2026-01-01T00:00:00Z",
            "objectRef": {"resource": VMS},
            "responseStatus": {"code": 201},
            "requestObject": ["no", "mapping"],
        }
    ).encode()
    events, found = events_of(b"{", b"\xff", no_time, odd)

    assert [event.event for event in events] == ["arrival"]
    assert found.notes() == (
        "1 creates whose name the server made: no deletion is known of them",
        "1 events without a time of receipt",
        "2 lines that are no audit event",
    )


def test_an_address_that_is_none_never_fails() -> None:
    events, _ = events_of(
        line("create", VMS, "a", "01.000000", uri="http://["),
        line("create", VMS, "b", "02.000000", uri="//[x?dryRun=All"),
    )

    assert [event.at_ns for event in events] == [0]
