"""Services as objects: defaults, addresses, and ports that are told apart by their number."""

import ipaddress
from typing import Any

import pytest

from support.raw_api import APPLY, STRATEGIC, TABLE, RawApi

HTTP = {"name": "http", "port": 80}
METRICS = {"name": "metrics", "port": 8443, "targetPort": "https"}


def service(name: str, *ports: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": "x"}, "ports": list(ports), **spec},
    }


@pytest.fixture
def path(space: str) -> str:
    return f"/api/v1/namespaces/{space}/services"


def test_every_cluster_has_a_service_of_its_api_server(api: RawApi) -> None:
    found = api.call("GET", "/api/v1/namespaces/default/services/kubernetes").document

    assert found["spec"]["ports"][0]["port"] == 443
    assert found["metadata"]["labels"]["component"] == "apiserver"


def test_a_service_is_given_defaults_and_an_address(api: RawApi, path: str) -> None:
    made = [api.call("POST", path, service(name, HTTP)).document for name in ("a", "b")]
    spec = made[0]["spec"]

    assert spec["type"] == "ClusterIP"
    assert spec["ports"] == [{**HTTP, "protocol": "TCP", "targetPort": 80}]
    assert (spec["sessionAffinity"], spec["internalTrafficPolicy"]) == ("None", "Cluster")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert ipaddress.ip_address(spec["clusterIP"]).version in {4, 6}
    assert spec["clusterIP"] != made[1]["spec"]["clusterIP"]
    assert made[0]["status"] == {"loadBalancer": {}}


def test_a_service_without_an_address_keeps_none(api: RawApi, path: str) -> None:
    made = api.call("POST", path, service("a", HTTP, clusterIP="None")).document

    assert (made["spec"]["clusterIP"], made["spec"]["clusterIPs"]) == ("None", ["None"])


def test_a_service_needs_ports(api: RawApi, path: str) -> None:
    answer = api.call("POST", path, service("a"))

    assert (answer.code, answer.causes) == (422, [("FieldValueRequired", "spec.ports")])


def test_ports_are_merged_by_their_number(api: RawApi, path: str) -> None:
    api.call("POST", path, service("a", HTTP, METRICS))
    patch = {"spec": {"ports": [{"port": 80, "name": "web"}]}}

    changed = api.call("PATCH", f"{path}/a", patch, kind=STRATEGIC).document

    names = {each["port"]: each["name"] for each in changed["spec"]["ports"]}
    assert names == {80: "web", 8443: "metrics"}


def test_ports_are_applied_one_by_one(api: RawApi, path: str) -> None:
    one = {**HTTP, "protocol": "TCP"}
    other = {"name": "more", "port": 81, "protocol": "TCP"}
    for manager, port in (("me", one), ("you", other)):
        body = service("a", port)
        answer = api.call(
            "PATCH", f"{path}/a", body, kind=APPLY, fieldManager=manager, force="true"
        )
        assert answer.code in {200, 201}, answer.body

    found = api.call("GET", f"{path}/a").document

    assert sorted(each["port"] for each in found["spec"]["ports"]) == [80, 81]


def test_services_are_shown_with_their_columns(api: RawApi, path: str) -> None:
    made = api.call("POST", path, service("a", HTTP, METRICS)).document

    table = api.call("GET", f"{path}/a", accept=TABLE).document

    names = [each["name"] for each in table["columnDefinitions"] if not each["priority"]]
    assert names == ["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age"]
    address = made["spec"]["clusterIP"]
    assert table["rows"][0]["cells"][:5] == [
        "a",
        "ClusterIP",
        address,
        "<none>",
        "80/TCP,8443/TCP",
    ]


def test_a_service_that_is_deleted_is_given_back(api: RawApi, path: str) -> None:
    made = api.call("POST", path, service("a", HTTP)).document

    answer = api.call("DELETE", f"{path}/a")

    assert answer.code == 200
    assert answer.document["metadata"]["uid"] == made["metadata"]["uid"]
    assert api.call("GET", f"{path}/a").code == 404
