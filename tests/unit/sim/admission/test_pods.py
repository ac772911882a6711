"""Pods get Kubernetes' defaults, and keep what they say."""

from typing import Any

import pytest

from virtslo.sim.admission.pods import quality_of_service, with_pod_defaults


def container(**said: Any) -> dict[str, Any]:
    return {"name": "c", **said}


def test_a_pod_has_what_typed_clients_read() -> None:
    spec = with_pod_defaults({"containers": [container(image="busybox")], "dnsPolicy": None})

    (only,) = spec.pop("containers")
    assert spec == {
        "dnsPolicy": "ClusterFirst",
        "enableServiceLinks": True,
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }
    assert only == {
        "image": "busybox",
        "imagePullPolicy": "Always",
        "name": "c",
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }


def test_what_a_pod_says_is_kept() -> None:
    said = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": []}

    spec = with_pod_defaults(said)

    assert {key: spec[key] for key in said} == said


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("busybox", "Always"),
        ("busybox:latest", "Always"),
        ("busybox:1.36", "IfNotPresent"),
        ("registry:5000/busybox", "Always"),
        ("registry:5000/busybox:1", "IfNotPresent"),
        ("busybox@sha256:00", "IfNotPresent"),
        (None, "Always"),
    ],
)
def test_images_are_pulled_by_their_tag(image: str | None, policy: str) -> None:
    spec = with_pod_defaults({"initContainers": [container(image=image)]})

    assert spec["initContainers"][0]["imagePullPolicy"] == policy


def test_requests_are_the_limits_where_a_container_has_none() -> None:
    resources = {"limits": {"cpu": "2", "memory": "1Gi"}, "requests": {"cpu": "1"}}

    spec = with_pod_defaults({"containers": [container(resources=resources)]})

    assert spec["containers"][0]["resources"]["requests"] == {"cpu": "1", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([{}], "BestEffort"),
        ([{"requests": {"cpu": "0"}}], "BestEffort"),
        ([{"requests": {"example.com/gpu": "1"}}], "BestEffort"),
        ([{"requests": {"cpu": "1"}}], "Burstable"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}}], "Guaranteed"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1000m"}}], "Guaranteed"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "1m"}}], "Burstable"),
        ([{"limits": {"cpu": "1"}}], "Burstable"),
        ([{"limits": {"cpu": "1", "memory": "1Gi"}}, {}], "Burstable"),
        ([{"requests": {"cpu": "much"}}], "BestEffort"),
        ([None], "BestEffort"),
        (["odd"], "BestEffort"),
    ],
)
def test_the_class_of_service(resources: list[Any], expected: str) -> None:
    containers = [container(resources=each) for each in resources]

    assert quality_of_service(with_pod_defaults({"containers": containers})) == expected


@pytest.mark.parametrize("containers", [None, "odd", ["odd"], [None], 3])
def test_odd_containers_are_left_as_they_are(containers: Any) -> None:
    spec = with_pod_defaults({"containers": containers})

    assert spec.get("containers") == containers
    assert quality_of_service(spec) == "BestEffort"
