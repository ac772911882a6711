"""What the garbage collector takes from its watches: owners, and nothing else of a change."""

from collections.abc import Sequence
from typing import Any

import pytest

from support.scripted_transport import ScriptedTransport
from virtslo.base.clock import Clock
from virtslo.client.reflector import ReflectorHandler
from virtslo.hollow.kubernetes.garbage_collector import FOREGROUND, GarbageCollector
from virtslo.hollow.process.component import Component
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import PODS, VMIS
from virtslo.ports.kube_api import Call, WatchEvent


class Collecting:
    """A collector that is given events of VMIs and pods, and what it wants to look at."""

    def __init__(self, clock: Clock) -> None:
        async def refuse(call: Call) -> Object:
            raise AssertionError(call)

        component = Component(Identity("c", "c", "c/1", ()), ScriptedTransport(refuse), clock)
        self.collector = GarbageCollector(component, kinds=(VMIS, PODS))
        self.vmis: ReflectorHandler
        self.pods: ReflectorHandler
        self.vmis, self.pods = component.caches

    async def wanted(self) -> list[str]:
        """What is to be looked at, by name; it is looked at with this."""
        found: list[str] = []
        while len(self.collector.queue):
            ref = await self.collector.queue.get()
            self.collector.queue.done(ref)
            found.append(ref.name)
        return found


def made(name: str, *owners: str, uid: str = "", version: int = 1, **metadata: Any) -> Object:
    references = {"ownerReferences": [_reference(owner) for owner in owners]} if owners else {}
    identity = {"namespace": "w", "name": name, "uid": uid or name}
    return {
        "metadata": {**identity, "resourceVersion": str(version), **references, **metadata},
        "status": {"version": version},
    }


def _reference(uid: str) -> dict[str, Any]:
    return {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance", "uid": uid}


def modified(handler: ReflectorHandler, *objects: Object) -> None:
    for target in objects:
        handler.changed(WatchEvent("MODIFIED", target, 0))


def listed(handler: ReflectorHandler, objects: Sequence[Object]) -> None:
    handler.listed(objects, 0, True)


async def test_what_changes_in_nothing_that_concerns_owners_is_not_looked_at(clock: Clock) -> None:
    collecting = Collecting(clock)
    modified(collecting.pods, made("p", "gone"))
    assert await collecting.wanted() == ["p"], "its owner was never seen"

    modified(collecting.pods, made("p", "gone", version=2), made("p", "gone", version=3))
    assert await collecting.wanted() == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(made("p", "other", version=2), id="owners"),
        pytest.param(
            made("p", "gone", version=2, deletionTimestamp="t", finalizers=[FOREGROUND]),
            id="deletion",
        ),
    ],
)
async def test_what_changes_in_what_concerns_owners_is_looked_at(
    change: Object, clock: Clock
) -> None:
    collecting = Collecting(clock)
    modified(collecting.pods, made("p", "gone"))
    await collecting.wanted()

    modified(collecting.pods, change)
    assert await collecting.wanted() == ["p"]


async def test_a_finalizer_that_comes_after_the_deletion_is_seen(clock: Clock) -> None:
    collecting = Collecting(clock)
    modified(collecting.pods, made("p", deletionTimestamp="t"))
    assert await collecting.wanted() == []

    change = made("p", version=2, deletionTimestamp="t", finalizers=[FOREGROUND])
    modified(collecting.pods, change)
    assert await collecting.wanted() == ["p"]


async def test_dependents_of_one_that_was_replaced_unseen_are_looked_at(clock: Clock) -> None:
    """Its deletion was missed: a list has another object under its name."""
    collecting = Collecting(clock)
    modified(collecting.vmis, made("vmi", uid="first"))
    modified(collecting.pods, made("p", "first"))
    assert await collecting.wanted() == []

    listed(collecting.vmis, [made("vmi", uid="second", version=9)])
    assert await collecting.wanted() == ["p"]
