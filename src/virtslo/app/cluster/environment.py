"""What the cluster under test is: versions, nodes and KubeVirt's settings.

Invariant: what cannot be read is None or absent, never guessed; nothing here dates or names a host.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from virtslo.base.errors import ApiError, ClusterError
from virtslo.base.plain_text import shown_text
from virtslo.client.answers import mapping_of, read_document, text_of
from virtslo.client.paging import list_all
from virtslo.model.identifiers import SIMULATED_ANNOTATION, Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.client_limits import DEFAULT_LIMITS, LIMIT_KEYS, ClientLimit
from virtslo.model.run.environment import Environment
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.ports.kube_api import KubeApi

MOST_QPS: Final = 1e9
_SHAPE_KEYS = ("cpu", "memory", "pods", "devices.kubevirt.io/kvm")


async def describe_environment(
    api: KubeApi, *, simulated: SimulatedTarget | None, virtual_time: bool
) -> Environment:
    """Read what identifies the cluster: versions, nodes, KubeVirt's client limits and gates."""
    version = text_of(await read_document(api, "/version"), "gitVersion")
    nodes = await read_nodes(api)
    kubevirt = await find_kubevirt(api)
    status = mapping_of(kubevirt or {}, "status")
    configuration = mapping_of(mapping_of(kubevirt or {}, "spec"), "configuration")
    gates = mapping_of(configuration, "developerConfiguration").get("featureGates")
    return Environment(
        kubernetes_version=version,
        kubevirt_version=text_of(status, "observedKubeVirtVersion"),
        nodes=len(nodes) if nodes is not None else None,
        node_shape=_common_shape(nodes or ()),
        schedulable_nodes=None if nodes is None else sum(map(is_schedulable, nodes)),
        simulated=simulated or _played(kubevirt),
        client_limits=_client_limits(configuration) if kubevirt else {},
        feature_gates=tuple(sorted(_texts(gates))),
        virtual_time=virtual_time,
    )


async def read_nodes(api: KubeApi) -> tuple[Object, ...] | None:
    """Every node, or None where listing them is not permitted."""
    try:
        return await list_all(api, resources.NODES)
    except ApiError as error:
        if error.code in {401, 403}:
            return None
        raise


async def find_kubevirt(api: KubeApi) -> Object | None:
    """The cluster's KubeVirt object; None where there is none, or reading it is not permitted."""
    try:
        found = await list_all(api, resources.KUBEVIRTS)
    except ApiError as error:
        if error.code in {401, 403, 404}:
            return None
        raise
    return found[0] if found else None


def require_kubevirt(environment: Environment) -> None:
    """Refuse a cluster on which KubeVirt cannot be found. Raises ClusterError."""
    if environment.kubevirt_version is None:
        raise ClusterError(
            "no KubeVirt was found on this cluster (no KubeVirt object with an observed version)",
            hint="install KubeVirt, choose another --context, or leave the target out to use the "
            "simulated cluster",
        )


def is_played(kubevirt: Object) -> bool:
    """Whether hollow controllers play this KubeVirt."""
    return _played(kubevirt) is not None


def _played(kubevirt: Object | None) -> SimulatedTarget | None:
    """What plays a hollow KubeVirt that is reached as a real one would be."""
    annotations = (kubevirt or {}).get("metadata", {}).get("annotations") or {}
    text = annotations.get(SIMULATED_ANNOTATION)
    if text is None:
        return None
    try:
        played = json.loads(text)
        return SimulatedTarget(
            str(played["profile"]),
            int(played["seed"]),
            int(played["nodes"]),
            settings=dict(played.get("settings") or {}),
            document=played.get("document"),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return SimulatedTarget("unknown", 0, 0)


def is_schedulable(node: Object) -> bool:
    """Whether KubeVirt may place VMIs on a node."""
    labels = node["metadata"].get("labels", {})
    return (
        not mapping_of(node, "spec").get("unschedulable", False)
        and labels.get("kubevirt.io/schedulable") == "true"
    )


def _texts(value: Any) -> list[str]:
    """The texts of a list; nothing of another value."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _common_shape(nodes: tuple[Object, ...]) -> Mapping[str, str]:
    allocatable = [mapping_of(mapping_of(node, "status"), "allocatable") for node in nodes]
    shapes = Counter(
        tuple((key, str(found[key])) for key in _SHAPE_KEYS if key in found)
        for found in allocatable
    )
    return dict(shapes.most_common(1)[0][0]) if shapes else {}


def _client_limits(configuration: Mapping[str, Any]) -> Mapping[str, ClientLimit]:
    """Each component's limits. Raises ClusterError for settings that are no numbers."""
    limits: dict[str, ClientLimit] = {}
    for component, key in LIMIT_KEYS.items():
        bucket: Any = configuration
        place = "KubeVirt: spec.configuration"
        for name in (key, "restClient", "rateLimiter", "tokenBucketRateLimiter"):
            place = f"{place}.{name}"
            bucket = bucket.get(name)
            if bucket is None:
                break
            if not isinstance(bucket, dict):
                raise ClusterError(f"{place}: expected a mapping, found {shown_text(str(bucket))}")
        qps, burst = DEFAULT_LIMITS[component]
        if bucket:
            limits[component] = ClientLimit(
                float(_number(bucket, "qps", qps, place)),
                int(_number(bucket, "burst", burst, place)),
                "KubeVirt CR",
            )
        else:
            limits[component] = ClientLimit(qps, burst, "KubeVirt default")
    return limits


def _number(bucket: Mapping[str, Any], key: str, default: float, place: str) -> float:
    """A limit of a client. Raises ClusterError."""
    value = bucket.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_QPS:
        found = shown_text(str(value))
        raise ClusterError(f"{place}.{key}: expected a number of at least 0, found {found}")
    return value
