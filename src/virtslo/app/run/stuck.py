"""Which objects are stuck, and why: their phase, their pod and their last events, as they are now.

Invariant: asked once, when waiting has ended in vain, about a few objects; what cannot be read is
left out and never guessed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from virtslo.base.errors import ApiError, ClusterError
from virtslo.client.paging import PAGE_SIZE, list_all
from virtslo.load.never_started import waiting_strategy
from virtslo.model.identifiers import RUN_LABEL, RUNNING, Object
from virtslo.model.kubernetes import resources
from virtslo.model.run.findings import Finding
from virtslo.ports.kube_api import KubeApi, Selection

TOLD: Final = 3
"""How many stuck objects are looked into."""
EVENTS: Final = 3
_LONGEST: Final = 160


async def find_stuck(
    api: KubeApi, *, run_label: str, stage: str, namespace: str | None = None
) -> Finding | None:
    """What keeps the run's VMIs from being Running, or its VMs from having one.

    None where all run, or none can be read.
    """
    ours = Selection(namespace, label_selector=f"{RUN_LABEL}={run_label}")
    try:
        vmis = await list_all(api, resources.VMIS, ours)
        stuck = [vmi for vmi in vmis if _phase(vmi) != RUNNING]
        idle = _without_vmi(await list_all(api, resources.VMS, ours), vmis)
        if not stuck and not idle:
            return None
        pods = {_owner(pod): pod for pod in await list_all(api, resources.PODS, ours)}
        told = [await _tell(api, vmi, pods.get(vmi["metadata"]["uid"])) for vmi in stuck[:TOLD]]
        told_idle = [await _tell_idle(api, machine) for machine in idle[:TOLD]]
    except ClusterError:
        return None
    parts = []
    if stuck:
        parts.append(f"{len(stuck)} VMIs were stuck after {stage}: {_some(told, len(stuck))}")
    if idle:
        parts.append(f"{len(idle)} VMs had no VMI after {stage}: {_some(told_idle, len(idle))}")
    return Finding(code="stuck", detail="; ".join(parts))


def _some(told: Sequence[str], count: int) -> str:
    more = f"; and {count - TOLD} more" if count > TOLD else ""
    return f"{'; '.join(told)}{more}"


def _without_vmi(machines: Sequence[Object], vmis: Sequence[Object]) -> list[Object]:
    """VMs that have no VMI now."""
    owners = {_owner(vmi) for vmi in vmis}
    return [machine for machine in machines if machine["metadata"]["uid"] not in owners]


async def _tell_idle(api: KubeApi, machine: Object) -> str:
    metadata = machine["metadata"]
    status = machine.get("status", {}).get("printableStatus") or "without a status"
    words = [f"{metadata['namespace']}/{metadata['name']} is {status}"]
    waiting = waiting_strategy(machine.get("spec"))
    if waiting is not None:
        words.append(f"nothing starts it: {waiting[0]} is {waiting[1]}")
    words += list(_reasons(machine))
    events = await _events(api, metadata["namespace"], [metadata["name"]])
    if events:
        words.append(f"last events: {' | '.join(events)}")
    return ", ".join(words)


async def _tell(api: KubeApi, vmi: Object, pod: Object | None) -> str:
    metadata = vmi["metadata"]
    name = f"{metadata['namespace']}/{metadata['name']}"
    words = [f"{name} is {_phase(vmi) or 'without a phase'}"]
    words += list(_reasons(vmi))
    if pod is None:
        words.append("it has no pod")
    else:
        words.append(f"its pod {pod['metadata']['name']} is {_phase(pod) or 'without a phase'}")
        words += list(_reasons(pod))
        words += list(_waiting(pod))
    names = [metadata["name"], *([pod["metadata"]["name"]] if pod else [])]
    events = await _events(api, metadata["namespace"], names)
    if events:
        words.append(f"last events: {' | '.join(events)}")
    return ", ".join(words)


def _reasons(item: Object) -> Iterator[str]:
    """Conditions that are not as they should be, with their reason."""
    for condition in item.get("status", {}).get("conditions", ()):
        if condition.get("status") == "False" and condition.get("reason"):
            message = _short(condition.get("message", ""))
            yield f"{condition['reason']}{f': {message}' if message else ''}"


def _waiting(pod: Object) -> Iterator[str]:
    status = pod.get("status", {})
    for container in (
        *status.get("initContainerStatuses", ()),
        *status.get("containerStatuses", ()),
    ):
        reason = container.get("state", {}).get("waiting", {}).get("reason")
        if reason:
            yield f"container {container.get('name', '?')} waits: {reason}"


async def _events(api: KubeApi, namespace: str, names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        selection = Selection(namespace=namespace, field_selector=f"involvedObject.name={name}")
        try:
            page = await api.list_objects(resources.EVENTS, selection, limit=PAGE_SIZE)
        except ApiError:
            continue
        found += [_event(item) for item in page.items[-EVENTS:]]
    return found[-EVENTS:]


def _event(item: Mapping[str, Any]) -> str:
    return f"{item.get('reason', '')}: {_short(str(item.get('message', '')))}"


def _phase(item: Object) -> str:
    return str(item.get("status", {}).get("phase", ""))


def _owner(pod: Object) -> str:
    owners = pod["metadata"].get("ownerReferences", ())
    return str(owners[0]["uid"]) if owners else ""


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…"
