"""Hollow clusters for tests: a simulated API server and every controller, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from support.checked_writers import CheckedTransport
from support.coroutines import beside
from virtslo.base.clock import Clock
from virtslo.base.errors import NotFound
from virtslo.base.virtual_time import run_in_virtual_time
from virtslo.config.faults import parse_faults
from virtslo.config.profiles import load_profile
from virtslo.hollow.cluster import HollowCluster
from virtslo.hollow.cluster_faults import cluster_plays
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import KubeApi, Selection
from virtslo.sim.api_server import ApiServer
from virtslo.sim.direct import DirectTransport
from virtslo.sim.faults.fault_timer import FaultTimer
from virtslo.sim.faults.request_faults import FaultPlan
from virtslo.sim.server_faults import server_plays

T = TypeVar("T")
LOADER = Identity("loader", "loader", "loader/1", ("system:masters", "system:authenticated"))
NAMESPACE = "w"


@dataclass(slots=True)
class Hollow:
    """A hollow cluster at work, and a connection to it."""

    api: KubeApi
    server: ApiServer
    cluster: HollowCluster
    clock: Clock
    audit_log: list[Mapping[str, Any]] = field(default_factory=list)

    async def get(self, resource: Resource, name: str) -> Object | None:
        """An object, or None."""
        try:
            return await self.api.get(resource, name, namespace=NAMESPACE)
        except NotFound:
            return None

    async def list_objects(self, resource: Resource) -> tuple[Object, ...]:
        """What there is in the namespace."""
        return (await self.api.list_objects(resource, Selection(NAMESPACE))).items

    async def until(
        self, condition: Callable[[], Awaitable[bool]], *, seconds: float = 120.0
    ) -> None:
        """Wait until something is so; fails when it is not in time."""
        for _ in range(int(seconds * 10)):
            if await condition():
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"not within {seconds:g} s")

    async def until_status(
        self, resource: Resource, name: str, key: str, value: Any, *, seconds: float = 120.0
    ) -> Object:
        """Wait until a field of an object's status has a value; the object."""
        found: Object | None = None

        async def has_value() -> bool:
            nonlocal found
            found = await self.get(resource, name)
            return found is not None and (found.get("status") or {}).get(key) == value

        try:
            await self.until(has_value, seconds=seconds)
        except AssertionError:
            actual = found and found.get("status")
            raise AssertionError(f"{key} of {name} is not {value!r}: {actual}") from None
        assert found is not None
        return found

    async def until_gone(self, resource: Resource, name: str, *, seconds: float = 120.0) -> None:
        """Wait until an object is gone."""

        async def is_gone() -> bool:
            return await self.get(resource, name) is None

        await self.until(is_gone, seconds=seconds)


@asynccontextmanager
async def hollow_cluster(
    clock: Clock,
    *,
    profile: str = "instant",
    nodes: int = 2,
    seed: int = 1,
    faults: Sequence[str] = (),
    is_shared: bool = False,
) -> AsyncIterator[Hollow]:
    """A hollow cluster at work; its faults play from when it is ready."""
    asked = parse_faults(faults)
    loaded = load_profile(profile)
    audit_log: list[Mapping[str, Any]] = []
    server = ApiServer(
        clock=clock,
        seed=seed,
        profile=loaded.server,
        audit_log=lambda line: audit_log.append(msgspec.json.decode(line)),
        faults=FaultPlan(asked, seed=seed),
    )
    server.set_up()
    cluster = HollowCluster(
        connect=lambda identity: CheckedTransport(server, identity),
        clock=clock,
        profile=loaded,
        seed=seed,
        nodes=nodes,
        register_metrics=server.register_proxy,
        work=server.work,
        is_shared=is_shared,
    )
    await cluster.install()
    api = KubeApi(DirectTransport(server, LOADER))
    async with beside(cluster.run()):
        await cluster.synced.wait()
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
        await api.create(resources.NAMESPACES, namespace)
        plays = {**server_plays(server), **cluster_plays(cluster, seed=seed)}
        async with beside(FaultTimer(asked, clock=clock, plays=plays).run()):
            yield Hollow(api, server, cluster, clock, audit_log)


def in_hollow_cluster(
    work: Callable[[Hollow], Awaitable[T]],
    *,
    profile: str = "instant",
    nodes: int = 2,
    seed: int = 1,
    faults: Sequence[str] = (),
) -> T:
    """What work on a hollow cluster comes to, on a loop of its own in virtual time."""

    async def main(clock: Clock) -> T:
        opened = hollow_cluster(clock, profile=profile, nodes=nodes, seed=seed, faults=faults)
        async with opened as hollow:
            return await work(hollow)

    return run_in_virtual_time(main)


def vmi_spec(cpu: str = "100m", memory: str = "90Mi") -> dict[str, Any]:
    """A small VMI's spec: two volumes, as in the recordings of the real plane."""
    return {
        "terminationGracePeriodSeconds": 0,
        "domain": {
            "devices": {"disks": [{"name": "disk0", "disk": {"bus": "virtio"}}]},
            "resources": {"requests": {"cpu": cpu, "memory": memory}},
        },
        "volumes": [
            {"name": "disk0", "containerDisk": {"image": "registry:5000/cirros"}},
            {"name": "disk1", "cloudInitNoCloud": {"userData": "#!/bin/sh"}},
        ],
    }


def vmi(name: str, **spec: str) -> dict[str, Any]:
    """A VMI."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstance",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": vmi_spec(**spec),
    }


def vm(name: str, **spec: Any) -> dict[str, Any]:
    """A VM that is to run, unless `spec` says otherwise."""
    template = {"metadata": {"labels": {"app": "load"}}, "spec": vmi_spec()}
    wanted = {"template": template, **spec}
    if "running" not in spec:
        wanted.setdefault("runStrategy", "Always")
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": wanted,
    }


def pool(name: str, replicas: int, **spec: Any) -> dict[str, Any]:
    """A pool of VMs."""
    machine = {"runStrategy": "Always", "template": vm(name)["spec"]["template"]}
    return {
        "apiVersion": "pool.kubevirt.io/v1beta1",
        "kind": "VirtualMachinePool",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "load"}},
            "virtualMachineTemplate": {"metadata": {"labels": {"app": "load"}}, "spec": machine},
            **spec,
        },
    }


def replica_set(name: str, replicas: int) -> dict[str, Any]:
    """A replica set of VMIs."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachineInstanceReplicaSet",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "load"}},
            "template": vm(name)["spec"]["template"],
        },
    }
