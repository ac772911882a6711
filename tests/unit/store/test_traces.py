"""A trace that is being written: what was added is on disk once it is closed, whole or not."""

from contextlib import closing, suppress
from pathlib import Path

import pytest

from virtslo.config.trace_file import read_trace
from virtslo.model.plan.trace import ARRIVAL, TraceEvent
from virtslo.model.plan.workload import Kind
from virtslo.store.traces import TraceFile

ARRIVED = TraceEvent(5, ARRIVAL, object=1, kind=Kind.VMI)


@pytest.mark.parametrize("name", ["trace.jsonl", "trace.jsonl.gz"])
def test_a_trace_whose_recording_fails_has_what_was_added(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with suppress(OSError), closing(TraceFile(path, "watch")) as trace:
        trace.add(ARRIVED)
        raise OSError("the cluster is gone")

    found = read_trace(path)
    assert found.events == (ARRIVED,)
    assert found.is_cut


def test_a_trace_that_has_ended_is_closed_again_without_harm(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl.gz"
    with closing(TraceFile(path, "watch")) as trace:
        trace.add(ARRIVED)
        trace.end(9, is_cut=False)

    found = read_trace(path)
    assert found.events == (ARRIVED,)
    assert not found.is_cut
