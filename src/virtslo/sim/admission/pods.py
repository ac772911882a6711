"""Defaults of pods that typed clients and kubectl read without asking whether they are there.

Invariant: what a pod says is kept, and a spec that has every default already is the very same. No
volume, account or toleration is added: those are other admission plug-ins' on a real server.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.base.quantity import read_quantity

_SPEC: Final[Mapping[str, Any]] = {
    "dnsPolicy": "ClusterFirst",
    "enableServiceLinks": True,
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}
_CONTAINER: Final[Mapping[str, Any]] = {
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_CONTAINERS: Final = ("containers", "initContainers")
_COUNTED: Final = ("cpu", "memory")
"""Whose requests and limits make the class of service."""


def with_pod_defaults(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A pod's spec with Kubernetes' defaults; a value of null is none."""
    whole = {**_SPEC, **{key: value for key, value in spec.items() if value is not None}}
    for key in _CONTAINERS:
        if isinstance(whole.get(key), list | tuple):
            whole[key] = [_container(each) for each in whole[key]]
    return whole


def _container(container: Any) -> Any:
    if not isinstance(container, dict):
        return container
    said = {key: value for key, value in container.items() if value is not None}
    policy = _pull_policy(said.get("image"))
    whole = {**_CONTAINER, "imagePullPolicy": policy, **said}
    resources = whole["resources"]
    limits = _mapping(resources, "limits")
    missing = {key: limits[key] for key in limits if key not in _mapping(resources, "requests")}
    if missing:
        requests = {**_mapping(resources, "requests"), **missing}
        whole["resources"] = {**resources, "requests": requests}
    return whole


def _pull_policy(image: Any) -> str:
    """Always for the tag `latest` or none, which says it too; by digest or tag IfNotPresent."""
    name = str(image or "")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "IfNotPresent" if "@" in name or tag not in {"", "latest"} else "Always"


def quality_of_service(spec: Mapping[str, Any]) -> str:
    """Guaranteed, Burstable or BestEffort, by the containers' CPUs and memory."""
    lists = [spec[key] for key in _CONTAINERS if isinstance(spec.get(key), list | tuple)]
    containers = [each for several in lists for each in several if isinstance(each, dict)]
    asked = [_amounts(each, "requests") for each in containers]
    bounds = [_amounts(each, "limits") for each in containers]
    if not any(asked) and not any(bounds):
        return "BestEffort"
    same = all(
        len(bound) == len(_COUNTED) and {**bound, **request} == bound
        for request, bound in zip(asked, bounds, strict=True)
    )
    return "Guaranteed" if same else "Burstable"


def _amounts(container: Mapping[str, Any], which: str) -> dict[str, Any]:
    """CPUs and memory that are more than nothing; what is no quantity is refused elsewhere."""
    found = _mapping(container.get("resources"), which)
    amounts = {}
    for name in _COUNTED:
        try:
            amount = read_quantity(found.get(name)).nano
        except ValueError:
            continue
        if amount > 0:
            amounts[name] = amount
    return amounts


def _mapping(value: Any, key: str) -> Mapping[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
