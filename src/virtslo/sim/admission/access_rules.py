"""Roles and bindings as they are stored: their defaults, and what Kubernetes refuses of them.

Invariant: what is stored can be decided by: every rule has verbs and what they are on, every
binding a role and subjects of a known kind, and its role never changes.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.access_resources import (
    CLUSTER_ROLE_BINDINGS,
    RBAC,
    ROLE_BINDINGS,
    ROLES,
)
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.api.refusals import INVALID, Cause, invalid, required, unsupported
from virtslo.sim.authorization.authorizer import Authorizer
from virtslo.sim.authorization.escalation import check_binding, check_role

_GO_NAMES: Final = {"apiGroup": "APIGroup", "kind": "Kind", "name": "Name"}
_SUBJECTS: Final = ("ServiceAccount", "User", "Group")
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Role": ("rules",),
    "ClusterRole": ("rules", "aggregationRule"),
    "RoleBinding": ("subjects", "roleRef"),
    "ClusterRoleBinding": ("subjects", "roleRef"),
}


def admitted_role(
    authorizer: Authorizer, resource: Resource, before: Object | None, after: Object, user: Identity
) -> Object:
    """A role as it is stored. Raises Forbidden or Invalid."""
    after = {"rules": None, **_stripped(after)}
    if after["rules"]:
        after["rules"] = [_readable(rule or {}) for rule in after["rules"]]
    check_role(authorizer, resource, before, after, user)
    causes = [
        cause
        for index, rule in enumerate(after["rules"] or ())
        for cause in _rule_causes(rule, f"rules[{index}]", is_namespaced=resource is ROLES)
    ]
    aggregation = after.get("aggregationRule")
    if aggregation is not None and not aggregation.get("clusterRoleSelectors"):
        words = "at least one clusterRoleSelector required if aggregationRule is non-nil"
        causes.append(required("aggregationRule.clusterRoleSelectors", words))
    _refuse(resource, after, causes)
    return after


def admitted_binding(
    authorizer: Authorizer, resource: Resource, before: Object | None, after: Object, user: Identity
) -> Object:
    """A binding as it is stored. Raises Forbidden, NotFound or Invalid."""
    after = _stripped(after)
    given = _readable(after.get("roleRef") or {})
    reference = {"apiGroup": RBAC, "kind": "", "name": "", **given}
    reference["apiGroup"] = reference["apiGroup"] or RBAC
    subjects = [_whole(_readable(subject or {})) for subject in after.get("subjects") or ()]
    after = {**after, "roleRef": reference}
    if subjects:
        after["subjects"] = subjects
    check_binding(authorizer, resource, before, after, user)
    causes = [*_reference_causes(resource, reference), *_subjects_causes(resource, subjects)]
    if before is not None and before["roleRef"] != reference:
        shown = json.dumps(
            {name: reference[key] for key, name in _GO_NAMES.items()}, separators=(",", ":")
        )
        words = f"Invalid value: {shown}: cannot change roleRef"
        causes.append(Cause("roleRef", INVALID, words))
    _refuse(resource, after, causes)
    return after


def _stripped(target: Object) -> dict[str, Any]:
    """An object without what is no field of its kind: one of no other shape is decided by."""
    fields = ("apiVersion", "kind", "metadata", *_FIELDS[target["kind"]])
    return {key: target[key] for key in fields if key in target}


def _readable(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """A part as Go reads it: a null is left out, and in a list of texts an empty one."""
    return {
        key: ["" if each is None else each for each in value] if isinstance(value, list) else value
        for key, value in part.items()
        if value is not None
    }


def _whole(subject: Mapping[str, Any]) -> Mapping[str, Any]:
    if subject.get("apiGroup") or subject.get("kind") not in {"User", "Group"}:
        return subject
    return {**subject, "apiGroup": RBAC}


def _rule_causes(rule: Mapping[str, Any], path: str, *, is_namespaced: bool) -> Iterator[Cause]:
    if not rule.get("verbs"):
        yield required(f"{path}.verbs", "verbs must contain at least one value")
    urls = rule.get("nonResourceURLs")
    if urls:
        field, shown = f"{path}.nonResourceURLs", _listed(urls)
        if is_namespaced:
            words = "namespaced rules cannot apply to non-resource URLs"
            yield Cause(field, INVALID, f"Invalid value: {shown}: {words}")
        if rule.get("apiGroups") or rule.get("resources") or rule.get("resourceNames"):
            words = "rules cannot apply to both regular resources and non-resource URLs"
            yield Cause(field, INVALID, f"Invalid value: {shown}: {words}")
        return
    if not rule.get("apiGroups"):
        yield required(f"{path}.apiGroups", "resource rules must supply at least one api group")
    if not rule.get("resources"):
        yield required(f"{path}.resources", "resource rules must supply at least one resource")


def _reference_causes(resource: Resource, reference: Mapping[str, Any]) -> Iterator[Cause]:
    kinds = ("Role", "ClusterRole") if resource is ROLE_BINDINGS else ("ClusterRole",)
    if reference["apiGroup"] != RBAC:
        yield unsupported("roleRef.apiGroup", reference["apiGroup"], [RBAC])
    if reference["kind"] not in kinds:
        yield unsupported("roleRef.kind", reference["kind"], kinds)
    if not reference["name"]:
        yield required("roleRef.name")


def _subjects_causes(resource: Resource, subjects: Sequence[Mapping[str, Any]]) -> Iterator[Cause]:
    for index, subject in enumerate(subjects):
        path, kind = f"subjects[{index}]", subject.get("kind") or ""
        group = subject.get("apiGroup") or ""
        if not subject.get("name"):
            yield required(f"{path}.name")
        if kind not in _SUBJECTS:
            yield unsupported(f"{path}.kind", kind, _SUBJECTS)
        elif kind == "ServiceAccount":
            if group:
                yield unsupported(f"{path}.apiGroup", group, [""])
            if resource is CLUSTER_ROLE_BINDINGS and not subject.get("namespace"):
                yield required(f"{path}.namespace")
        elif group != RBAC:
            yield unsupported(f"{path}.apiGroup", group, [RBAC])


def _listed(values: Sequence[str]) -> str:
    return "[" + ",".join(f'"{value}"' for value in values) + "]"


def _refuse(resource: Resource, target: Object, causes: Sequence[Cause]) -> None:
    if causes:
        raise invalid(resource, target["metadata"].get("name") or "", causes)
