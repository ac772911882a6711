"""Print what following a watch of VMIs costs: the figures of `tools/bench.py`, as one JSON object.

Invariant: what is decoded and tracked are the events of one simulated VMI's life, from creation to
Running, repeated under other names and uids, as the bytes that a watch would bring.
"""

import json
import sys
import time
import tracemalloc
from collections.abc import Callable

import msgspec

from support.hollow_clusters import Hollow, in_hollow_cluster, vmi
from virtslo.base.clock import SystemClock
from virtslo.kube.watch_stream import WatchStream
from virtslo.model.identifiers import INDEX_LABEL, RUN_LABEL, RUNNING
from virtslo.model.kubernetes.resources import VMIS
from virtslo.model.run.observations import Observation
from virtslo.observe.population import Population
from virtslo.observe.tracker import Tracker

NAME = "vmi-00000"
INDEX = "00000"
CHUNK_BYTES = 64 * 1024


async def life(hollow: Hollow) -> tuple[list[bytes], bytes]:
    """The events of one VMI until it is Running, encoded, and its uid."""
    body = vmi(NAME)
    body["metadata"]["labels"] = {RUN_LABEL: "r", INDEX_LABEL: INDEX}
    lines: list[bytes] = []
    async with hollow.api.watch(VMIS, resource_version="1") as events:
        await hollow.api.create(VMIS, body)
        async for event in events:
            lines.append(msgspec.json.encode({"type": event.type, "object": event.object}))
            if (event.object.get("status") or {}).get("phase") == RUNNING:
                return lines, event.object["metadata"]["uid"].encode()
    raise AssertionError("the VMI never ran")


def lives(lines: list[bytes], uid: bytes, count: int) -> bytes:
    """The lives of so many VMIs, one event of each after the other."""
    return b"".join(
        line.replace(NAME.encode(), b"vmi-%05d" % number)
        .replace(b'"%s"' % INDEX.encode(), b'"%05d"' % number)
        .replace(uid, uid[:-5] + b"%05d" % number)
        + b"\n"
        for line in lines
        for number in range(count)
    )


def follow(streamed: bytes, told: Callable[[Observation], None]) -> Tracker:
    """Decode and track what a watch brought; the tracker, with what it keeps."""
    tracker = Tracker(VMIS, origin_ns=0, on_observation=told, run_label="r")
    stream = WatchStream("bench")
    for start in range(0, len(streamed), CHUNK_BYTES):
        for event in stream.feed(streamed[start : start + CHUNK_BYTES], 1):
            tracker.changed(event)
    return tracker


def main() -> None:
    """Measure with as many VMIs as the first argument says."""
    count = int(sys.argv[1])
    lines, uid = in_hollow_cluster(life)
    streamed = lives(lines, uid, count)
    started = time.process_time()
    population = Population(SystemClock())
    tracker = follow(streamed, population.apply)
    seconds = time.process_time() - started
    assert population.running() == count
    del tracker, population
    tracemalloc.start()
    population = Population(SystemClock())
    tracker = follow(streamed, population.apply)
    kept = tracemalloc.get_traced_memory()[0]
    events = len(lines) * count
    assert tracker.foreign == 0
    print(
        json.dumps(
            {
                "per_event": seconds / events,
                "bytes_per_event": len(streamed) / events,
                "bytes_kept": kept / count,
            }
        )
    )


if __name__ == "__main__":
    main()
