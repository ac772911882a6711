"""Services, as far as they are objects: their defaults, and addresses that nothing answers at.

Invariant: no two services of a cluster have one address; the same services in the same order get
the same ones.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any, Final

from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import SERVICES
from virtslo.sim.api.refusals import Cause, invalid, required
from virtslo.sim.storage.object_store import ObjectStore

FIRST: Final = int(ipaddress.IPv4Address("10.96.0.1"))
HEADLESS: Final = "None"
EXTERNAL: Final = "ExternalName"
KUBERNETES: Final[Object] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {
        "name": "kubernetes",
        "namespace": "default",
        "labels": {"component": "apiserver", "provider": "kubernetes"},
    },
    "spec": {"ports": [{"name": "https", "port": 443, "targetPort": 6443}]},
}
"""The service that every cluster has of its API server."""


def admitted_service(service: Object, store: ObjectStore) -> Object:
    """A new service with its defaults and an address. Raises Invalid."""
    spec: Mapping[str, Any] = service.get("spec") or {}
    kind = spec.get("type") or "ClusterIP"
    if kind == EXTERNAL:
        return {**service, "spec": {**_DEFAULTS, **spec}, "status": {"loadBalancer": {}}}
    causes = _causes(spec)
    if causes:
        raise invalid(SERVICES, service["metadata"].get("name") or "", causes)
    address = spec.get("clusterIP") or _free(store)
    whole = {
        **_DEFAULTS,
        "internalTrafficPolicy": "Cluster",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        **spec,
        "type": kind,
        "clusterIP": address,
        "clusterIPs": spec.get("clusterIPs") or [address],
        "ports": [_port(each) for each in spec.get("ports") or ()],
    }
    return {**service, "spec": whole, "status": {"loadBalancer": {}}}


def _port(port: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"protocol": "TCP", "targetPort": port["port"], **port}


_DEFAULTS: Final[Mapping[str, Any]] = {"sessionAffinity": "None"}


def _causes(spec: Mapping[str, Any]) -> list[Cause]:
    ports = spec.get("ports") or ()
    if not ports and spec.get("clusterIP") != HEADLESS:
        return [required("spec.ports")]
    return [
        required(f"spec.ports[{index}].port")
        for index, port in enumerate(ports)
        if port.get("port") is None
    ]


def _free(store: ObjectStore) -> str:
    """The lowest address that no service has."""
    used = {
        service["spec"].get("clusterIP") for service in store.collection(SERVICES).objects.values()
    }
    number = FIRST
    while (address := str(ipaddress.IPv4Address(number))) in used:
        number += 1
    return address
