"""Hollow nodes and a hollow KubeVirt on a cluster: installed, and removed again.

Invariant: a cluster with a real KubeVirt is refused; only what carries our label is ever removed;
nodes repel what is not a virt-launcher of ours.
"""

from collections.abc import Callable, Sequence
from typing import Final

from virtslo.app.cluster.environment import is_played
from virtslo.app.cluster.vmi_readiness import await_admission
from virtslo.base.clock import Clock, sleep, to_nanoseconds
from virtslo.base.errors import AlreadyExists, ApiError, ClusterError, NotFound
from virtslo.client.paging import list_all
from virtslo.hollow.definitions import (
    ADMISSION_BINDINGS,
    ADMISSION_POLICIES,
    DEFINED,
    MANAGED_LABEL,
    definition_of,
    vmi_policy,
    vmi_policy_binding,
)
from virtslo.hollow.installation import install_kubevirt, install_nodes
from virtslo.hollow.node.heartbeats import NODE_NAMESPACE
from virtslo.hollow.process.component import KUBEVIRT_NAMESPACE
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.model.simulated.profile import Profile
from virtslo.ports.kube_api import KubeApi, Selection

ESTABLISHED_SECONDS: Final = 30.0
GONE_SECONDS: Final = 120.0
"""How long to wait until what was deleted is gone: namespaces and definitions end slowly."""
OURS: Final = Selection(label_selector=f"{MANAGED_LABEL}=true")
_POPULATION: Final = (
    resources.VM_POOLS,
    resources.VMI_REPLICA_SETS,
    resources.VMS,
    resources.VMIS,
)
Tell = Callable[[str], None]


def node_names(count: int) -> tuple[str, ...]:
    """The names of `count` hollow nodes."""
    return tuple(f"virtslo-hollow-{index:05d}" for index in range(count))


async def require_no_kubevirt(api: KubeApi) -> None:
    """Refuse a cluster on which there is a KubeVirt, real or played. Raises ClusterError."""
    try:
        found = await list_all(api, resources.KUBEVIRTS)
    except NotFound:
        return
    real = [item["metadata"] for item in found if not is_played(item)]
    if real:
        name = f"{real[0]['namespace']}/{real[0]['name']}"
        raise ClusterError(
            f"a real KubeVirt is installed here (KubeVirt {name}): hollow controllers beside it "
            "would fight over the same objects; nothing was touched",
            hint="use a cluster without KubeVirt",
        )
    if found:
        raise ClusterError(
            "hollow controllers play a KubeVirt here already, or were ended before they could "
            "clean up",
            hint="virtslo hollow --remove takes away what is left of them",
        )


async def install(
    api: KubeApi,
    clock: Clock,
    profile: Profile,
    *,
    nodes: int,
    seed: int,
    install_definitions: bool,
    tell: Tell,
) -> None:
    """Put definitions (if asked for), a KubeVirt object and hollow nodes on the cluster."""
    is_policed = False
    if install_definitions:
        is_policed = await _define(api, clock, tell)
    elif not await _is_defined(api):
        raise ClusterError(
            "this cluster does not know KubeVirt's resources",
            hint="--install-crds puts small definitions of them there",
        )
    tell(f"KubeVirt object, played by profile {profile.name}")
    await _make_namespace(api)
    await install_kubevirt(api, profile, seed=seed, nodes=nodes)
    tell(f"{nodes} hollow nodes")
    await install_nodes(api, node_names(nodes), profile.nodes, clock, mark=MANAGED_LABEL)
    if install_definitions:
        await await_admission(api, clock, is_policed=is_policed)


async def remove(api: KubeApi, clock: Clock, tell: Tell) -> tuple[str, ...]:
    """Remove what `install` put there, and wait until it is gone.

    Returns what is left, each with its reason.
    """
    left: list[str] = []
    nodes = await _ours(api, resources.NODES)
    if nodes:
        tell(f"removing {len(nodes)} hollow nodes")
    for node in nodes:
        name = node["metadata"]["name"]
        await _delete(api, resources.NODES, name, None, left)
        await _delete(api, resources.LEASES, name, NODE_NAMESPACE, left)
    for item in await _kubevirts(api):
        if is_played(item):
            meta = item["metadata"]
            tell(f"removing KubeVirt {meta['namespace']}/{meta['name']}")
            await _delete(api, resources.KUBEVIRTS, meta["name"], meta["namespace"], left)
    left += await _remove_definitions(api, tell)
    for namespace in await _ours(api, resources.NAMESPACES):
        await _delete(api, resources.NAMESPACES, namespace["metadata"]["name"], None, left)
    return tuple(left) or await _until_gone(api, clock)


