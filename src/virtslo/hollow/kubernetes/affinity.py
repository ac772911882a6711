"""Where a pod's required affinities let it go, as kube-scheduler's filters read them. Pure.

Invariant: what is only preferred is passed over. A term that selects nothing matches nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from virtslo.model.identifiers import Object

BESIDE: Final = "node(s) didn't match pod affinity rules"
APART: Final = "node(s) didn't match pod anti-affinity rules"
UNWANTED: Final = "node(s) didn't satisfy existing pods anti-affinity rules"
REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
NAME: Final = "metadata.name"
Labels = Mapping[str, str]
Place = tuple[str, str]
"""A topology key, and the value of it that nodes share."""


@dataclass(frozen=True, slots=True)
class PodTerm:
    """Pods that a pod wants beside it, or away from it."""

    topology: str
    namespaces: frozenset[str]
    labels: Mapping[str, str]
    expressions: tuple[Mapping[str, Any], ...]
    selects: bool = True
    """Whether there is a selector at all; without one no pod is meant."""

    def selects_pod(self, pod: Object) -> bool:
        """Whether a pod is meant."""
        metadata = pod["metadata"]
        labels = metadata.get("labels") or {}
        return (
            self.selects
            and metadata["namespace"] in self.namespaces
            and self.labels.items() <= labels.items()
            and all(meets(labels, each) for each in self.expressions)
        )


def pod_terms(pod: Object, kind: str) -> tuple[PodTerm, ...]:
    """The required terms of `podAffinity` or `podAntiAffinity`."""
    affinity = pod["spec"].get("affinity")
    if not affinity:
        return ()
    own = pod["metadata"]["namespace"]
    return tuple(
        PodTerm(
            term.get("topologyKey", ""),
            frozenset(term.get("namespaces") or (own,)),
            (term.get("labelSelector") or {}).get("matchLabels") or {},
            tuple((term.get("labelSelector") or {}).get("matchExpressions") or ()),
            selects=term.get("labelSelector") is not None,
        )
        for term in (affinity.get(kind) or {}).get(REQUIRED) or ()
    )


def node_terms(pod: Object) -> tuple[Mapping[str, Any], ...] | None:
    """The terms of the required node affinity, any of which is enough; None where none is set."""
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get(REQUIRED)
    return None if required is None else tuple(required.get("nodeSelectorTerms") or ())


def accepts_node(terms: Iterable[Mapping[str, Any]], name: str, labels: Labels) -> bool:
    """Whether a node meets any of the terms."""
    return any(_meets_term(term, name, labels) for term in terms)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What the pods that are placed already say of where one more may go."""

    beside: tuple[tuple[str, frozenset[str]], ...] = ()
    """Topology keys with the values that will do; all of them must."""
    apart: frozenset[Place] = frozenset()
    unwanted: frozenset[Place] = frozenset()

    def obstacle(self, labels: Labels) -> str | None:
        """Why a node of these labels will not do; None if it does."""
        if not all(labels.get(key) in values for key, values in self.beside):
            return BESIDE
        if any(labels.get(key) == value for key, value in self.apart):
            return APART
        if any(labels.get(key) == value for key, value in self.unwanted):
            return UNWANTED
        return None


def neighbours_of(
    pod: Object, placed: Sequence[tuple[Object, Labels]], nodes: Iterable[Labels]
) -> Neighbours:
    """What placed pods, each with the labels of its node, mean for a pod; `nodes` is every node."""
    apart = frozenset(
        (term.topology, labels[term.topology])
        for term in pod_terms(pod, "podAntiAffinity")
        for other, labels in placed
        if term.topology in labels and term.selects_pod(other)
    )
    unwanted = frozenset(
        (term.topology, labels[term.topology])
        for other, labels in placed
        for term in pod_terms(other, "podAntiAffinity")
        if term.topology in labels and term.selects_pod(pod)
    )
    wanted = pod_terms(pod, "podAffinity")
    found = [
        (
            term.topology,
            frozenset(
                labels[term.topology]
                for other, labels in placed
                if term.topology in labels and term.selects_pod(other)
            ),
        )
        for term in wanted
    ]
    if wanted and not any(values for _, values in found) and _is_first(pod, wanted):
        known = list(nodes)
        found = [
            (key, frozenset(labels[key] for labels in known if key in labels)) for key, _ in found
        ]
    return Neighbours(tuple(found), apart, unwanted)


def _is_first(pod: Object, terms: Iterable[PodTerm]) -> bool:
    """Whether a pod is of those that it wants to be beside: the first of them goes anywhere."""
    return all(term.selects_pod(pod) for term in terms)


def _meets_term(term: Mapping[str, Any], name: str, labels: Labels) -> bool:
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not expressions and not fields:
        return False
    return all(meets(labels, each) for each in expressions) and all(
        meets({NAME: name}, each) for each in fields
    )


def meets(labels: Labels, rule: Mapping[str, Any]) -> bool:
    """Whether labels meet one requirement."""
    key, values = rule["key"], list(rule.get("values") or ())
    match rule["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case "Gt" | "Lt" as operator if len(values) == 1:
            return _is_beyond(labels.get(key), values[0], is_greater=operator == "Gt")
    return False


def _is_beyond(found: str | None, bound: str, *, is_greater: bool) -> bool:
    try:
        number, limit = int(found or ""), int(bound)
    except ValueError:
        return False
    return number > limit if is_greater else number < limit
