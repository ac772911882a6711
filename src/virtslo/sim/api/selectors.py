"""Label and field selectors, parsed once.

Invariant: a selector accepts exactly what Kubernetes' does; a bad one is a BadRequest that quotes
it. What a selector requires by equality is known, so that watches can be indexed by it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from virtslo.base.errors import BadRequest
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.other_resources import OTHERS
from virtslo.ports.kube_api import Selection

Predicate = Callable[[Object], bool]
IndexKey = tuple[str, str]
"""(what is compared, its value): `label:key` or `field:path`."""

_KEY: Final = r"(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_VALUE: Final = r"[A-Za-z0-9._-]*"
_EQUALITY: Final = re.compile(rf"({_KEY})\s*(==|=|!=)\s*({_VALUE})")
_SET: Final = re.compile(rf"({_KEY})\s+(in|notin)\s*\(\s*({_VALUE}(?:\s*,\s*{_VALUE})*)\s*\)")
_EXISTS: Final = re.compile(rf"(!?)\s*({_KEY})")
_FIELD: Final = re.compile(r"([A-Za-z][A-Za-z0-9.]*)(==|=|!=)(.*)")

FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "pods": frozenset(
        {
            "metadata.name",
            "metadata.namespace",
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        }
    ),
    "events": frozenset(
        {
            "metadata.name",
            "metadata.namespace",
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        }
    ),
    "namespaces": frozenset({"metadata.name", "status.phase"}),
    "nodes": frozenset({"metadata.name", "spec.unschedulable"}),
    "secrets": frozenset({"metadata.name", "metadata.namespace", "type"}),
    "services": frozenset({"metadata.name", "metadata.namespace", "spec.clusterIP", "spec.type"}),
    "jobs": frozenset({"metadata.name", "metadata.namespace", "status.successful"}),
    "replicationcontrollers": frozenset({"metadata.name", "metadata.namespace", "status.replicas"}),
}
_ABSENT: Final[Mapping[str, str]] = {
    "spec.unschedulable": "false",
    "spec.hostNetwork": "false",
    "spec.restartPolicy": "Always",
    "spec.schedulerName": "default-scheduler",
    "status.replicas": "0",
    "status.successful": "0",
}
"""What a field counts as where it is absent, if not as the empty text."""
_NAMED_ALONE: Final = frozenset(
    resource.plural
    for resource in (*resources.ALL, *OTHERS)
    if not resource.group.endswith("kubevirt.io") and resource.plural not in FIELDS
)
"""Built-in kinds that have no fields of their own to select by."""
_NO_LABELS: Final[Mapping[str, str]] = {}
_EVERY_FIELD: Final = frozenset({"metadata.name", "metadata.namespace"})


@dataclass(frozen=True, slots=True)
class Selector:
    """A parsed selector: what it accepts, and what it requires to be equal."""

    accepts: Predicate
    equal: tuple[tuple[str, str], ...] = ()
    terms: int = 0
    """How many requirements there are."""


@lru_cache(maxsize=4096)
def label_selector(text: str) -> Selector:
    """Parse a label selector. Raises BadRequest."""
    requirements: list[Callable[[Mapping[str, str]], bool]] = []
    equal: list[tuple[str, str]] = []
    for term in _terms(text):
        if match := _SET.fullmatch(term):
            requirements.append(_in_set(match[1], match[2], match[3]))
        elif match := _EQUALITY.fullmatch(term):
            requirements.append(_equals(match[1], match[2], match[3]))
            if match[2] != "!=":
                equal.append((match[1], match[3]))
        elif match := _EXISTS.fullmatch(term):
            requirements.append(_exists(match[2], wanted=not match[1]))
        else:
            raise BadRequest(f"unable to parse requirement: found {term!r}")
    if len(requirements) == 1:
        (only,) = requirements
        return Selector(lambda target: only(_labels(target)), tuple(equal), 1)

    def accepts(target: Object) -> bool:
        labels = _labels(target)
        return all(requirement(labels) for requirement in requirements)

    return Selector(accepts, tuple(equal), len(requirements))


@lru_cache(maxsize=4096)
def field_selector(text: str, plural: str) -> Selector:
    """Parse a field selector for a resource. Raises BadRequest for fields it does not support."""
    known = FIELDS.get(plural, _EVERY_FIELD)
    requirements: list[Predicate] = []
    equal: list[tuple[str, str]] = []
    for term in filter(None, (part.strip() for part in text.split(","))):
        match = _FIELD.fullmatch(term)
        if match is None:
            raise BadRequest(f"invalid selector: {text!r}; can't understand {term!r}")
        if match[1] not in known:
            raise _unknown_field(match[1], plural)
        requirements.append(_field(match[1], match[3], wanted=match[2] != "!="))
        if match[2] != "!=":
            equal.append((match[1], match[3]))
    if len(requirements) == 1:
        return Selector(requirements[0], tuple(equal), 1)

    def accepts(target: Object) -> bool:
        return all(requirement(target) for requirement in requirements)

    return Selector(accepts, tuple(equal), len(requirements))


def _unknown_field(path: str, plural: str) -> BadRequest:
    if plural in _NAMED_ALONE:
        words = 'only "metadata.name", "metadata.namespace"'
        return BadRequest(f'"{path}" is not a known field selector: {words}')
    return BadRequest(f"field label not supported: {path}")


@lru_cache(maxsize=4096)
def field_reader(path: str) -> Callable[[Object], str]:
    """What reads a field as field selectors compare it."""
    if path == "source":
        return _source_of_event
    if path == "status.podIPs":
        return lambda target: ""  # known, and of no pod
    parts = tuple(path.split("."))
    absent = _ABSENT.get(path, "")

    def read(target: Object) -> str:
        value: Any = target
        for part in parts:
            if not isinstance(value, dict):
                return absent
            value = value.get(part)
        if value.__class__ is str:
            return value
        if value is None:
            return absent
        return str(value).lower() if isinstance(value, bool) else str(value)

    return read


def _source_of_event(target: Object) -> str:
    """The component that an event is of."""
    source = target.get("source") or {}
    return str(source.get("component") or target.get("reportingComponent") or "")


def label_reader(key: str) -> Callable[[Object], str]:
    """What reads a label; absent is the empty string."""
    return lambda target: (target["metadata"].get("labels") or _NO_LABELS).get(key, "")


def reader_of(what: str) -> Callable[[Object], str]:
    """What reads the value of an index: of `label:KEY` or `field:PATH`."""
    return label_reader(what[6:]) if what.startswith("label:") else field_reader(what[6:])


def index_of(selection: Selection, plural: str) -> tuple[IndexKey, bool]:
    """What a selection requires to be equal that is worth an index; empty if there is nothing.

    Then whether it requires nothing else.
    """
    fields, labels = selection.field_selector, selection.label_selector
    is_single = not selection.namespace and not (fields and labels)
    if fields:
        selector = field_selector(fields, plural)
        for path, value in selector.equal:
            return (f"field:{path}", value), is_single and _is_equality(selector)
    if labels:
        selector = label_selector(labels)
        for key, value in selector.equal:
            return (f"label:{key}", value), is_single and _is_equality(selector)
    return ("", ""), is_single and not fields and not labels


def _is_equality(selector: Selector) -> bool:
    """Whether a selector asks for one value alone; an empty one may also be none at all."""
    return selector.terms == 1 and len(selector.equal) == 1 and bool(selector.equal[0][1])


def acceptance(selection: Selection, plural: str) -> Predicate:
    """Whether an object is selected, by namespace, labels and fields."""
    predicates: list[Predicate] = []
    if selection.namespace:
        namespace = selection.namespace
        predicates.append(lambda target: target["metadata"].get("namespace") == namespace)
    if selection.label_selector:
        predicates.append(label_selector(selection.label_selector).accepts)
    if selection.field_selector:
        predicates.append(field_selector(selection.field_selector, plural).accepts)
    if not predicates:
        return lambda _: True
    if len(predicates) == 1:
        return predicates[0]
    return lambda target: all(predicate(target) for predicate in predicates)


def _terms(text: str) -> list[str]:
    terms: list[str] = []
    depth = 0
    current = ""
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            terms.append(current.strip())
            current = ""
        else:
            current += character
    terms.append(current.strip())
    return [term for term in terms if term]


def _labels(target: Object) -> Mapping[str, str]:
    return target["metadata"].get("labels") or _NO_LABELS


def _equals(key: str, operator: str, value: str) -> Callable[[Mapping[str, str]], bool]:
    if operator == "!=":
        return lambda labels: labels.get(key) != value
    return lambda labels: labels.get(key) == value


def _in_set(key: str, operator: str, values: str) -> Callable[[Mapping[str, str]], bool]:
    wanted = frozenset(value.strip() for value in values.split(","))
    if operator == "notin":
        return lambda labels: key not in labels or labels[key] not in wanted
    return lambda labels: key in labels and labels[key] in wanted


def _exists(key: str, *, wanted: bool) -> Callable[[Mapping[str, str]], bool]:
    return lambda labels: (key in labels) is wanted


def _field(path: str, value: str, *, wanted: bool) -> Predicate:
    read = field_reader(path)
    if wanted:
        return lambda target: read(target) == value
    return lambda target: read(target) != value
