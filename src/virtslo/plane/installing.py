"""What virt-operator would install, put on a real API server.

Invariant: it is what the build's own generators print, and nothing of it is changed but where
webhooks lead.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from virtslo.base.errors import AlreadyExists, ClusterError, NotFound, TooManyRequests
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.plane.tokens import LIFE_SECONDS
from virtslo.ports.kube_api import KubeApi

NAMESPACE: Final = "kubevirt"
DEFINITION: Final = "CustomResourceDefinition"
_RBAC: Final = "rbac.authorization.k8s.io"
_ADMISSION: Final = "admissionregistration.k8s.io"
_OTHERS: Final = (
    Resource(_RBAC, "v1", "clusterroles", "ClusterRole", False),
    Resource(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", False),
    Resource(_RBAC, "v1", "roles", "Role"),
    Resource(_RBAC, "v1", "rolebindings", "RoleBinding"),
    Resource(
        _ADMISSION, "v1", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration", False
    ),
    Resource(
        _ADMISSION, "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", False
    ),
    Resource("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", False),
)
RESOURCES: Final[Mapping[str, Resource]] = {
    **resources.BY_KIND,
    **{resource.kind: resource for resource in _OTHERS},
}


async def manifests(program: Path) -> list[dict[str, Any]]:
    """What virt-operator would install, printed by a build's generators. Raises ClusterError."""
    process = await asyncio.create_subprocess_exec(
        str(program),
        NAMESPACE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    if process.returncode != 0:
        words = err.decode(errors="replace")[-500:]
        raise ClusterError(f"{program} ended with code {process.returncode}: {words}")
    try:
        items: list[dict[str, Any]] = json.loads(out)["items"]
    except (ValueError, KeyError, TypeError) as error:
        raise ClusterError(f"{program} printed no list of manifests: {error}") from error
    return items


async def apply(api: KubeApi, item: dict[str, Any]) -> None:
    """Create an object; one that exists is left."""
    resource = RESOURCES[item["kind"]]
    namespace = item["metadata"].get("namespace") if resource.namespaced else None
    try:
        await api.create(resource, item, namespace=namespace)
    except AlreadyExists:
        return


async def token_of(
    api: KubeApi, account: str, namespace: str, *, bound: dict[str, Any] | None = None
) -> str:
    """A fresh token of a service account, bound to an object where one is given."""
    spec: dict[str, Any] = {"expirationSeconds": LIFE_SECONDS}
    if bound is not None:
        spec["boundObjectRef"] = bound
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    made = await api.create(
        resources.SERVICE_ACCOUNTS, body, namespace=namespace, name=account, subresource="token"
    )
    return str(made["status"]["token"])


async def install_definitions(api: KubeApi, items: Iterable[dict[str, Any]]) -> None:
    """KubeVirt's definitions of its resources, and wait until they are served."""
    definitions = [item for item in items if item["kind"] == DEFINITION]
    for item in definitions:
        await apply(api, item)
    for item in definitions:
        await wait_until_listed(api, item["spec"])


async def wait_until_listed(api: KubeApi, spec: dict[str, Any]) -> None:
    """Wait until objects of a new kind are listed: 404 before it is established, then 429 for as
    long as the server fills its cache."""
    version = next(each["name"] for each in spec["versions"] if each["storage"])
    path = f"/apis/{spec['group']}/{version}/{spec['names']['plural']}"
    answer = ""
    for _ in range(300):
        try:
            await api.read_raw(path)
        except (NotFound, TooManyRequests) as error:
            answer = error.message
            await asyncio.sleep(0.1)
        else:
            return
    raise ClusterError(f"{path} is not listed: {answer}")
