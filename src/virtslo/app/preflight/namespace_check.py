"""Whether the namespaces that a scenario names can take objects.

Invariant: they are read, never made.
"""

from collections.abc import Sequence
from typing import Final

from virtslo.app.cluster.namespaces import is_terminating
from virtslo.app.preflight.checks import Check, failed, ok, unknown
from virtslo.base.errors import ApiError, NotFound
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import KubeApi

NAME: Final = "namespaces"


async def check_namespaces(api: KubeApi, names: Sequence[str]) -> Check:
    """Whether none of these is being terminated; one that is missing is made by the run."""
    going: list[str] = []
    missing = 0
    for name in names:
        try:
            found = await api.get(resources.NAMESPACES, name)
        except NotFound:
            missing += 1
        except ApiError as error:
            return unknown(NAME, f"they cannot be read: {error.message}")
        else:
            if is_terminating(found):
                going.append(name)
    if going:
        return failed(
            NAME,
            f"being terminated: {', '.join(going)}",
            "wait until they are gone (kubectl get namespace), or name others",
        )
    there = len(names) - missing
    return ok(NAME, f"{there} there" + (f", {missing} to be made" if missing else ""))
