"""Whether an API server takes and lists new VMIs as one with virt-api would.

Invariant: nothing is created; every try is a dry run, and the last answer is told when time is up.
"""

import json
from collections.abc import Sequence
from typing import Final

from virtslo.app.clean_up import find_leftovers
from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.base.errors import ClusterError, NotFound, ServerFailure, TooManyRequests
from virtslo.hollow.component import KUBEVIRT_NAMESPACE
from virtslo.hollow.vmi_status import VMI_FINALIZER
from virtslo.model import resources
from virtslo.ports.kube_api import KubeApi

ADMITTED_SECONDS: Final = 60.0
"""kube-apiserver looks for new policies every second and for new kinds every five."""
_SCHEMA_PATH: Final = f"/openapi/v3/apis/{resources.VMIS.api_version}"
_PROBE: Final = {
    "apiVersion": resources.VMIS.api_version,
    "kind": resources.VMIS.kind,
    "metadata": {"generateName": "virtslo-hollow-", "namespace": KUBEVIRT_NAMESPACE},
    "spec": {"domain": {"devices": {}}},
}


async def await_admission(api: KubeApi, clock: Clock) -> None:
    """Wait until the policy for new VMIs is in force: they would begin with their finalizer.

    A kind that was just defined is not known to kube-apiserver's policies for some seconds, and
    whoever creates one meanwhile is answered 503. The schema is asked for first: a server that
    knew the kind from an earlier definition may forget it once more until the new one is published.
    Last, what a run begins with: a list by label, which is refused (429) while kube-apiserver fills
    the cache of a new kind.

    Raises ClusterError when that has not come after `ADMITTED_SECONDS`, with the last answer.
    """
    deadline_ns = clock.now_ns() + to_nanoseconds(ADMITTED_SECONDS)
    while (missing := await _missing(api)) is not None:
        if clock.now_ns() > deadline_ns:
            raise ClusterError(
                f"this API server does not take VMIs {ADMITTED_SECONDS:g} s after they were "
                f"defined: {missing}"
            )
        await clock.sleep_until(clock.now_ns() + to_nanoseconds(0.2))


async def _missing(api: KubeApi) -> str | None:
    """What is still missing, in words; None when a VMI is taken as it should be."""
    if resources.VMIS.kind not in await _published(api):
        return f"{_SCHEMA_PATH} does not describe them"
    try:
        created = await api.create(
            resources.VMIS, _PROBE, namespace=KUBEVIRT_NAMESPACE, dry_run=True
        )
    except (NotFound, ServerFailure, TooManyRequests) as error:
        return error.message
    if VMI_FINALIZER not in created["metadata"].get("finalizers", ()):
        return "the admission policy is not in force"
    try:
        await find_leftovers(api, None)
    except (ServerFailure, TooManyRequests) as error:
        return error.message
    return None


async def _published(api: KubeApi) -> Sequence[str]:
    """The kinds of KubeVirt's version whose schema the server publishes."""
    try:
        document = json.loads(await api.read_raw(_SCHEMA_PATH))
    except (NotFound, ServerFailure, TooManyRequests):
        return ()
    schemas = document.get("components", {}).get("schemas", {})
    return [
        described["kind"]
        for schema in schemas.values()
        for described in schema.get("x-kubernetes-group-version-kind", ())
    ]
