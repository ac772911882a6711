"""How virt-api reads the VM or VMI that a call is about.

Invariant: what is not there is refused in virt-api's words, which name the kind in the singular.
"""

from virtslo.base.errors import NotFound
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.resources import Resource
from virtslo.ports.kube_api import KubeApi


async def fetch(api: KubeApi, resource: Resource, namespace: str, name: str) -> Object:
    """One object. Raises ApiError."""
    try:
        return await api.get(resource, name, namespace=namespace)
    except NotFound as error:
        kind = f"{resource.singular}.{resource.group}"
        details = {"name": name, "group": resource.group, "kind": resource.singular}
        raise NotFound(f'{kind} "{name}" not found', details=details) from error
