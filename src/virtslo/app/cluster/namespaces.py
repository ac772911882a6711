"""The namespaces of a run.

Invariant: a namespace is deleted only if it carries this run's label, was made by a run, and
holds nothing foreign.
"""

from collections.abc import Callable, Sequence
from functools import partial

from virtslo.app.cluster.retrying import Patience
from virtslo.base.clock import Clock, sleep, to_nanoseconds
from virtslo.base.errors import AlreadyExists, ClusterError, NotFound
from virtslo.model.identifiers import RUN_LABEL, Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import KubeApi, Selection

POLL_SECONDS = 1.0
FOREIGN_KINDS: tuple[Resource, ...] = (
    resources.VMS,
    resources.VMIS,
    resources.VM_POOLS,
    resources.VMI_REPLICA_SETS,
    resources.PODS,
)
"""Kinds whose objects show that others use a namespace. Secrets are left out: to list them would
need the right to read every secret of the cluster."""


async def create_namespaces(
    api: KubeApi, names: Sequence[str], *, run_label: str, must_be_new: bool
) -> tuple[str, ...]:
    """Create and label the namespaces; returns those that this call made.

    Raises ClusterError for one that exists where it must be new, or is being terminated.
    """
    made: list[str] = []
    for name in names:
        if not must_be_new and await _is_there(api, name):
            continue
        body = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": {RUN_LABEL: run_label}},
        }
        try:
            await api.create(resources.NAMESPACES, body)
        except AlreadyExists as error:
            if must_be_new:
                raise ClusterError(
                    f"namespace {name!r} exists already, and this run wants to make it",
                    hint=f"remove what an earlier run left: virtslo clean --run {run_label}",
                ) from error
            await _is_there(api, name)
        else:
            made.append(name)
    return tuple(made)


async def _is_there(api: KubeApi, name: str) -> bool:
    """Whether a namespace is there. Raises ClusterError for one that is being terminated.

    Looked at before one is made: who has rights in it alone may read it and make none.
    """
    try:
        found = await api.get(resources.NAMESPACES, name)
    except NotFound:
        return False
    if is_terminating(found):
        raise ClusterError(
            f"namespace {name!r} is being terminated: it takes no new objects",
            hint="wait until it is gone (kubectl get namespace), or name another",
        )
    return True


def is_terminating(namespace: Object) -> bool:
    """Whether a namespace takes no new objects, since it is being deleted."""
    if namespace["metadata"].get("deletionTimestamp"):
        return True
    return (namespace.get("status") or {}).get("phase") == "Terminating"


async def list_namespaces(api: KubeApi, selector: str) -> tuple[str, ...]:
    """The names of the namespaces that carry the label."""
    found = await api.list_objects(resources.NAMESPACES, Selection(label_selector=selector))
    return tuple(item["metadata"]["name"] for item in found.items)


async def foreign_objects(api: KubeApi, namespace: str, run_label: str | None) -> tuple[str, ...]:
    """Objects in a namespace that this run (None: no run) made, as `kind name`."""
    ours = f"!{RUN_LABEL}" if run_label is None else f"{RUN_LABEL}!={run_label}"
    found: list[str] = []
    for resource in FOREIGN_KINDS:
        selection = Selection(namespace=namespace, label_selector=ours)
        try:
            page = await api.list_objects(resource, selection, limit=10)
        except NotFound:
            continue
        found += [f"{resource.kind} {item['metadata']['name']}" for item in page.items]
    return tuple(found)


async def delete_namespaces(
    api: KubeApi,
    names: Sequence[str],
    *,
    run_label: str | None,
    clock: Clock,
    limit: float,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[str, ...]:
    """Delete namespaces made by a run and wait until they are gone.

    Returns what is left, each with its reason. Nothing is raised for a single failure: the rest
    is still removed.
    """
    deadline_ns = clock.now_ns() + to_nanoseconds(limit)
    patience = Patience(clock, deadline_ns, tell)
    left: list[str] = []
    deleting: list[str] = []
    for name in names:
        try:
            foreign = await patience.call(partial(foreign_objects, api, name, run_label))
            if foreign:
                left.append(f"Namespace {name} (holds what is not ours: {', '.join(foreign)})")
                continue
            await patience.call(partial(api.delete, resources.NAMESPACES, name))
            deleting.append(name)
        except NotFound:
            continue
        except ClusterError as error:
            left.append(f"Namespace {name} ({error.message})")
    remaining = await _wait_until_gone(
        api, deleting, clock=clock, deadline_ns=deadline_ns, patience=patience
    )
    return tuple(sorted({*left, *(f"Namespace {name} (still terminating)" for name in remaining)}))


async def _wait_until_gone(
    api: KubeApi, names: Sequence[str], *, clock: Clock, deadline_ns: int, patience: Patience
) -> tuple[str, ...]:
    remaining = list(names)
    while remaining:
        still: list[str] = []
        for name in remaining:
            try:
                await patience.call(partial(api.get, resources.NAMESPACES, name))
                still.append(name)
            except NotFound:
                continue
        remaining = still
        if not remaining or clock.now_ns() >= deadline_ns:
            break
        await sleep(clock, POLL_SECONDS)
    return tuple(remaining)
