"""What of a trace a scenario plays."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.config.scenario_file import scenario_from_mapping
from virtslo.model.plan.scenario import ArrivalProcess, Scenario
from virtslo.model.plan.workload import Kind

HEADER = {"format": "virtslo/trace", "version": 1, "source": "watch"}
SECOND = 10**9


def arrival(number: int, at: float, kind: str = "vmi", **more: Any) -> dict[str, Any]:
    at_ns = int(at * SECOND)
    return {"at_ns": at_ns, "event": "arrival", "object": number, "kind": kind, **more}


def deletion(number: int, at: float) -> dict[str, Any]:
    return {"at_ns": int(at * SECOND), "event": "deletion", "object": number}


MIXED = (
    {"at_ns": 0, "event": "present", "object": 1, "kind": "vm"},
    arrival(2, 1, "vm", shape={"vcpus": 2, "memory_bytes": 1 << 30}),
    arrival(3, 2, owner=2, owned=True),
    arrival(4, 3, "vmpool", members=3),
    arrival(5, 4, "vm", shape={"starts": False}),
    deletion(2, 11),
    arrival(6, 12),
    arrival(7, 13, "vmpool", members=0),
    {"at_ns": 20 * SECOND, "event": "end", "cut": True},
)


def replaying(folder: Path, *lines: dict[str, Any], **load: Any) -> Scenario:
    text = "".join(json.dumps(line) + "\n" for line in (HEADER, *lines))
    (folder / "t.jsonl").write_text(text)
    document = {
        "apiVersion": "virtslo/v1",
        "name": "replay",
        **load.pop("top", {}),
        "load": {"pattern": "replay", "trace": "t.jsonl", **load},
    }
    return scenario_from_mapping(document, source="test", base=folder)


def problems_of(folder: Path, *lines: dict[str, Any], **load: Any) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        replaying(folder, *lines, **load)
    return [f"{item.place}: {item.found}" for item in caught.value.problems]


def test_roots_are_played_with_their_sizes_and_the_rest_is_counted(tmp_path: Path) -> None:
    given = replaying(tmp_path, *MIXED)
    replay = given.load.replay
    assert replay is not None

    assert [(item.at_ns // SECOND, item.kind, item.members) for item in replay.arrivals] == [
        (0, Kind.VM, 1),
        (2, Kind.VMPOOL, 3),
        (11, Kind.VMI, 1),
    ]
    assert (replay.arrivals[0].cpu, replay.arrivals[0].memory) == ("200m", "1024Mi")
    assert [item.lifetime_ns for item in replay.arrivals] == [10 * SECOND, None, None]
    assert Counter(replay.left_out) == {
        "were there before the recording began": 1,
        "were made by a controller, which makes them again": 1,
        "are VMs that nothing starts": 1,
        "are pools or replica sets without members": 1,
    }
    assert replay.is_cut
    assert (given.workload.count, given.kind_name, given.peak) == (5, "mixed", 4)
    assert given.workload.kind is Kind.VM
    assert set(given.workload.templates) == {Kind.VMI, Kind.VMPOOL}
    assert given.load.arrival.process is ArrivalProcess.RECORDED


HUNDRED = tuple(arrival(number, number) for number in range(1, 101))


@pytest.mark.parametrize(("sample", "count"), [(0.25, 25), (0.001, 1), (1, 100), (2.5, 250)])
def test_a_sample_is_a_seeded_part_of_whole_objects(
    tmp_path: Path, sample: float, count: int
) -> None:
    one = replaying(tmp_path, *HUNDRED, sample=sample)
    again = replaying(tmp_path, *HUNDRED, sample=sample)
    other = replaying(tmp_path, *HUNDRED, sample=sample, sampleSeed=2)

    assert one.workload.count == count
    assert one.load.replay == again.load.replay
    assert one.load.replay is not None
    assert list(one.load.replay.offsets_ns) == sorted(one.load.replay.offsets_ns)
    assert other.load.replay is not None
    is_other = one.load.replay.arrivals != other.load.replay.arrivals
    assert is_other is (sample in {0.25, 2.5})


def test_speed_scales_times(tmp_path: Path) -> None:
    given = replaying(tmp_path, *HUNDRED, speed=4.0)
    assert given.load.replay is not None

    assert given.load.replay.offsets_ns[-1] == 99 * SECOND // 4


def test_what_the_trace_decides_is_refused_elsewhere_all_at_once(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path,
        *MIXED,
        speed=0.0,
        churn={},
        top={"workload": {"count": 5, "kind": "vm", "template": "fedora"}},
    )

    assert [text.partition(":")[0] for text in found] == [
        "workload.kind",
        "workload.count",
        "load.churn",
        "load.speed",
    ]


def test_a_template_must_be_there_for_every_kind(tmp_path: Path) -> None:
    found = problems_of(tmp_path, *MIXED, top={"workload": {"template": "fedora"}})

    assert found == ["workload.template: 'fedora', not there for vmpool"]


def test_a_trace_without_anything_to_play_is_refused(tmp_path: Path) -> None:
    found = problems_of(tmp_path, MIXED[0])

    assert found == [
        "load.trace: none in 't.jsonl' (1 were there before the recording began)",
    ]


def test_a_trace_belongs_to_a_replay_and_a_replay_needs_one(tmp_path: Path) -> None:
    assert problems_of(tmp_path, *MIXED, trace=None) == ["load.trace: nothing"]
    document = {
        "apiVersion": "virtslo/v1",
        "name": "b",
        "workload": {"kind": "vmi", "count": 1},
        "load": {"pattern": "burst", "trace": "t.jsonl", "speed": 2.0},
    }
    with pytest.raises(ScenarioError) as caught:
        scenario_from_mapping(document, source="test", base=tmp_path)
    assert [item.place for item in caught.value.problems] == ["load.trace", "load.speed"]


def test_members_of_all_pools_together_have_a_limit(tmp_path: Path) -> None:
    lines = [arrival(number, number, "vmpool", members=400_000) for number in range(1, 4)]

    assert problems_of(tmp_path, *lines) == ["load.trace: 1200000 VMIs, 1 times"]
    replay = replaying(tmp_path, *lines, sample=0.5).load.replay
    assert replay is not None
    assert len(replay.arrivals) == 2
