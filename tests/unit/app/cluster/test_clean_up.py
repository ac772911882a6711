"""What clean-up could not remove: each object once, in order, with the reason that is known."""

from collections.abc import Sequence

from support.scripted_transport import ScriptedTransport, list_object
from virtslo.app.cluster.clean_up import clean_up
from virtslo.base.clock import SystemClock
from virtslo.base.errors import Forbidden
from virtslo.model.identifiers import Object
from virtslo.ports.kube_api import Call, KubeApi


def machine(name: str, **metadata: str) -> Object:
    return {"metadata": {"name": name, "namespace": "n", "uid": f"uid-{name}", **metadata}}


async def left_of(machines: Sequence[Object], refused: frozenset[str]) -> tuple[str, ...]:
    """What is left of VMIs whose deletion is refused for some and does nothing for the others."""

    async def answer(call: Call) -> Object:
        if call.verb == "delete":
            if call.name in refused:
                raise Forbidden(f"{call.name} is protected")
            return {}
        return list_object(*(machines if call.resource.plural.endswith("instances") else ()))

    api = KubeApi(ScriptedTransport(answer))
    return await clean_up(api, SystemClock(), run_label="r", limit=0.0, made_none=True)


async def test_an_object_that_was_refused_and_is_there_is_named_once() -> None:
    left = await left_of([machine("b"), machine("a"), machine("c")], frozenset({"b", "c"}))

    assert left == (
        "VirtualMachineInstance n/a",
        "VirtualMachineInstance n/b (b is protected)",
        "VirtualMachineInstance n/c (c is protected)",
    )


async def test_an_object_that_a_list_has_twice_is_named_once() -> None:
    twice = machine("a", deletionTimestamp="2026-01-01T00:00:00Z")

    left = await left_of([twice, twice], frozenset())

    assert left == ("VirtualMachineInstance n/a",)
