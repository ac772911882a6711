"""What a cluster says of itself, and what is no such thing."""

import json
from typing import Any

import pytest

from support.scripted_transport import ScriptedTransport, list_object
from virtslo.app.cluster.environment import describe_environment
from virtslo.base.errors import ClusterError
from virtslo.model.identifiers import SIMULATED_ANNOTATION, Object
from virtslo.model.run.environment import Environment
from virtslo.ports.kube_api import Call, KubeApi


async def described(kubevirt: Object, *nodes: Object) -> Environment:
    async def answer(call: Call) -> Object:
        return list_object(*(nodes if call.resource.plural == "nodes" else [kubevirt]))

    async def raw(_: str) -> bytes:
        return json.dumps({"gitVersion": "v1.31.0"}).encode()

    api = KubeApi(ScriptedTransport(answer, raw=raw))
    return await describe_environment(api, simulated=None, virtual_time=False)


def kubevirt(configuration: Any, **status: Any) -> Object:
    return {"metadata": {"name": "kv"}, "spec": {"configuration": configuration}, "status": status}


def limiter(**bucket: Any) -> Object:
    rate = {"rateLimiter": {"tokenBucketRateLimiter": bucket}}
    return kubevirt({"controllerConfiguration": {"restClient": rate}})


async def test_limits_and_gates_are_those_of_the_kubevirt_object() -> None:
    found = await described(limiter(qps=50, burst=70.0))
    gates = kubevirt({"developerConfiguration": {"featureGates": ["b", "a", 3]}})

    limit = found.client_limits["virt-controller"]
    assert (limit.qps, limit.burst, limit.source) == (50.0, 70, "KubeVirt CR")
    assert (await described(gates)).feature_gates == ("a", "b")


@pytest.mark.parametrize(
    "odd", [None, [], "text", {"developerConfiguration": None}, {"controllerConfiguration": None}]
)
async def test_a_configuration_that_is_none_has_no_settings(odd: Any) -> None:
    found = await described(kubevirt(odd), {"metadata": {"name": "n"}, "status": {}})

    assert found.client_limits["virt-controller"].source == "KubeVirt default"
    assert (found.feature_gates, found.node_shape) == ((), {})


@pytest.mark.parametrize("odd", ["many", True, -1, 1e300, [1], float("nan")])
async def test_a_limit_that_is_no_number_is_refused_by_its_place(odd: Any) -> None:
    with pytest.raises(ClusterError, match=r"tokenBucketRateLimiter\.qps: expected a number"):
        await described(limiter(qps=odd))


async def test_settings_that_are_no_mapping_are_refused_by_their_place() -> None:
    with pytest.raises(ClusterError, match=r"controllerConfiguration: expected a mapping"):
        await described(kubevirt({"controllerConfiguration": ["x"]}))


@pytest.mark.parametrize(
    "text",
    [
        "x", "[]", "null", "[" * 100_000, '{"profile": 1, "seed": 1e999, "nodes": 1}',
        '{"profile": 1, "seed": %s, "nodes": 1}' % ("9" * 5000),
    ],
)  # fmt: skip
async def test_what_plays_a_kubevirt_in_odd_words_is_unknown(text: str) -> None:
    played = kubevirt({})
    played["metadata"]["annotations"] = {SIMULATED_ANNOTATION: text}
    found = (await described(played)).simulated

    assert found is not None
    assert (found.profile, found.nodes) == ("unknown", 0)
