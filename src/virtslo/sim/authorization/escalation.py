"""Rights that are given on: a user grants only what the user holds.

Invariant: a role is written, and bound, by who holds all of its rules where it holds, by who has
the verb `escalate` or `bind` on it, or by `system:masters`.
"""

from collections.abc import Sequence
from typing import Final

from virtslo.base.errors import ServerFailure
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.access_resources import CLUSTER_ROLES, RBAC, ROLES
from virtslo.model.kubernetes.identity import Identity
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.api.refusals import not_found
from virtslo.sim.authorization.attributes import Attributes
from virtslo.sim.authorization.authorizer import MASTERS, Authorizer, denied
from virtslo.sim.authorization.go_text import go_list, go_quoted
from virtslo.sim.authorization.roles import MissingRole
from virtslo.sim.authorization.rules import FULL_AUTHORITY, Rule, described, uncovered

_AGGREGATING: Final = "must have cluster-admin privileges to use the aggregationRule"


def check_role(
    authorizer: Authorizer, resource: Resource, before: Object | None, after: Object, user: Identity
) -> None:
    """Refuse a role that grants what its writer does not hold. Raises Forbidden."""
    if MASTERS in user.groups or (before is not None and _differ_as_collected(before, after)):
        return
    name, namespace = _place(after)
    asked = Attributes(
        "escalate",
        RBAC,
        resource.plural,
        namespace=namespace,
        name="" if before is None else name,
    )
    if authorizer.decide(user, asked).is_allowed:
        return
    _check_held(authorizer, resource, after, tuple(after.get("rules") or ()), user)
    roles = (after,) if before is None else (before, after)
    if any((role.get("aggregationRule") or {}).get("clusterRoleSelectors") for role in roles):
        held, _ = authorizer.held(user, namespace)
        if uncovered(held, FULL_AUTHORITY):
            raise denied(RBAC, resource.plural, name, _AGGREGATING)


def check_binding(
    authorizer: Authorizer, resource: Resource, before: Object | None, after: Object, user: Identity
) -> None:
    """Refuse a binding that grants what its writer does not hold. Raises Forbidden or NotFound."""
    if MASTERS in user.groups or (before is not None and _differ_as_collected(before, after)):
        return
    _, namespace = _place(after)
    reference = after["roleRef"]
    if reference["kind"] not in {"Role", "ClusterRole"}:
        raise ServerFailure(f"unsupported role reference kind: {go_quoted(reference['kind'])}")
    role = ROLES if reference["kind"] == "Role" else CLUSTER_ROLES
    asked = Attributes("bind", RBAC, role.plural, namespace=namespace, name=reference["name"])
    if authorizer.decide(user, asked).is_allowed:
        return
    try:
        rules = authorizer.roles.rules_of(reference, namespace)
    except MissingRole:
        # The server tells it as if the binding itself were missing.
        raise not_found(resource, reference["name"]) from None
    _check_held(authorizer, resource, after, rules, user)


def _check_held(
    authorizer: Authorizer,
    resource: Resource,
    target: Object,
    rules: Sequence[Rule],
    user: Identity,
) -> None:
    name, namespace = _place(target)
    held, problems = authorizer.held(user, namespace)
    missing = uncovered(held, rules)
    if not missing:
        return
    words = (
        f"user {go_quoted(user.username)} (groups={go_list(user.groups)}) is attempting to grant "
        f"RBAC permissions not currently held:\n{described(missing)}"
    )
    if problems:
        words = f"{words}; resolution errors: [{', '.join(problems)}]"
    raise denied(RBAC, resource.plural, name, words)


def _place(target: Object) -> tuple[str, str]:
    metadata = target["metadata"]
    return metadata.get("name", ""), metadata.get("namespace", "")


def _differ_as_collected(before: Object, after: Object) -> bool:
    """Whether a change is one that the garbage collector makes: of owners and finalizers alone."""
    free = {"ownerReferences", "finalizers", "managedFields", "resourceVersion"}

    def kept(target: Object) -> Object:
        metadata = {key: each for key, each in target["metadata"].items() if key not in free}
        return {**target, "metadata": metadata}

    return kept(before) == kept(after)
