"""Whether an API server takes new VMIs as virt-api would have them, and lists them by label.

Invariant: nothing is created; every try is a dry run; the last answer is reported at the deadline.
"""

from collections.abc import Sequence
from typing import Final

from virtslo.app.cluster.clean_up import OWNERS_FIRST
from virtslo.base.clock import Clock, sleep, to_nanoseconds
from virtslo.base.errors import ClusterError, NotFound, ServerFailure, TooManyRequests
from virtslo.client.answers import mapping_of, mappings_of, read_document, text_of
from virtslo.hollow.process.component import KUBEVIRT_NAMESPACE
from virtslo.hollow.vmi.vmi_status import VMI_FINALIZER
from virtslo.model.identifiers import RUN_LABEL
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import KubeApi, Selection

ADMITTED_SECONDS: Final = 60.0
"""kube-apiserver looks for new policies every second and for new kinds every five."""
_SCHEMA_PATH: Final = f"/openapi/v3/apis/{resources.VMIS.api_version}"
_PASSING: Final = (NotFound, ServerFailure, TooManyRequests)
_PROBE: Final = {
    "apiVersion": resources.VMIS.api_version,
    "kind": resources.VMIS.kind,
    "metadata": {"generateName": "virtslo-hollow-", "namespace": KUBEVIRT_NAMESPACE},
    "spec": {"domain": {"devices": {}}},
}


async def await_admission(api: KubeApi, clock: Clock, *, is_policed: bool) -> None:
    """Wait until new VMIs can be listed and, where there is a policy for them, begin with their
    finalizer.

    A kind that was just defined is not known to kube-apiserver's policies for some seconds, and
    a create is answered 503 meanwhile. The schema is asked for first: a server that
    knew the kind from an earlier definition may forget it once more until the new one is published.
    Last, what a run begins with: a list by label, which is refused (429) while kube-apiserver fills
    the cache of a new kind.

    Raises ClusterError when that has not come after `ADMITTED_SECONDS`, with the last answer.
    """
    deadline_ns = clock.now_ns() + to_nanoseconds(ADMITTED_SECONDS)
    while (missing := await _missing(api, is_policed=is_policed)) is not None:
        if clock.now_ns() > deadline_ns:
            raise ClusterError(
                f"this API server does not take and list VMIs {ADMITTED_SECONDS:g} s after they "
                f"were defined: {missing}"
            )
        await sleep(clock, 0.2)


async def _missing(api: KubeApi, *, is_policed: bool) -> str | None:
    """What is still missing, in words; None when a VMI is taken and listed as it should be."""
    try:
        unmet = await _not_admitted(api) if is_policed else None
        if unmet is None:
            for resource in OWNERS_FIRST:
                await api.list_objects(resource, Selection(label_selector=RUN_LABEL), limit=1)
    except _PASSING as error:
        return error.message
    return unmet


async def _not_admitted(api: KubeApi) -> str | None:
    """Why a VMI would not begin with its finalizer, None if it would. Raises ClusterError."""
    if resources.VMIS.kind not in await _published(api):
        return f"{_SCHEMA_PATH} does not describe them"
    created = await api.create(resources.VMIS, _PROBE, namespace=KUBEVIRT_NAMESPACE, dry_run=True)
    if VMI_FINALIZER not in created["metadata"].get("finalizers", ()):
        return "the admission policy is not in force"
    return None


async def _published(api: KubeApi) -> Sequence[str]:
    """The kinds of KubeVirt's version whose schema the server publishes."""
    try:
        document = await read_document(api, _SCHEMA_PATH)
    except _PASSING:
        return ()
    schemas = mapping_of(mapping_of(document, "components"), "schemas")
    return [
        kind
        for schema in schemas.values()
        if isinstance(schema, dict)
        for described in mappings_of(schema, "x-kubernetes-group-version-kind")
        if (kind := text_of(described, "kind")) is not None
    ]
