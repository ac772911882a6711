"""The pods of a daemonset: where they belong, how they look, what its status says of them. Pure.

Invariant: a pod is of the node that it is bound to, or else of the one that its affinity names; a
pod that is going away still takes its node's place.
"""

import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from virtslo.hollow.client_go.conditions import find_condition
from virtslo.hollow.client_go.ownership import controller_reference
from virtslo.hollow.kubernetes.affinity import NAME, REQUIRED, accepts_node, node_terms
from virtslo.hollow.kubernetes.tolerations import NO_EXECUTE, taints_of
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.other_resources import DAEMON_SETS

_SHARE: Final = re.compile(r"([0-9]{1,4})%")
REVISION_LABEL: Final = "controller-revision-hash"
_GENERATION_LABEL: Final = "pod-template-generation"
_EVERYWHERE: Final = (
    *(
        {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": "NoExecute"}
        for name in ("not-ready", "unreachable")
    ),
    *(
        {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": "NoSchedule"}
        for name in ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")
    ),
)
_OF_HOST_NETWORK: Final = {
    "key": "node.kubernetes.io/network-unavailable", "operator": "Exists", "effect": "NoSchedule"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Whether a node is to have a pod of a daemonset, and whether one that is there may stay."""

    is_wanted: bool
    may_stay: bool


def revision_hash(daemon_set: Object) -> str:
    """What names the template that a pod is of."""
    text = json.dumps(daemon_set["spec"]["template"], sort_keys=True, separators=(",", ":"))
    return f"{zlib.crc32(text.encode()):08x}"


def owner_reference(daemon_set: Object) -> dict[str, Any]:
    """The reference to a daemonset, which lists give without its kind."""
    kind = {"apiVersion": DAEMON_SETS.api_version, "kind": DAEMON_SETS.kind}
    return controller_reference({**daemon_set, **kind})


def place_on(daemon_set: Object, node: Object) -> Place:
    """What a daemonset wants of a node."""
    spec = daemon_set["spec"]["template"]["spec"]
    name, labels = node["metadata"]["name"], node["metadata"].get("labels") or {}
    terms = node_terms({"spec": spec})
    if (
        spec.get("nodeName") not in (None, "", name)
        or not (spec.get("nodeSelector") or {}).items() <= labels.items()
        or (terms is not None and not accepts_node(terms, name, labels))
    ):
        return Place(is_wanted=False, may_stay=False)
    tolerations = _tolerations(spec)
    repelling = [each for each in taints_of(node) if not each.is_tolerated(tolerations)]
    may_stay = all(taint.effect != NO_EXECUTE for taint in repelling)
    return Place(is_wanted=not repelling, may_stay=may_stay)


def pod_on(daemon_set: Object, node: str) -> dict[str, Any]:
    """The pod that a daemonset has on a node; the scheduler binds it there."""
    metadata, template = daemon_set["metadata"], daemon_set["spec"]["template"]
    of_pod, spec = template.get("metadata") or {}, template["spec"]
    required = {"nodeSelectorTerms": [{"matchFields": [_only(node)]}]}
    affinity = spec.get("affinity") or {}
    on_node = {**(affinity.get("nodeAffinity") or {}), REQUIRED: required}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **{key: of_pod[key] for key in ("annotations", "finalizers") if of_pod.get(key)},
            "generateName": f"{metadata['name']}-",
            "labels": {
                **(of_pod.get("labels") or {}),
                REVISION_LABEL: revision_hash(daemon_set),
                _GENERATION_LABEL: str(metadata.get("generation", 1)),
            },
            "namespace": metadata["namespace"],
            "ownerReferences": [owner_reference(daemon_set)],
        },
        "spec": {
            **spec,
            "affinity": {**affinity, "nodeAffinity": on_node},
            "tolerations": _tolerations(spec),
        },
    }


def node_of(pod: Object) -> str:
    """The node that a pod of a daemonset is for; empty where it names none."""
    bound = pod["spec"].get("nodeName")
    if bound:
        return str(bound)
    for term in node_terms(pod) or ():
        for field in term.get("matchFields") or ():
            if field["key"] == NAME and field["operator"] == "In" and len(field["values"]) == 1:
                return str(field["values"][0])
    return ""


def by_node(pods: Iterable[Object]) -> dict[str, list[Object]]:
    """The pods of each node, the oldest first."""
    found: dict[str, list[Object]] = {}
    for pod in sorted(pods, key=_age):
        found.setdefault(node_of(pod), []).append(pod)
    return found


def is_going(pod: Object) -> bool:
    """Whether a pod is being deleted."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def is_ready(pod: Object) -> bool:
    """Whether a pod is ready."""
    ready = find_condition(pod.get("status") or {}, "Ready")
    return ready is not None and ready["status"] == "True" and not is_going(pod)


def hash_of(pod: Object) -> str | None:
    """What names the template that a pod is of."""
    found = (pod["metadata"].get("labels") or {}).get(REVISION_LABEL)
    return None if found is None else str(found)


def is_of(pod: Object, revision: str) -> bool:
    """Whether a pod is of a template."""
    return hash_of(pod) == revision


def next_status(
    daemon_set: Object, places: Mapping[str, Place], pods: Mapping[str, Sequence[Object]]
) -> dict[str, Any]:
    """The status of a daemonset; a ready pod is available at once."""
    revision = revision_hash(daemon_set)
    wanted = {name: None for name, place in places.items() if place.is_wanted}
    firsts = [pods[name][0] for name in wanted if pods.get(name)]
    ready = sum(map(is_ready, firsts))
    updated = sum(is_of(pod, revision) for pod in firsts)
    misplaced = sum(
        1 for name, found in pods.items() if found and name in places and name not in wanted
    )
    generation = daemon_set["metadata"].get("generation", 1)
    status = {
        "currentNumberScheduled": len(firsts),
        "numberMisscheduled": misplaced,
        "desiredNumberScheduled": len(wanted),
        "numberReady": ready,
        "observedGeneration": generation,
    }
    more = {
        "updatedNumberScheduled": updated,
        "numberAvailable": ready,
        "numberUnavailable": len(wanted) - ready,
    }
    return status | {key: value for key, value in more.items() if value}


def outdated(
    daemon_set: Object, places: Mapping[str, Place], pods: Mapping[str, Sequence[Object]]
) -> list[Object]:
    """Pods of an earlier template that may go now, by the update strategy."""
    strategy = daemon_set["spec"].get("updateStrategy") or {}
    if strategy.get("type") not in (None, "", "RollingUpdate"):
        return []
    revision = revision_hash(daemon_set)
    wanted = [name for name, place in places.items() if place.is_wanted]
    down, candidates = [], []
    unavailable = 0
    for name in wanted:
        living = [pod for pod in pods.get(name, ()) if not is_going(pod)]
        old = [pod for pod in living if not is_of(pod, revision)]
        if not living or not is_ready(living[0]):
            unavailable += 1
            down += old
        elif old:
            candidates.append(old[0])
    most = _most_unavailable(strategy, len(wanted))
    return down + candidates[: max(0, most - unavailable)]


def _most_unavailable(strategy: Mapping[str, Any], wanted: int) -> int:
    """How many pods may be missing; a share is rounded up, as Kubernetes has it.

    One, the default, of what a real server would have refused.
    """
    rolling = strategy.get("rollingUpdate")
    value = rolling.get("maxUnavailable") if isinstance(rolling, Mapping) else None
    if isinstance(value, int):
        return value
    share = _SHARE.fullmatch(value) if isinstance(value, str) else None
    return -(-int(share[1]) * wanted // 100) if share else 1


def _tolerations(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    more = [_OF_HOST_NETWORK] if spec.get("hostNetwork") else []
    own = list(spec.get("tolerations") or ())
    return own + [each for each in (*_EVERYWHERE, *more) if each not in own]


def _only(node: str) -> dict[str, Any]:
    return {"key": NAME, "operator": "In", "values": [node]}


def _age(pod: Object) -> tuple[str, str]:
    metadata = pod["metadata"]
    return str(metadata.get("creationTimestamp")), metadata["name"]
