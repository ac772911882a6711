"""Roles and bindings: who may do what, and every refusal in the real server's words."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from support.raw_api import APPLY, MERGE, Answer, RawApi

RBAC = "/apis/rbac.authorization.k8s.io/v1"
AUTHORIZATION = "/apis/authorization.k8s.io/v1"
SECONDS = 20
"""A real server knows of a new role or binding a moment after it was written."""


def rule(groups: str, resources: str, verbs: str) -> dict[str, Any]:
    parts = {"apiGroups": groups, "resources": resources, "verbs": verbs}
    return {key: text.split(",") for key, text in parts.items()}


def acting(api: RawApi, user: str, group: str = "") -> RawApi:
    headers = {"Impersonate-User": user, "Impersonate-Group": group}
    return replace(api, headers={name: value for name, value in headers.items() if value})


def named(name: str, **more: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, **more}


def reference(name: str, kind: str = "Role") -> dict[str, Any]:
    return {"kind": kind, "name": name}


def given(api: RawApi, space: str, user: str, *rules: dict[str, Any]) -> None:
    """Bind a role of a user's name and of these rules to the user in a namespace."""
    base = f"{RBAC}/namespaces/{space}"
    subjects = [{"kind": "User", "name": user}]
    assert api.call("POST", f"{base}/roles", named(user, rules=list(rules))).code == 201
    binding = named(user, roleRef=reference(user), subjects=subjects)
    assert api.call("POST", f"{base}/rolebindings", binding).code == 201


def until(call: Callable[[], Answer], code: int) -> Answer:
    for _ in range(SECONDS * 5):
        answer = call()
        if answer.code == code:
            break
        time.sleep(0.2)
    assert answer.code == code, answer.body
    return answer


@pytest.mark.parametrize(
    ("method", "path", "words", "details"),
    [
        (
            "GET",
            "/api/v1/nodes",
            (
                'nodes is forbidden: User "joe" cannot list resource "nodes" in API group "" at '
                "the cluster scope"
            ),
            {"kind": "nodes"},
        ),
        (
            "GET",
            "/api/v1/namespaces/default/pods/a/log",
            (
                'pods "a" is forbidden: User "joe" cannot get resource "pods/log" in API group "" '
                'in the namespace "default"'
            ),
            {"name": "a", "kind": "pods"},
        ),
        (
            "DELETE",
            "/apis/kubevirt.io/v1/namespaces/default/virtualmachines",
            (
                'virtualmachines.kubevirt.io is forbidden: User "joe" cannot deletecollection '
                'resource "virtualmachines" in API group "kubevirt.io" in the namespace "default"'
            ),
            {"group": "kubevirt.io", "kind": "virtualmachines"},
        ),
        (
            "GET",
            "/apis/no.such/v1/things/x/y",
            (
                'things.no.such "x" is forbidden: User "joe" cannot get resource "things/y" in API '
                'group "no.such" at the cluster scope'
            ),
            {"name": "x", "group": "no.such", "kind": "things"},
        ),
        (
            "POST",
            "/api/v1/nodes",
            (
                'nodes is forbidden: User "joe" cannot create resource "nodes" in API group "" at '
                "the cluster scope"
            ),
            {"kind": "nodes"},
        ),
        ("GET", "/metrics", 'forbidden: User "joe" cannot get path "/metrics"', {}),
    ],
)
def test_a_user_without_roles_is_refused_in_words(
    api: RawApi, method: str, path: str, words: str, details: dict[str, str]
) -> None:
    answer = acting(api, "joe").call(method, path)

    assert answer.code == 403
    assert answer.document["reason"] == "Forbidden"
    assert answer.message == words
    assert answer.document["details"] == details


def test_what_is_printed_for_people_is_no_markup(api: RawApi) -> None:
    answer = acting(api, "<b>&").call("GET", "/api/v1/nodes")

    assert 'User "&lt;b&gt;&amp;" cannot list' in answer.message


def test_anyone_sees_health_and_version_and_who_is_known_what_is_served(api: RawApi) -> None:
    jane, nobody = acting(api, "jane"), acting(api, "system:anonymous")

    for path in ("/livez", "/readyz", "/version"):
        assert nobody.call("GET", path).code == 200
    for path in ("/api", "/apis", "/openapi/v3"):
        assert jane.call("GET", path).code == 200
        assert nobody.call("GET", path).code == 403


def test_a_client_without_a_token_is_anonymous(api: RawApi) -> None:
    bare = replace(api, token="") if api.token else None
    if bare is None:
        pytest.skip("this API is reached with a certificate")
    answer = bare.call("GET", "/api/v1/nodes")

    assert answer.code == 403
    assert answer.message.startswith('nodes is forbidden: User "system:anonymous" cannot list ')


