"""What a pod asks for: containers together, init containers one by one, sidecars beside both."""

from typing import Any

import pytest

from virtslo.model.kubernetes.pod_requests import pod_requests


def container(**requests: str) -> dict[str, Any]:
    return {"name": "c", "resources": {"requests": requests}}


def sidecar(**requests: str) -> dict[str, Any]:
    return {**container(**requests), "restartPolicy": "Always"}


def test_containers_ask_together_and_overhead_is_added() -> None:
    spec = {
        "containers": [container(cpu="100m", memory="1e3"), container(cpu="0.1"), {"name": "none"}],
        "overhead": {"memory": "24"},
    }

    assert pod_requests(spec) == {"cpu": 200, "memory": 1024}


def test_init_containers_ask_one_by_one() -> None:
    spec = {
        "initContainers": [container(cpu="3"), container(cpu="2", memory="5")],
        "containers": [container(cpu="1", memory="2")],
    }

    assert pod_requests(spec) == {"cpu": 3000, "memory": 5}


def test_sidecars_ask_beside_what_starts_after_them() -> None:
    spec = {
        "initContainers": [container(cpu="3"), sidecar(cpu="1"), container(cpu="2.5")],
        "containers": [container(cpu="1")],
    }

    assert pod_requests(spec) == {"cpu": 3500}


def test_a_quantity_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match=r"spec.containers\[1\].resources.requests.cpu"):
        pod_requests({"containers": [container(), container(cpu="x")]})
