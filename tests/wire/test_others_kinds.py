"""Kinds that other tools create: kept, watched, changed, and removed with their namespace."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from support.raw_api import MERGE, RawApi, simulated_api
from virtslo.model.kubernetes.other_resources import OTHERS
from virtslo.model.kubernetes.resources import Resource

NEEDED = {
    kind: {"roleRef": {"kind": "ClusterRole", "name": "view"}}
    for kind in ("RoleBinding", "ClusterRoleBinding")
}
"""What a kind is refused without."""


@pytest.fixture(scope="module")
def api() -> Iterator[RawApi]:
    with simulated_api(has_controllers=True) as found:
        yield found


@pytest.mark.parametrize("resource", OTHERS, ids=lambda resource: resource.plural)
def test_it_is_created_listed_changed_and_deleted(api: RawApi, resource: Resource) -> None:
    base = resource.path(namespace="default" if resource.namespaced else None)
    body = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": "one", "labels": {"of": "others"}},
        **NEEDED.get(resource.kind, {}),
    }

    made = api.call("POST", base, body)
    listed = api.call("GET", base, labelSelector="of=others").document
    patched = api.call("PATCH", f"{base}/one", {"metadata": {"labels": {"a": "b"}}}, kind=MERGE)
    with api.watch(base, labelSelector="of=others", resourceVersion="0") as events:
        assert next(events)["object"]["metadata"]["name"] == "one"
    deleted = api.call("DELETE", f"{base}/one")

    assert made.code == 201
    assert listed["kind"] == f"{resource.kind}List"
    assert [item["metadata"]["name"] for item in listed["items"]] == ["one"]
    assert patched.document["metadata"]["labels"] == {"of": "others", "a": "b"}
    assert deleted.code == 200
    assert api.call("GET", f"{base}/one").code == 404


def test_it_goes_with_its_namespace(api: RawApi) -> None:
    body = {"metadata": {"generateName": "others-"}}
    space = api.call("POST", "/api/v1/namespaces", body).document["metadata"]["name"]
    for resource in OTHERS:
        if resource.namespaced:
            path = resource.path(namespace=space)
            made = api.call(
                "POST", path, {"apiVersion": resource.api_version, "kind": resource.kind,
                               "metadata": {"name": "one"}, **NEEDED.get(resource.kind, {})},
            )  # fmt: skip
            assert made.code == 201, made.body

    api.call("DELETE", f"/api/v1/namespaces/{space}")

    for _ in range(200):
        if api.call("GET", f"/api/v1/namespaces/{space}").code == 404:
            break
        time.sleep(0.05)
    for resource in OTHERS:
        if resource.namespaced:
            listed = api.call("GET", resource.path(namespace=space)).document
            assert listed["items"] == [], resource.plural


def test_a_role_gathers_the_rules_of_those_it_selects(api: RawApi) -> None:
    base = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    selectors = [{"matchLabels": {"of": "gathered"}}]
    whole = {
        "metadata": {"name": "whole"},
        "aggregationRule": {"clusterRoleSelectors": selectors},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}],
    }
    part = {"metadata": {"name": "part", "labels": {"of": "gathered"}}, "rules": rules}

    def gathered(expected: Sequence[object]) -> None:
        for _ in range(1200):
            found = api.call("GET", f"{base}/whole").document["rules"]
            if found == expected:
                break
            time.sleep(0.05)
        assert found == expected

    api.call("POST", base, whole)
    gathered([])
    api.call("POST", base, part)
    gathered(rules)
    api.call("DELETE", f"{base}/part")
    gathered([])


@pytest.mark.parametrize("name", ["admin", "edit", "view"])
def test_roles_of_kubevirt_are_gathered_in_those_of_kubernetes(api: RawApi, name: str) -> None:
    base = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    whole = api.call("GET", f"{base}/{name}").document["rules"]

    assert all(
        rule in whole for rule in api.call("GET", f"{base}/kubevirt.io:{name}").document["rules"]
    )


@pytest.mark.parametrize(
    "rule",
    [
        None,
        {"verbs": None},
        {"verbs": [None], "apiGroups": [None], "resources": [None], "resourceNames": [None]},
        {"verbs": ["get"], "nonResourceURLs": [None]},
    ],
)
def test_a_role_with_nulls_does_no_harm(api: RawApi, rule: Any) -> None:
    base = "/apis/rbac.authorization.k8s.io/v1"
    everyone = [{"kind": "Group", "name": "harmed", "namespace": None}]
    reference = {"kind": "ClusterRole", "name": "nulls"}
    bound = {"metadata": {"name": "nulls"}, "roleRef": reference, "subjects": [*everyone]}
    headers = {"Impersonate-User": "jane", "Impersonate-Group": "harmed"}
    jane = replace(api, headers=headers)
    try:
        made = api.call("POST", f"{base}/clusterroles", {**bound, "rules": [rule]})
        api.call("POST", f"{base}/clusterrolebindings", bound)
        answers = [jane.call("GET", path) for path in ("/api/v1/nodes", "/metrics", "/livez")]
        granted = jane.call("POST", f"{base}/clusterrolebindings", bound)
    finally:
        for kind in ("clusterrolebindings", "clusterroles"):
            api.call("DELETE", f"{base}/{kind}/nulls")

    assert made.code in {201, 422}
    assert [answer.code for answer in answers] == [403, 403, 200]
    assert granted.code == 403


@pytest.mark.parametrize(
    "body",
    [{"roleRef": None}, {"roleRef": {"kind": None, "name": None}}, {"subjects": [None, {}]}],
)
def test_a_binding_with_nulls_is_refused(api: RawApi, body: dict[str, Any]) -> None:
    path = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    whole = {"roleRef": {"kind": "ClusterRole", "name": "view"}, **body}

    assert api.call("POST", path, {"metadata": {"name": "nulls"}, **whole}).code == 422
