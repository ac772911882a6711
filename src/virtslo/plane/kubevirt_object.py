"""The KubeVirt object of a plane, which virt-operator would keep.

Invariant: a field that this version's definition does not have is refused, not dropped in silence;
the version in its status is the one that virt-api says.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import aiohttp

from virtslo.base.errors import ClusterError, Problem, ScenarioError
from virtslo.kube.connector import tls_context
from virtslo.model.kubernetes import resources
from virtslo.plane.installing import NAMESPACE, apply
from virtslo.ports.kube_api import KubeApi

NAME: Final = "kubevirt"
UNKNOWN: Final = "unknown"
_VERSION_PATH: Final = "/apis/subresources.kubevirt.io/v1/version"
_AUTHORITIES: Final = ("kubevirt-ca", "kubevirt-export-ca", "kubevirt-backup-ca")


async def create_kubevirt(api: KubeApi, spec: Mapping[str, Any], *, ca: bytes) -> None:
    """Create it, deployed, and what its components read beside it.

    Raises ScenarioError for fields that its definition does not have.
    """
    body = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "KubeVirt",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": dict(spec),
    }
    created = await api.create(resources.KUBEVIRTS, body, namespace=NAMESPACE)
    dropped = list(_dropped(spec, created.get("spec") or {}, ""))
    if dropped:
        expected = "a field that this version's KubeVirt object has"
        problems = [Problem(f"spec.{path}", "no such field", expected) for path in dropped]
        raise ScenarioError("KubeVirt object", problems)
    await note_version(api, UNKNOWN)
    for name in _AUTHORITIES:
        bundle = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "data": {"ca-bundle": ca.decode()},
        }
        await apply(api, bundle)


async def note_version(api: KubeApi, version: str) -> None:
    """Write the status that virt-operator would write."""
    current = await api.get(resources.KUBEVIRTS, NAME, namespace=NAMESPACE)
    status = {
        "phase": "Deployed",
        "observedKubeVirtVersion": version,
        "targetKubeVirtVersion": version,
        "operatorVersion": version,
        "defaultArchitecture": "amd64",
        "conditions": [{"type": "Available", "status": "True", "reason": "", "message": ""}],
    }
    await api.update(resources.KUBEVIRTS, {**current, "status": status}, subresource="status")


async def version_of(port: int, *, ca: bytes) -> str:
    """The version that a virt-api on loopback says; `unknown` where it says none."""
    tls = tls_context(ca=ca, place=resources.KUBEVIRTS.plural)
    url = f"https://localhost:{port}{_VERSION_PATH}"
    try:
        async with aiohttp.ClientSession() as session, session.get(url, ssl=tls) as answer:
            found = json.loads(await answer.text())
    except (aiohttp.ClientError, ValueError) as error:
        raise ClusterError(f"virt-api does not say its version: {error}") from error
    text = found.get("gitVersion") if isinstance(found, dict) else None
    return str(text) if text else UNKNOWN


def _dropped(wanted: Mapping[str, Any], kept: Mapping[str, Any], place: str) -> Iterator[str]:
    for key, value in wanted.items():
        path = f"{place}{key}"
        if key not in kept:
            yield path
        elif isinstance(value, Mapping) and isinstance(kept[key], Mapping):
            yield from _dropped(value, kept[key], f"{path}.")
