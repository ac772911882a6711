"""What a scenario needs to be allowed, and whether it is, asked of the API server.

Invariant: exactly the calls that a run of the scenario makes are asked for; the shipped roles allow
these and no more (a test compares).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from virtslo.app.cluster.clean_up import OWNERS_FIRST
from virtslo.app.cluster.namespaces import FOREIGN_KINDS
from virtslo.app.preflight.checks import Check, failed, ok, unknown, warning
from virtslo.app.run.run_watch import WATCHED
from virtslo.base.errors import ApiError, ClusterError
from virtslo.load.machine_actions import ACTED_ON
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.model.kubernetes.review_resources import SELF_SUBJECT_ACCESS_REVIEWS
from virtslo.model.plan.actions import Action, ActionStep
from virtslo.model.plan.workload import TRAITS, Kind
from virtslo.ports.kube_api import KubeApi

NAME: Final = "permissions"
OPTIONAL_NAME: Final = "permissions for more"


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """A verb on a resource, everywhere or in one namespace."""

    resource: str
    verb: str
    group: str = ""
    subresource: str = ""
    namespace: str = ""
    use: str = ""
    """What is lost without it; empty where a run is not possible without it."""

    def __str__(self) -> str:
        name = f"{self.resource}.{self.group}" if self.group else self.resource
        name += f"/{self.subresource}" if self.subresource else ""
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.verb} {name}{where}"


def needed(kind: Kind, namespace: str | None = None) -> tuple[Permission, ...]:
    """What no run of this kind can do without, in the order of use.

    `namespace` is the only one of a run that makes none: then nothing is needed elsewhere, but to
    read KubeVirt's settings, which KubeVirt allows to every account.
    """
    if namespace is not None:
        return _needed_within(kind, namespace)
    wanted = [_on(resources.NAMESPACES, verb) for verb in ("create", "list", "get", "delete")]
    wanted += [_on(TRAITS[kind].resource, verb) for verb in ("create", "delete")]
    for resource in WATCHED[kind]:
        wanted += [_on(resource, "list"), _on(resource, "watch")]
    for resource in OWNERS_FIRST:
        wanted += [_on(resource, "list"), _on(resource, "delete")]
    wanted += [_on(resource, "list") for resource in FOREIGN_KINDS]
    wanted.append(_on(resources.KUBEVIRTS, "list"))
    return tuple(dict.fromkeys(wanted))


def _needed_within(kind: Kind, namespace: str) -> tuple[Permission, ...]:
    wanted = [_on(resources.NAMESPACES, "get", namespace)]
    wanted += [_on(TRAITS[kind].resource, verb, namespace) for verb in ("create", "delete")]
    for resource in WATCHED[kind]:
        wanted += [_on(resource, "list", namespace), _on(resource, "watch", namespace)]
    for resource in OWNERS_FIRST:
        wanted += [_on(resource, "list", namespace), _on(resource, "delete", namespace)]
    wanted.append(_on(resources.KUBEVIRTS, "list"))
    return tuple(dict.fromkeys(wanted))


def needed_to_act(
    steps: Sequence[ActionStep], namespace: str | None = None
) -> tuple[Permission, ...]:
    """What a run with these actions cannot do without besides."""
    wanted = []
    for action in dict.fromkeys(step.action for step in steps):
        if action is Action.MIGRATE:
            wanted.append(_on(resources.VMI_MIGRATIONS, "create", namespace or ""))
            continue
        acted_on = ACTED_ON[action]
        wanted.append(
            Permission(
                acted_on.plural, "update", acted_on.group, action.value, namespace=namespace or ""
            )
        )
    return tuple(wanted)


def optional(kubevirt_namespace: str) -> tuple[Permission, ...]:
    """What a run does without, with a loss that it states."""
    return (
        Permission("nodes", "list", use="whether the nodes have room is not checked"),
        Permission("resourcequotas", "list", use="quotas are not checked"),
        Permission(
            resources.PODS.plural,
            "get",
            subresource="proxy",
            namespace=kubevirt_namespace,
            use="cells of REST calls say: no data: no permission for pods/proxy",
        ),
    )


async def check_permissions(
    api: KubeApi,
    kinds: Sequence[Kind],
    kubevirt_namespace: str,
    *,
    only_namespace: str | None = None,
    actions: Sequence[ActionStep] = (),
) -> tuple[Check, ...]:
    """Ask for every permission. Whatever the API server does not answer is unknown."""
    asked = (permission for kind in kinds for permission in needed(kind, only_namespace))
    required = (*dict.fromkeys(asked), *needed_to_act(actions, only_namespace))
    try:
        missing = await _refused(api, required)
        lacking = await _refused(api, optional(kubevirt_namespace))
    except ClusterError as error:
        is_absent = isinstance(error, ApiError) and error.code == 404
        words = "this API server answers no access reviews" if is_absent else str(error)
        return (unknown(NAME, words, "if something is refused, the run will end and clean up"),)
    checks: list[Check] = []
    if missing:
        checks.append(
            failed(
                NAME,
                f"not allowed: {', '.join(map(str, missing))}",
                "bind the roles of deploy/rbac.yaml to this user",
            )
        )
    else:
        checks.append(ok(NAME, f"all {len(required)} that a run needs"))
    checks += [
        warning(OPTIONAL_NAME, f"not allowed: {permission}: {permission.use}", _ADVICE)
        for permission in lacking
    ]
    return tuple(checks)


_ADVICE: Final = "bind the optional roles of deploy/ if this is wanted"


async def _refused(api: KubeApi, wanted: Sequence[Permission]) -> list[Permission]:
    return [permission for permission in wanted if not await is_allowed(api, permission)]


async def is_allowed(api: KubeApi, permission: Permission) -> bool:
    """Whether we may do something. Raises ClusterError where the API server does not say."""
    attributes = {
        "group": permission.group,
        "resource": permission.resource,
        "subresource": permission.subresource,
        "verb": permission.verb,
        "namespace": permission.namespace,
    }
    body = {
        "apiVersion": SELF_SUBJECT_ACCESS_REVIEWS.api_version,
        "kind": SELF_SUBJECT_ACCESS_REVIEWS.kind,
        "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
    }
    review = await api.create(SELF_SUBJECT_ACCESS_REVIEWS, body)
    status = review.get("status")
    if status is None:
        raise ClusterError(f"{SELF_SUBJECT_ACCESS_REVIEWS.plural}: the answer has no status")
    return status.get("allowed") is True


def _on(resource: Resource, verb: str, namespace: str = "") -> Permission:
    return Permission(resource.plural, verb, group=resource.group, namespace=namespace)