async def _until_gone(api: KubeApi, clock: Clock) -> tuple[str, ...]:
    """Wait until no namespace and no definition of ours is left; what still is after the limit."""
    deadline_ns = clock.now_ns() + to_nanoseconds(GONE_SECONDS)
    while True:
        ending = [
            f"{resource.kind} {item['metadata']['name']} (still ending after {GONE_SECONDS:g} s)"
            for resource in (resources.NAMESPACES, resources.CUSTOM_RESOURCE_DEFINITIONS)
            for item in await _ours(api, resource)
        ]
        if not ending or clock.now_ns() > deadline_ns:
            return tuple(ending)
        await sleep(clock, 0.5)


async def _remove_definitions(api: KubeApi, tell: Tell) -> list[str]:
    """Definitions of ours go only when no machine is left, since they take machines along."""
    left: list[str] = []
    definitions = await _ours(api, resources.CUSTOM_RESOURCE_DEFINITIONS)
    machines = 0
    for resource in _POPULATION:
        try:
            machines += len((await api.list_objects(resource, limit=1)).items)
        except NotFound:
            continue
    if definitions and machines:
        return [f"{len(definitions)} definitions (there are still machines: virtslo clean --all)"]
    if definitions:
        tell(f"removing {len(definitions)} definitions")
    for definition in definitions:
        name = definition["metadata"]["name"]
        await _delete(api, resources.CUSTOM_RESOURCE_DEFINITIONS, name, None, left)
    for resource in (ADMISSION_BINDINGS, ADMISSION_POLICIES):
        for item in await _ours(api, resource):
            await _delete(api, resource, item["metadata"]["name"], None, left)
    return left


async def _define(api: KubeApi, clock: Clock, tell: Tell) -> bool:
    """Define KubeVirt's resources; returns whether a policy of ours admits new VMIs."""
    tell(f"{len(DEFINED)} definitions of KubeVirt's resources")
    for resource in DEFINED:
        try:
            await api.create(resources.CUSTOM_RESOURCE_DEFINITIONS, definition_of(resource))
        except AlreadyExists:
            continue
    deadline_ns = clock.now_ns() + to_nanoseconds(ESTABLISHED_SECONDS)
    while not await _is_defined(api):
        if clock.now_ns() > deadline_ns:
            raise ClusterError(f"the definitions are not served after {ESTABLISHED_SECONDS:g} s")
        await sleep(clock, 0.2)
    try:
        await api.create(ADMISSION_POLICIES, vmi_policy())
        await api.create(ADMISSION_BINDINGS, vmi_policy_binding())
    except AlreadyExists:
        return True
    except NotFound:
        tell(
            "this API server has no MutatingAdmissionPolicy (Kubernetes 1.36 has it): VMIs go at "
            "once when they are deleted, without their controller"
        )
        return False
    return True


async def _make_namespace(api: KubeApi) -> None:
    """KubeVirt's namespace, labelled as ours where it was not there."""
    metadata = {"name": KUBEVIRT_NAMESPACE, "labels": {MANAGED_LABEL: "true"}}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    try:
        await api.create(resources.NAMESPACES, body)
    except AlreadyExists:
        return


async def _is_defined(api: KubeApi) -> bool:
    for resource in DEFINED:
        try:
            await api.list_objects(resource, limit=1)
        except NotFound:
            return False
    return True


async def _ours(api: KubeApi, resource: Resource) -> Sequence[Object]:
    try:
        return (await api.list_objects(resource, OURS)).items
    except NotFound:
        return ()


async def _kubevirts(api: KubeApi) -> Sequence[Object]:
    try:
        selection = Selection(namespace=KUBEVIRT_NAMESPACE)
        return await list_all(api, resources.KUBEVIRTS, selection)
    except NotFound:
        return ()


async def _delete(
    api: KubeApi, resource: Resource, name: str, namespace: str | None, left: list[str]
) -> None:
    try:
        await api.delete(resource, name, namespace=namespace)
    except NotFound:
        return
    except ApiError as error:
        left.append(f"{resource.kind} {name} ({error.message})")
