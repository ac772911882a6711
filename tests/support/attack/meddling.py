"""What stands between a run and its API server, and changes what goes through, in virtual time.

Invariant: what a meddler leaves alone goes through as it was; what it changes is read as the client
over HTTP reads an answer.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from virtslo.app.build_report import build_report
from virtslo.base.clock import Clock
from virtslo.base.errors import ApiError
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.cli.running.run_once import Execution, OneRun, simulated_label
from virtslo.cli.wiring import read_record, simulated_cluster
from virtslo.config.scenario_file import scenario_from_mapping
from virtslo.kube.responses import error_of, read_object
from virtslo.kube.watch_stream import WatchStream
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import VMIS
from virtslo.model.report.document import Report
from virtslo.model.run.record import RunRecord
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.ports.kube_api import Call, KubeApi, Transport, WatchEvent
from virtslo.ports.progress import Silent
from virtslo.sim.direct import DirectTransport
from virtslo.slo.catalog.catalog import CATALOG

METHODS: Final = {
    "create": "POST", "update": "PUT", "patch": "PATCH", "delete": "DELETE",
    "deletecollection": "DELETE",
}  # fmt: skip
OTHER: Final = Identity("other", "other", "other/1", ("system:masters",))
Up = Callable[..., Awaitable[tuple[int, Mapping[str, str], bytes]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as a proxy sees it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


class Answer(Protocol):
    """An answer that a meddler gives itself, of aiohttp's form."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Meddler(Protocol):
    """Changes requests, answers and events; a body that is bytes is JSON."""

    async def request(self, rq: Any, body: bytes, up: Up) -> Any:
        """An answer of its own, another body, or None."""
        ...

    async def response(self, rq: Any, status: int, data: bytes) -> bytes:
        """The answer's body."""
        ...

    async def event(self, rq: Any, ev: Any) -> list[Any]:
        """What becomes of an event: none, one or several."""
        ...


class Meddled:
    """A transport with a meddler on the way; what it does itself it does as another user."""

    def __init__(self, behind: Transport, other: Transport, meddler: Meddler, clock: Clock) -> None:
        self._behind = behind
        self._other = other
        self._meddler = meddler
        self._clock = clock

    async def send(self, call: Call) -> Object:
        asked = _asked(call)
        body = b"" if call.body is None else json.dumps(call.body).encode()
        answer = await self._meddler.request(asked, body, self._up)
        if isinstance(answer, bytes):
            call = msgspec.structs.replace(call, body=json.loads(answer))
        elif answer is not None:
            return _read(answer.status, answer.headers, bytes(answer.body or b""), asked)
        found = await self._behind.send(call)
        data = await self._meddler.response(asked, 200, json.dumps(found).encode())
        return read_object(data, place=asked.path, namespaced=call.resource.namespaced)

    @asynccontextmanager
    async def open_watch(self, call: Call) -> AsyncIterator[AsyncIterator[WatchEvent]]:
        whole = msgspec.structs.replace(call, facts_only=False)
        async with self._behind.open_watch(whole) as events:
            yield self._events(_asked(call), events)

    async def read_raw(self, path: str, query: Mapping[str, str]) -> bytes:
        asked = Asked("GET", path, query, {})
        return await self._meddler.response(asked, 200, await self._behind.read_raw(path, query))

    async def _events(
        self, asked: Asked, events: AsyncIterator[WatchEvent]
    ) -> AsyncIterator[WatchEvent]:
        stream = WatchStream(asked.path)
        async for event in events:
            line = {"type": event.type, "object": json.loads(json.dumps(event.object))}
            for made in await self._meddler.event(asked, line):
                body = json.dumps(made).encode() + b"\n"
                for read in stream.feed(body, self._clock.now_ns()):
                    yield read

    async def _up(
        self, method: str, path: str, body: bytes = b"", ct: object = None, ua: str = ""
    ) -> tuple[int, Mapping[str, str], bytes]:
        """POST or DELETE a VMI as another user."""
        parts = path.split("?", maxsplit=1)[0].split("/")
        namespace = parts[parts.index("namespaces") + 1]
        api = KubeApi(self._other)
        try:
            if method == "POST":
                found = await api.create(VMIS, json.loads(body), namespace=namespace)
                return 201, {}, json.dumps(found).encode()
            found = await api.delete(VMIS, parts[-1], namespace=namespace)
            return 200, {}, json.dumps(found).encode()
        except ApiError as error:
            status = {"kind": "Status", "code": error.code, "reason": error.reason}
            return error.code, {}, json.dumps(status).encode()


def _asked(call: Call) -> Asked:
    path = call.resource.path(
        namespace=call.namespace, name=call.name, subresource=call.subresource
    )
    return Asked(METHODS.get(call.verb, "GET"), path, call.query, {})


def _read(status: int, headers: Mapping[str, str], body: bytes, asked: Asked) -> Object:
    """An answer as the client over HTTP reads it."""
    if not 200 <= status < 300:
        raise error_of(status, headers, body, place=f"{asked.method} {asked.path}")
    return read_object(body, place=asked.path)


def run_between(
    document: Mapping[str, Any], meddler: Meddler, folder: Path
) -> tuple[RunRecord, Report, list[str]]:
    """Run a scenario with a meddler on the way: its record, its report, and VMIs left behind."""
    scenario = scenario_from_mapping(document, source="attack", base=folder, indicators=CATALOG)
    target = SimulatedTarget(profile="instant", seed=1, nodes=2)
    label = simulated_label(scenario, target)
    run = OneRun(scenario, Execution(folder / "runs", ("attack",), Silent()), label, target)
    left: list[str] = []

    async def main(clock: VirtualClock) -> None:
        async with simulated_cluster(target, clock, run.stages) as api:
            assert isinstance(api.transport, DirectTransport)
            other = DirectTransport(api.transport.server, OTHER)
            meddled = KubeApi(Meddled(api.transport, other, meddler, clock))
            await run.carry_out(meddled, clock)
            await asyncio.sleep(60.0)
            found = await KubeApi(other).list_objects(VMIS)
            left.extend(item["metadata"]["name"] for item in found.items)

    run_in_virtual_time(main)
    record = read_record(run.directory)
    return record, build_report([record]), left
