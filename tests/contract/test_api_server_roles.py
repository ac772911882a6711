"""Roles and bindings as objects: what of them is refused, and which every cluster has."""

from collections.abc import Sequence
from typing import Any

import pytest

from support.raw_api import MERGE, RawApi

RBAC = "/apis/rbac.authorization.k8s.io/v1"


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, **more}


def reference(name: str, kind: str = "Role") -> dict[str, Any]:
    return {"kind": kind, "name": name}


@pytest.mark.parametrize(
    ("kind", "body", "causes"),
    [
        ("roles", {"rules": [{}]}, ["verbs", "apiGroups", "resources"]),
        (
            "roles",
            {"rules": [{"verbs": ["get"], "nonResourceURLs": ["/x"]}]},
            ["nonResourceURLs"],
        ),
        (
            "rolebindings",
            {"roleRef": {**reference("view", "ClusterRole"), "apiGroup": "x"}},
            ["roleRef.apiGroup"],
        ),
        (
            "rolebindings",
            {
                "roleRef": reference("x"),
                "subjects": [{"kind": "Q", "name": "a"}, {"kind": "User", "name": ""}],
            },
            ["subjects[0].kind", "subjects[1].name"],
        ),
        (
            "rolebindings",
            {"roleRef": reference("x"), "subjects": [
                {"kind": "ServiceAccount", "name": "a", "apiGroup": "b"}]},
            ["subjects[0].apiGroup"],
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_by_is_invalid(
    api: RawApi, space: str, kind: str, body: dict[str, Any], causes: Sequence[str]
) -> None:
    answer = api.call("POST", f"{RBAC}/namespaces/{space}/{kind}", named("one", **body))

    assert answer.code == 422
    assert [field.removeprefix("rules[0].") for _, field in answer.causes] == causes


@pytest.mark.parametrize("rules", ["a", ["a"], [{"verbs": "get"}], [{"verbs": [1]}], {"a": 1}])
def test_what_is_no_rule_is_not_read(api: RawApi, space: str, rules: Any) -> None:
    answer = api.call("POST", f"{RBAC}/namespaces/{space}/roles", named("one", rules=rules))

    assert answer.code == 400
    assert answer.message.startswith('Role in version "v1" cannot be handled as a Role: json: ')


def test_a_binding_keeps_its_role(api: RawApi, space: str) -> None:
    base = f"{RBAC}/namespaces/{space}/rolebindings"
    assert api.call("POST", base, named("one", roleRef=reference("a"))).code == 201

    answer = api.call("PATCH", f"{base}/one", {"roleRef": {"name": "b"}}, kind=MERGE)

    assert answer.code == 422
    assert answer.message == (
        'RoleBinding.rbac.authorization.k8s.io "one" is invalid: roleRef: Invalid value: '
        '{"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"b"}: cannot change roleRef'
    )


def test_names_of_roles_need_only_fit_a_path(api: RawApi, space: str) -> None:
    base = f"{RBAC}/namespaces/{space}/roles"

    assert api.call("POST", base, named("system:a.B")).code == 201
    assert api.call("GET", f"{base}/system:a.B").code == 200
    answer = api.call("POST", base, named("a/b"))
    assert answer.code == 422
    assert answer.message.endswith("metadata.name: Invalid value: \"a/b\": may not contain '/'")


@pytest.mark.parametrize("name", ["cluster-admin", "admin", "edit", "view", "system:discovery"])
def test_roles_that_every_cluster_has_are_there(api: RawApi, name: str) -> None:
    role = api.call("GET", f"{RBAC}/clusterroles/{name}").document

    assert role["metadata"]["labels"]["kubernetes.io/bootstrapping"] == "rbac-defaults"
    assert role["rules"]
