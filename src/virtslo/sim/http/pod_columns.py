"""What `kubectl get pods` says of a pod: containers ready, status, restarts.

Invariant: pure, and in the order of precedence of the real server: an init container's trouble
before a container's, a container's before the phase, deletion before all.
"""

from collections.abc import Mapping
from typing import Any

from virtslo.model.identifiers import Object


def ready_containers(pod: Object) -> str:
    """`ready/all`; an init container that stays beside the others counts as one of them."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    sidecars = {each["name"] for each in spec.get("initContainers") or () if _is_sidecar(each)}
    total = len(spec.get("containers") or ()) + len(sidecars)
    ready = sum(1 for each in status.get("containerStatuses") or () if each.get("ready"))
    ready += sum(
        1
        for each in status.get("initContainerStatuses") or ()
        if each.get("name") in sidecars and each.get("ready")
    )
    return f"{ready}/{total}"


def restarts(pod: Object) -> str:
    """How often its containers were restarted."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    return str(sum(int(each.get("restartCount") or 0) for each in statuses))


def pod_status(pod: Object) -> str:
    """One word for the state a pod is in."""
    status = pod.get("status") or {}
    word = str(status.get("reason") or status.get("phase") or "Unknown")
    if any(
        each.get("type") == "PodScheduled" and each.get("reason") == "SchedulingGated"
        for each in status.get("conditions") or ()
    ):
        word = "SchedulingGated"
    trouble = _init_trouble(pod)
    word = trouble or _container_word(status, word)
    if pod["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            return "Unknown"
        if status.get("phase") not in {"Succeeded", "Failed"}:
            return "Terminating"
    return word


def _init_trouble(pod: Object) -> str:
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    known = {each["name"]: each for each in spec.get("initContainers") or ()}
    for index, each in enumerate(status.get("initContainerStatuses") or ()):
        state = each.get("state") or {}
        ended = state.get("terminated")
        if ended and not ended.get("exitCode"):
            continue
        if _is_sidecar(known.get(each.get("name"), {})) and each.get("started"):
            continue
        if ended:
            code = ended.get("exitCode")
            return f"Init:{ended.get('reason') or f'ExitCode:{code}'}"
        waiting = (state.get("waiting") or {}).get("reason")
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}"
        return f"Init:{index}/{len(known)}"
    return ""


def _container_word(status: Mapping[str, Any], word: str) -> str:
    has_running = False
    for each in reversed(status.get("containerStatuses") or ()):
        state = each.get("state") or {}
        waiting = (state.get("waiting") or {}).get("reason")
        ended = state.get("terminated")
        if waiting:
            word = str(waiting)
        elif ended:
            word = str(ended.get("reason") or f"ExitCode:{ended.get('exitCode', 0)}")
        elif each.get("ready") and state.get("running") is not None:
            has_running = True
    if word == "Completed" and has_running:
        return "Running"
    return word


def _is_sidecar(container: Mapping[str, Any]) -> bool:
    return container.get("restartPolicy") == "Always"
