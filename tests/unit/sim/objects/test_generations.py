"""A write that changes more than metadata begins another generation, as it is answered too."""

from support.bodies import machine
from support.clusters import USER, new_server
from virtslo.base.clock import Clock
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import VMIS
from virtslo.ports.kube_api import Call, KubeApi
from virtslo.sim.direct import DirectTransport

SCHEDULED = {"status": {"phase": "Scheduled"}}


async def _made(clock: Clock) -> tuple[KubeApi, Object]:
    api = KubeApi(DirectTransport(new_server(clock), USER))
    return api, await api.create(VMIS, machine("a"))


async def test_a_write_begins_a_generation_and_one_of_metadata_or_of_nothing_does_not(
    clock: Clock,
) -> None:
    api, made = await _made(clock)
    labelled = {**made, "metadata": {**made["metadata"], "labels": {"a": "b"}}}

    assert (await api.update(VMIS, made))["metadata"]["generation"] == 1
    assert (await api.update(VMIS, labelled))["metadata"]["generation"] == 1
    stored = await api.get(VMIS, "a", namespace="default")
    changed = await api.update(VMIS, {**stored, **SCHEDULED})
    assert changed["metadata"]["generation"] == 2
    assert await api.get(VMIS, "a", namespace="default") == changed


async def test_a_dry_run_answers_the_generation_that_a_write_would_begin(clock: Clock) -> None:
    api, made = await _made(clock)
    call = Call("update", VMIS, "default", "a", body={**made, **SCHEDULED}, query={"dryRun": "All"})

    assert (await api.transport.send(call))["metadata"]["generation"] == 2
    assert await api.get(VMIS, "a", namespace="default") == made


async def test_a_write_that_lets_an_object_go_answers_the_generation_it_begins(
    clock: Clock,
) -> None:
    api, _ = await _made(clock)
    await api.delete(VMIS, "a", namespace="default")
    going = await api.get(VMIS, "a", namespace="default")
    freed = {**going, **SCHEDULED, "metadata": {**going["metadata"], "finalizers": []}}

    answer = await api.update(VMIS, freed)

    assert answer["metadata"]["generation"] == going["metadata"]["generation"] + 1
