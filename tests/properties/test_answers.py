"""Whatever an API server or a Prometheus answers, it is a value of its shape or an error."""

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from virtslo.base.errors import ApiError, ClusterError
from virtslo.kube.responses import error_of, read_object
from virtslo.kube.watch_stream import WatchStream
from virtslo.model.kubernetes import resources
from virtslo.observe.phases import READERS, facts_of, server_timestamp
from virtslo.remote.prometheus import _document, _matrix

LEAVES = st.none() | st.booleans() | st.integers(-5, 10**12) | st.text(max_size=5)
ODD = st.recursive(
    LEAVES | st.floats(allow_nan=False, allow_infinity=False),
    lambda below: (
        st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below, max_size=3)
    ),
    max_leaves=6,
)
NAMES = [
    *["metadata", "items", "status", "spec", "kind", "name", "namespace", "uid", "labels"],
    *["annotations", "phase", "reason", "conditions", "resourceVersion", "continue", "type"],
    *["object", "code", "message", "details", "controller", "ownerReferences", "nodeName"],
    *["retryAfterSeconds", "phaseTransitionTimestamps", "data", "result", "resultType"],
    *["virtslo.io/index", "virtslo.io/run", "metric", "values", "error", "warnings"],
]
KNOWN = st.sampled_from(["Status", "Failure", "ADDED", "BOOKMARK", "ERROR", "success", "matrix"])
SHAPED = st.recursive(
    KNOWN | ODD,
    lambda below: (
        st.dictionaries(st.sampled_from(NAMES), below, max_size=6) | st.lists(below, max_size=3)
    ),
    max_leaves=25,
)
BYTES = SHAPED.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40)


def well_shaped() -> dict[str, Any]:
    owner = {"kind": "VirtualMachine", "name": "o", "uid": "u0", "controller": True}
    return {
        "kind": "VirtualMachineInstance",
        "metadata": {
            "name": "x",
            "namespace": "ns",
            "uid": "u",
            "resourceVersion": "5",
            "labels": {"virtslo.io/run": "r", "virtslo.io/index": "1"},
            "ownerReferences": [owner],
            "creationTimestamp": "2026-01-31T10:00:00Z",
        },
        "spec": {"nodeName": "n"},
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "True"}],
            "phaseTransitionTimestamps": [{"phase": "Running"}],
            "migrationState": {"migrationUid": "m", "completed": True, "failed": True},
        },
    }


PLACES = [
    ("metadata",), ("status",), ("spec",), ("kind",),
    *(("metadata", key) for key in well_shaped()["metadata"]),
    *(("status", key) for key in well_shaped()["status"]),
    ("spec", "nodeName"), ("metadata", "labels", "virtslo.io/index"),
    ("metadata", "labels", "virtslo.io/run"), ("metadata", "ownerReferences", 0),
    ("metadata", "ownerReferences", 0, "uid"), ("status", "conditions", 0),
    *(("status", "migrationState", key) for key in well_shaped()["status"]["migrationState"]),
]  # fmt: skip


def changed(place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    made: Any = well_shaped()
    found = made
    for key in place[:-1]:
        found = found[key]
    found[place[-1]] = value
    return dict(made)


FOLLOWED = (resources.VMIS, resources.PODS, resources.VMS, resources.VM_POOLS)


def use(item: Any) -> None:
    """What a run makes of an object."""
    for resource in FOLLOWED:
        assert resource.plural in READERS
        facts_of(resource, item)
    for fact in ("added", "deleting", "phase"):
        server_timestamp(item, fact, "Running")


@given(BYTES)
def test_a_body_is_an_object_or_an_error_of_ours(body: bytes) -> None:
    with suppress(ClusterError):
        # A Go server writes an empty list as null, and KubeApi reads it as empty.
        for item in read_object(body, place="here").get("items") or ():
            assert isinstance(item["metadata"]["name"], str)


@given(st.sampled_from(PLACES), ODD)
def test_an_odd_value_anywhere_is_read_or_refused(place: tuple[Any, ...], value: Any) -> None:
    item = changed(place, value)
    with suppress(ClusterError):
        for each in read_object(json.dumps({"items": [item]}).encode(), place="x")["items"]:
            if each["metadata"].get("uid"):
                use(each)
    for kind in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "WEIRD"):
        line = json.dumps({"type": kind, "object": item}).encode() + b"\n"
        with suppress(ClusterError):
            for event in WatchStream("here").feed(line, 1):
                if event.type != "BOOKMARK":
                    use(event.object)


def facts(line: bytes, *, facts_only: bool) -> list[Any] | str:
    """What following objects learns of a line, or what is refused of it."""
    try:
        stream = WatchStream("here", facts_only=facts_only)
        events = stream.feed(line, 1)
    except ClusterError as error:
        return error.message
    return [
        (event.type, event.object["metadata"]["resourceVersion"])
        + (() if event.type == "BOOKMARK" else read_facts(event.object))
        for event in events
    ]


def read_facts(item: Any) -> tuple[Any, ...]:
    of_kinds = [facts_of(resource, item) for resource in FOLLOWED]
    stamps = [server_timestamp(item, fact, "Running") for fact in ("added", "deleting", "phase")]
    return (*of_kinds, *stamps)


@given(st.sampled_from(PLACES), ODD, st.sampled_from(["ADDED", "DELETED", "BOOKMARK", "ERROR"]))
def test_a_watch_of_facts_alone_tells_and_refuses_what_a_watch_of_whole_objects_does(
    place: tuple[Any, ...], value: Any, kind: str
) -> None:
    line = json.dumps({"type": kind, "object": changed(place, value)}).encode() + b"\n"

    assert facts(line, facts_only=True) == facts(line, facts_only=False)


@given(BYTES, st.integers(300, 999), st.text(max_size=20))
def test_every_failure_is_an_error_of_its_kind(body: bytes, code: int, after: str) -> None:
    error = error_of(code, {"Retry-After": after}, body, place="here")

    assert isinstance(error, ApiError)
    assert isinstance(error.message, str)
    assert 300 <= error.code <= 999
    assert error.retry_after_seconds is None or 0 <= error.retry_after_seconds <= 300


@given(st.lists(BYTES, max_size=4))
def test_a_watch_gives_events_or_an_error_of_ours(lines: list[bytes]) -> None:
    stream = WatchStream("here")
    with suppress(ClusterError):
        events = [*stream.feed(b"\n".join(lines), 1), *stream.finish(1)]
        assert all(event.object["metadata"]["resourceVersion"] for event in events)


@given(BYTES)
def test_an_answer_of_prometheus_is_samples_or_an_error_of_ours(body: bytes) -> None:
    with suppress(ClusterError):
        _matrix(_document(body, 200, "here"), "here")
