"""What requests ask for: verbs, places and names, read from paths that need not be served."""

import pytest

from virtslo.base.errors import ServerFailure
from virtslo.sim.authorization.attributes import Attributes, attributes_of

NODES = "/api/v1/nodes"
PODS = "/api/v1/namespaces/n/pods"


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", PODS, {}, ("list", "", "pods", "", "n", "")),
        ("HEAD", f"{PODS}/a", {}, ("get", "", "pods", "", "n", "a")),
        ("GET", PODS, {"watch": "1"}, ("watch", "", "pods", "", "n", "")),
        ("GET", PODS, {"watch": ""}, ("watch", "", "pods", "", "n", "")),
        ("GET", PODS, {"watch": "False"}, ("list", "", "pods", "", "n", "")),
        (
            "GET",
            PODS,
            {"fieldSelector": "status.phase=x,metadata.name==a"},
            ("list", "", "pods", "", "n", "a"),
        ),
        ("GET", PODS, {"fieldSelector": "metadata.name!=a"}, ("list", "", "pods", "", "n", "")),
        ("GET", PODS, {"fieldSelector": "metadata.name=.."}, ("list", "", "pods", "", "n", "")),
        ("DELETE", PODS, {}, ("deletecollection", "", "pods", "", "n", "")),
        ("DELETE", f"{PODS}/a", {}, ("delete", "", "pods", "", "n", "a")),
        ("POST", f"{PODS}/a/eviction", {}, ("create", "", "pods", "eviction", "n", "a")),
        ("GET", f"{PODS}/a/proxy/metrics", {}, ("get", "", "pods", "proxy", "n", "a")),
        ("PATCH", "/api/v1/namespaces/n", {}, ("patch", "", "namespaces", "", "n", "n")),
        (
            "PUT",
            "/api/v1/namespaces/n/finalize",
            {},
            ("update", "", "namespaces", "finalize", "n", "n"),
        ),
        ("GET", "/api/v1/namespaces", {}, ("list", "", "namespaces", "", "", "")),
        ("GET", "/apis/a.io/v1/b/c/d/e", {}, ("get", "a.io", "b", "d", "", "c")),
        ("GET", "/api/v1/watch/nodes", {}, ("watch", "", "nodes", "", "", "")),
        ("OPTIONS", NODES, {}, ("", "", "nodes", "", "", "")),
    ],
)
def test_a_resource_is_read_from_its_path(
    method: str, path: str, query: dict[str, str], expected: tuple[str, ...]
) -> None:
    asked = attributes_of(method, path, query)

    assert expected == (
        asked.verb,
        asked.group,
        asked.resource,
        asked.subresource,
        asked.namespace,
        asked.name,
    )
    assert asked.is_resource
    assert asked.path == ""


@pytest.mark.parametrize("path", ["/", "/metrics", "/api", "/api/v1", "/apis/a/v1", "/apisx/a/b/c"])
def test_any_other_path_is_a_path(path: str) -> None:
    assert attributes_of("GET", path, {}) == Attributes("get", path=path, is_resource=False)


def test_a_watch_of_nothing_cannot_be_read() -> None:
    with pytest.raises(ServerFailure, match="failed to create RequestInfo"):
        attributes_of("GET", "/api/v1/watch", {})


def test_the_audit_log_is_told_what_it_is_about() -> None:
    asked = attributes_of("GET", "/apis/a.io/v1/namespaces/n/b/c/d", {})

    assert asked.reference == {
        "resource": "b",
        "namespace": "n",
        "name": "c",
        "apiGroup": "a.io",
        "apiVersion": "v1",
        "subresource": "d",
    }
    assert attributes_of("GET", "/metrics", {}).reference == {}