def test_a_role_allows_what_it_names_where_it_is_bound(api: RawApi, space: str) -> None:
    reader = f"reader-{space}"
    given(api, space, reader, rule("", "pods", "get,list"))
    user = acting(api, reader)

    until(lambda: user.call("GET", f"/api/v1/namespaces/{space}/pods"), 200)

    assert user.call("GET", f"/api/v1/namespaces/{space}/pods/none").code == 404
    assert user.call("GET", f"/api/v1/namespaces/{space}/secrets").code == 403
    assert user.call("GET", "/api/v1/namespaces/default/pods").code == 403
    assert user.call("DELETE", f"/api/v1/namespaces/{space}/pods/none").code == 403


def test_what_is_taken_away_is_refused_again(api: RawApi, space: str) -> None:
    reader = f"reader-{space}"
    given(api, space, reader, rule("", "pods", "list"))
    user, path = acting(api, reader), f"/api/v1/namespaces/{space}/pods"
    until(lambda: user.call("GET", path), 200)

    api.call("DELETE", f"{RBAC}/namespaces/{space}/roles/{reader}")

    missing = f'role.rbac.authorization.k8s.io "{reader}" not found'
    answer = until(lambda: user.call("GET", path), 403)
    assert answer.message.endswith(f'in the namespace "{space}": RBAC: {missing}')


def test_service_accounts_and_groups_are_bound_too(api: RawApi, space: str) -> None:
    base = f"{RBAC}/namespaces/{space}/rolebindings"
    account = f"/api/v1/namespaces/{space}/serviceaccounts"
    path = f"/api/v1/namespaces/{space}/configmaps"
    api.call("POST", account, named("robot"))
    subjects = [{"kind": "ServiceAccount", "name": "robot"}, {"kind": "Group", "name": "editors"}]
    made = api.call(
        "POST", base, named("b", roleRef=reference("edit", "ClusterRole"), subjects=subjects)
    )
    token = api.call("POST", f"{account}/robot/token", {"spec": {}}).document["status"]["token"]
    robot = replace(api, token=token)

    assert made.document["subjects"][1]["apiGroup"] == "rbac.authorization.k8s.io"
    until(lambda: robot.call("GET", path), 200)
    assert robot.call("POST", path, named("one")).code == 201
    assert robot.call("GET", "/api/v1/nodes").code == 403
    assert robot.call("GET", f"{RBAC}/namespaces/{space}/roles").code == 403
    assert acting(api, "jo", "editors").call("GET", f"{path}/one").code == 200
    assert acting(api, "jo", "others").call("GET", f"{path}/one").code == 403


def test_reviews_say_what_is_allowed_and_by_what(api: RawApi, space: str) -> None:
    reader = f"reader-{space}"
    given(api, space, reader, rule("", "pods", "get"))
    attributes = {"verb": "get", "resource": "pods", "namespace": space}
    path = f"{AUTHORIZATION}/subjectaccessreviews"

    def asked(**changes: str) -> dict[str, Any]:
        spec = {"user": reader, "resourceAttributes": {**attributes, **changes}}
        status: dict[str, Any] = api.call("POST", path, {"spec": spec}).document["status"]
        return status

    user = acting(api, reader)
    until(lambda: user.call("GET", f"/api/v1/namespaces/{space}/pods/none"), 404)
    assert asked() == {
        "allowed": True,
        "reason": f'RBAC: allowed by RoleBinding "{reader}/{space}" of Role "{reader}" to User '
        f'"{reader}"',
    }
    assert asked(verb="list") == {"allowed": False}
    assert asked(namespace="default") == {"allowed": False}
    assert asked(subresource="log") == {"allowed": False}
    own = user.call("POST", f"{AUTHORIZATION}/selfsubjectaccessreviews",
                    {"spec": {"resourceAttributes": attributes}})  # fmt: skip
    assert own.document["status"]["allowed"] is True


def test_rules_are_listed_for_a_namespace(api: RawApi, space: str) -> None:
    reader = f"reader-{space}"
    given(api, space, reader, rule("", "pods", "get"))
    user = acting(api, reader)
    until(lambda: user.call("GET", f"/api/v1/namespaces/{space}/pods/none"), 404)
    path = f"{AUTHORIZATION}/selfsubjectrulesreviews"

    here = user.call("POST", path, {"spec": {"namespace": space}}).document["status"]
    there = user.call("POST", path, {"spec": {"namespace": "default"}}).document["status"]

    own = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}
    basic = {
        "verbs": ["create"],
        "apiGroups": ["authentication.k8s.io"],
        "resources": ["selfsubjectreviews"],
    }
    assert own in here["resourceRules"]
    assert own not in there["resourceRules"]
    assert basic in there["resourceRules"]
    assert any("/openapi/*" in each["nonResourceURLs"] for each in there["nonResourceRules"])
    assert here["incomplete"] is False


