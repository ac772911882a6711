"""Bytes of a watch become events, however they are cut."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtslo.base.errors import ClusterError, ResourceExpired
from virtslo.kube.watch_stream import WatchStream
from virtslo.model.kubernetes.resources import VMIS
from virtslo.observe.phases import facts_of

EVENTS = [("ADDED", "one"), ("MODIFIED", "one"), ("BOOKMARK", "é"), ("DELETED", "x" * 300)]


def line(kind: str, name: str) -> bytes:
    document = {
        "type": kind,
        "object": {"metadata": {"name": name, "uid": "u", "resourceVersion": "1"}},
    }
    return json.dumps(document, ensure_ascii=False).encode() + b"\n"


STREAM = b"".join(line(*event) for event in EVENTS)


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_events_do_not_depend_on_where_the_bytes_are_cut(cuts: list[int]) -> None:
    stream = WatchStream("here")
    edges = [0, *sorted(cuts), len(STREAM)]

    events = [
        event
        for start, end in itertools.pairwise(edges)
        for event in stream.feed(STREAM[start:end], start)
    ]

    assert [(event.type, event.object["metadata"]["name"]) for event in events] == EVENTS
    assert stream.finish(0) == []


def test_an_event_carries_the_moment_at_which_it_was_complete() -> None:
    stream = WatchStream("here")
    first = stream.feed(STREAM[:10], 1)
    second = stream.feed(STREAM[10:], 2)

    assert first == []
    assert {event.received_ns for event in second} == {2}


def test_an_error_event_ends_the_stream_after_what_came_before() -> None:
    status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"}
    error = json.dumps({"type": "ERROR", "object": status}).encode() + b"\n"
    stream = WatchStream("here")

    events = stream.feed(line("ADDED", "one") + error + line("ADDED", "two"), 1)

    assert [event.type for event in events] == ["ADDED"]
    assert isinstance(stream.error, ResourceExpired)
    assert stream.error.message == "too old"


def test_a_last_line_without_its_end_is_an_event_if_it_is_whole() -> None:
    stream = WatchStream("here")
    stream.feed(line("ADDED", "one")[:-1], 1)

    assert [event.type for event in stream.finish(2)] == ["ADDED"]


def test_a_last_line_that_was_cut_is_dropped() -> None:
    stream = WatchStream("here")
    stream.feed(line("ADDED", "one")[:-5], 1)

    assert stream.finish(2) == []
    assert stream.error is None


def test_what_is_no_event_is_an_error_that_names_the_watch() -> None:
    with pytest.raises(ClusterError, match="here: not a watch event"):
        WatchStream("here").feed(b"<html>\n", 1)


def test_whole_json_that_is_no_event_is_an_error_without_its_line_feed_too() -> None:
    stream = WatchStream("here")
    stream.feed(json.dumps({"kind": "Status", "status": "Failure", "code": 500}).encode(), 1)

    with pytest.raises(ClusterError, match="here: not a watch event"):
        stream.finish(2)


def test_a_watch_of_facts_alone_keeps_no_more_of_an_object() -> None:
    fields = [{"manager": "virt-controller", "fieldsV1": {"f:status": {}}}]
    metadata = {"name": "one", "uid": "u", "resourceVersion": "1", "managedFields": fields}
    status = {"phase": "Running", "interfaces": [{"name": "default"}]}
    target = {"metadata": metadata, "spec": {"domain": {}}, "status": status}
    sent = json.dumps({"type": "MODIFIED", "object": target}).encode() + b"\n"
    del metadata["managedFields"]

    (event,) = WatchStream("here", facts_only=True).feed(sent, 1)

    assert event.object == {"metadata": metadata, "spec": {}, "status": {"phase": "Running"}}


@pytest.mark.parametrize("has_failed", [False, True])
def test_a_watch_of_facts_alone_tells_of_live_migrations(has_failed: bool) -> None:
    state = {"migrationUid": "m", "completed": True, "failed": has_failed, "mode": "PreCopy"}
    metadata = {"name": "one", "uid": "u", "resourceVersion": "1"}
    target = {"metadata": metadata, "status": {"phase": "Running", "migrationState": state}}
    sent = json.dumps({"type": "MODIFIED", "object": target}).encode() + b"\n"

    (event,) = WatchStream("here", facts_only=True).feed(sent, 1)
    facts = facts_of(VMIS, event.object)

    assert (facts.migration, facts.has_migration_failed) == ("m", has_failed)
