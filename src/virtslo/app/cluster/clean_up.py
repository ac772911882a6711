"""Removing what runs left on a cluster.

Invariant: only objects that carry a run's label are ever deleted, and a namespace only if a run
made it and nothing foreign is in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from virtslo.app.cluster.namespaces import POLL_SECONDS, delete_namespaces, list_namespaces
from virtslo.app.cluster.retrying import Patience
from virtslo.base.clock import Clock, sleep, to_nanoseconds, to_seconds
from virtslo.base.errors import ClusterError, NotFound
from virtslo.client.paging import list_all
from virtslo.model.identifiers import RUN_LABEL, Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import KubeApi, Selection

OWNERS_FIRST: tuple[Resource, ...] = (
    resources.VM_POOLS,
    resources.VMI_REPLICA_SETS,
    resources.VMS,
    resources.VMIS,
)
"""In this order, so that no controller makes again what has just been removed."""


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What carries a run's label: objects by kind, and namespaces."""

    objects: tuple[tuple[Resource, tuple[Object, ...]], ...]
    namespaces: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        return not self.namespaces and not any(items for _, items in self.objects)

    def describe(self) -> tuple[str, ...]:
        """A line a kind, and one for the namespaces."""
        lines = [f"{len(items)} {resource.plural}" for resource, items in self.objects if items]
        if self.namespaces:
            lines.append(f"{len(self.namespaces)} namespaces: {', '.join(self.namespaces)}")
        return tuple(lines)


def selector_of(run_label: str | None) -> str:
    """The label selector of one run, or of all."""
    return RUN_LABEL if run_label is None else f"{RUN_LABEL}={run_label}"


async def find_leftovers(api: KubeApi, run_label: str | None) -> Leftovers:
    """Everything that carries the label of a run (None: of any run)."""
    selector = selector_of(run_label)
    ours = Selection(label_selector=selector)
    objects = [(resource, await _list_all(api, resource, ours)) for resource in OWNERS_FIRST]
    return Leftovers(tuple(objects), await list_namespaces(api, selector))


async def clean_up(
    api: KubeApi,
    clock: Clock,
    *,
    run_label: str | None,
    limit: float,
    tell: Callable[[str], None] = lambda _: None,
    namespace: str | None = None,
    made_none: bool = False,
) -> tuple[str, ...]:
    """Delete everything that carries the label, wait until it is gone; returns what is left: each
    object once, in order, with why it could not be deleted where that is known.

    With `namespace`, everything in it; where `made_none` says that the run made no namespace, none
    is looked for.
    """
    deadline_ns = clock.now_ns() + to_nanoseconds(limit)
    selector = Selection(namespace, label_selector=selector_of(run_label))
    patience = Patience(clock, deadline_ns, tell)
    failures: dict[str, str] = {}
    for resource in OWNERS_FIRST:
        items = await _list_all(api, resource, selector, patience)
        if items:
            tell(f"removing {len(items)} {resource.plural}")
        failures |= await _delete_all(api, resource, items, patience)
    remaining = await _wait_until_gone(api, clock, selector, deadline_ns, patience)
    if remaining:
        reasons = {name: f" ({failures[name]})" for name in remaining if name in failures}
        return tuple(f"{name}{reasons.get(name, '')}" for name in remaining)
    if made_none:
        return ()
    names = await patience.call(lambda: list_namespaces(api, selector_of(run_label)))
    if names:
        tell(f"removing {len(names)} namespaces")
    seconds_left = max(1.0, to_seconds(deadline_ns - clock.now_ns()))
    return await delete_namespaces(
        api, names, run_label=run_label, clock=clock, limit=seconds_left, tell=tell
    )


async def _list_all(
    api: KubeApi, resource: Resource, selection: Selection, patience: Patience | None = None
) -> tuple[Object, ...]:
    listing = partial(list_all, api, resource, selection)
    try:
        return await (listing() if patience is None else patience.call(listing))
    except NotFound:
        return ()


async def _delete_all(
    api: KubeApi, resource: Resource, items: Sequence[Object], patience: Patience
) -> dict[str, str]:
    """Ask for the deletion of each; returns why it was refused, by object."""
    failures: dict[str, str] = {}
    for item in items:
        meta = item["metadata"]
        if meta.get("deletionTimestamp"):
            continue
        delete = partial(
            api.delete, resource, meta["name"], namespace=meta["namespace"], uid=meta["uid"]
        )
        try:
            await patience.call(delete)
        except NotFound:
            continue
        except ClusterError as error:
            failures[_named(resource, item)] = error.message
    return failures


async def _wait_until_gone(
    api: KubeApi, clock: Clock, selector: Selection, deadline_ns: int, patience: Patience
) -> tuple[str, ...]:
    while True:
        remaining = {
            _named(resource, item)
            for resource in OWNERS_FIRST
            for item in await _list_all(api, resource, selector, patience)
        }
        if not remaining or clock.now_ns() >= deadline_ns:
            return tuple(sorted(remaining))
        await sleep(clock, POLL_SECONDS)


def _named(resource: Resource, item: Object) -> str:
    return f"{resource.kind} {item['metadata']['namespace']}/{item['metadata']['name']}"