def test_nobody_grants_more_than_they_hold(api: RawApi, space: str) -> None:
    owner = f"owner-{space}"
    given(
        api,
        space,
        owner,
        rule("", "pods", "get"),
        rule("rbac.authorization.k8s.io", "roles,rolebindings", "create,patch,get"),
    )
    user, base = acting(api, owner), f"{RBAC}/namespaces/{space}"
    until(lambda: user.call("GET", f"{base}/roles/{owner}"), 200)

    held = user.call("POST", f"{base}/roles", named("held", rules=[rule("", "pods", "get")]))
    more = named("more", rules=[rule("", "secrets,pods", "get,list"), rule("apps", "*", "*")])
    refused = user.call("POST", f"{base}/roles", more)
    patch = {"rules": [rule("", "pods", "get,watch")]}
    changed = user.call("PATCH", f"{base}/roles/held", patch, kind=MERGE)
    subjects = [{"kind": "User", "name": owner}]
    bound = user.call(
        "POST", f"{base}/rolebindings", named("b", roleRef=reference("held"), subjects=subjects)
    )
    missing = user.call(
        "POST", f"{base}/rolebindings", named("c", roleRef=reference("none"), subjects=subjects)
    )
    everything = user.call(
        "POST",
        f"{base}/rolebindings",
        named("d", roleRef=reference("cluster-admin", "ClusterRole"), subjects=subjects),
    )

    head = f'user "{owner}" (groups=["system:authenticated"]) is attempting to grant RBAC '
    head += "permissions not currently held:\n"
    assert held.code == 201
    assert refused.code == 403
    assert refused.message == (
        f'roles.rbac.authorization.k8s.io "more" is forbidden: {head}'
        '{APIGroups:[""], Resources:["pods"], Verbs:["list"]}\n'
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}\n'
        '{APIGroups:["apps"], Resources:["*"], Verbs:["*"]}'
    )
    assert changed.message.endswith('{APIGroups:[""], Resources:["pods"], Verbs:["watch"]}')
    assert bound.code == 201
    assert (missing.code, missing.message) == (
        404,
        'rolebindings.rbac.authorization.k8s.io "none" not found',
    )
    assert everything.message == (
        f'rolebindings.rbac.authorization.k8s.io "d" is forbidden: {head}'
        '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n'
        '{NonResourceURLs:["*"], Verbs:["*"]}'
    )


def test_the_verbs_bind_and_escalate_allow_it(api: RawApi, space: str) -> None:
    owner = f"owner-{space}"
    verbs = "create,get,escalate,bind"
    given(
        api,
        space,
        owner,
        rule("rbac.authorization.k8s.io", "roles,rolebindings,clusterroles", verbs),
    )
    user, base = acting(api, owner), f"{RBAC}/namespaces/{space}"
    until(lambda: user.call("GET", f"{base}/roles/{owner}"), 200)

    role = user.call("POST", f"{base}/roles", named("more", rules=[rule("", "secrets", "get")]))
    bound = user.call(
        "POST", f"{base}/rolebindings", named("b", roleRef=reference("view", "ClusterRole"))
    )

    assert (role.code, bound.code) == (201, 201)


def test_an_apply_that_creates_needs_both_rights(api: RawApi, space: str) -> None:
    patcher = f"patcher-{space}"
    given(api, space, patcher, rule("", "configmaps", "patch,get"))
    user, path = acting(api, patcher), f"/api/v1/namespaces/{space}/configmaps"
    until(lambda: user.call("GET", f"{path}/none"), 404)
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}

    answer = user.call("PATCH", f"{path}/one", body, kind=APPLY, fieldManager="me")

    assert answer.code == 403
    assert answer.message == (
        f'configmaps "one" is forbidden: User "{patcher}" cannot create resource "configmaps" in '
        f'API group "" in the namespace "{space}"'
    )


def test_acting_as_others_is_bounded_by_roles(api: RawApi, space: str) -> None:
    account = f"/api/v1/namespaces/{space}/serviceaccounts"
    base = f"{RBAC}/namespaces/{space}"
    api.call("POST", account, named("robot"))
    token = api.call("POST", f"{account}/robot/token", {"spec": {}}).document["status"]["token"]
    robot = replace(api, token=token)
    rules = [rule("", "serviceaccounts", "impersonate")]
    api.call("POST", f"{base}/roles", named("r", rules=rules))
    subjects = [{"kind": "ServiceAccount", "name": "robot"}]
    api.call("POST", f"{base}/rolebindings", named("r", roleRef=reference("r"), subjects=subjects))
    whoami = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    other = f"system:serviceaccount:{space}:other"

    answer = until(lambda: acting(robot, other).call("POST", whoami, {}), 201)
    jane = acting(robot, "jane").call("GET", "/api/v1/nodes")

    assert answer.document["status"]["userInfo"]["groups"] == [
        "system:serviceaccounts",
        f"system:serviceaccounts:{space}",
        "system:authenticated",
    ]
    assert jane.code == 403
    assert f'User "system:serviceaccount:{space}:robot" cannot impersonate' in jane.message


def test_whom_one_acts_as_is_a_name(api: RawApi) -> None:
    headers = {"Impersonate-Group": "system:masters"}

    answer = replace(api, headers=headers).call("GET", "/api/v1/nodes")

    assert answer.code in {400, 500}, "a server before 1.36 takes it for its own failure"
    assert "without impersonating a user" in answer.message
