"""Waiting until a server takes new VMIs, with a server that comes to know them step by step."""

import json
from typing import Any

import pytest

from support.scripted_transport import ScriptedTransport, list_object
from virtslo.app.cluster.vmi_readiness import ADMITTED_SECONDS, await_admission
from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.base.errors import ClusterError, NotFound, ServerFailure, TooManyRequests
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.hollow.vmi.vmi_status import VMI_FINALIZER
from virtslo.model.identifiers import Object
from virtslo.ports.kube_api import Call, KubeApi


class YoungServer:
    """What kube-apiserver answers after the definitions: each part of it from its own second on."""

    def __init__(
        self,
        clock: Clock,
        *,
        published: float,
        known: float,
        policed: float,
        cached: float = 0.0,
    ) -> None:
        self._clock = clock
        self._published = published
        self._known = known
        self._policed = policed
        self._cached = cached
        self.tries: list[bool] = []
        """Whether each create was a dry run."""
        self.api = KubeApi(ScriptedTransport(self._answer, raw=self._read))

    def _has_come(self, second: float) -> bool:
        return self._clock.now_ns() >= to_nanoseconds(second)

    async def _read(self, path: str) -> bytes:
        assert path == "/openapi/v3/apis/kubevirt.io/v1"
        if not self._has_come(self._published / 2):
            raise NotFound("no such path")
        kind = "VirtualMachineInstance" if self._has_come(self._published) else "KubeVirt"
        named = [{"group": "kubevirt.io", "version": "v1", "kind": kind}]
        schemas = {"any": {"x-kubernetes-group-version-kind": named}, "of all": {}}
        return json.dumps({"components": {"schemas": schemas}}).encode()

    async def _answer(self, call: Call) -> Object:
        return self._list(call) if call.verb == "list" else self._create(call)

    def _create(self, call: Call) -> Object:
        assert call.verb == "create"
        self.tries.append(call.query == {"dryRun": "All"})
        if not self._has_come(self._known):
            raise ServerFailure("Resource kind not found", code=503)
        finalizers = [VMI_FINALIZER] if self._has_come(self._policed) else []
        return {**call.body, "metadata": {**call.body["metadata"], "finalizers": finalizers}}

    def _list(self, call: Call) -> Object:
        assert call.selection.label_selector
        if not self._has_come(self._cached):
            raise TooManyRequests("storage is (re)initializing", retry_after_seconds=1)
        return list_object()


def waited(*, is_policed: bool = True, **seconds: float) -> tuple[float, YoungServer]:
    """How many seconds were waited for such a server."""

    async def main(clock: Clock) -> tuple[float, YoungServer]:
        server = YoungServer(clock, **seconds)
        await await_admission(server.api, clock, is_policed=is_policed)
        return clock.now_ns() / to_nanoseconds(1), server

    return run_in_virtual_time(main)


def test_a_server_that_knows_them_is_asked_once() -> None:
    seconds, server = waited(published=0, known=0, policed=0)

    assert seconds == 0
    assert server.tries == [True]


def test_the_last_of_schema_kind_and_policy_is_waited_for() -> None:
    assert waited(published=7, known=2, policed=1)[0] == pytest.approx(7, abs=0.3)
    assert waited(published=1, known=6, policed=2)[0] == pytest.approx(6, abs=0.3)
    assert waited(published=1, known=2, policed=2, cached=5)[0] == pytest.approx(5, abs=0.3)
    seconds, server = waited(published=1, known=2, policed=4)
    assert seconds == pytest.approx(4, abs=0.3)
    assert all(server.tries), "nothing but dry runs"


def test_without_a_policy_only_lists_are_waited_for() -> None:
    seconds, server = waited(is_policed=False, published=90, known=90, policed=90, cached=3)

    assert seconds == pytest.approx(3, abs=0.3)
    assert server.tries == []


@pytest.mark.parametrize(
    ("late", "words"),
    [
        ("published", "/openapi/v3/apis/kubevirt.io/v1 does not describe them"),
        ("known", "Resource kind not found"),
        ("policed", "the admission policy is not in force"),
        ("cached", r"storage is \(re\)initializing"),
    ],
)
def test_what_never_comes_is_told(late: str, words: str) -> None:
    seconds: dict[str, Any] = {"published": 0.0, "known": 0.0, "policed": 0.0}
    seconds[late] = 2 * ADMITTED_SECONDS

    with pytest.raises(ClusterError, match=f"60 s after they were defined: {words}"):
        waited(**seconds)
