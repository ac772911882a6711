"""Questions to an API server: who am I, may I, what may I; and tokens of service accounts."""

import base64
import json
import time
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from support.raw_api import RawApi

AUTHORIZATION = "/apis/authorization.k8s.io/v1"
AUTHENTICATION = "/apis/authentication.k8s.io/v1"
GET_PODS = {"verb": "get", "resource": "pods", "namespace": "default"}
REMEMBERED_SECONDS = 30
"""A real API server remembers for ten seconds that a token was good."""
BOTH = {"resourceAttributes": GET_PODS, "nonResourceAttributes": {"verb": "get", "path": "/"}}


@pytest.fixture
def account(api: RawApi, space: str) -> str:
    """The path of a service account."""
    path = f"/api/v1/namespaces/{space}/serviceaccounts"
    assert api.call("POST", path, {"metadata": {"name": "robot"}}).code == 201
    return f"{path}/robot"


def token_of(api: RawApi, account: str, **spec: Any) -> str:
    answer = api.call("POST", f"{account}/token", {"spec": spec})
    assert answer.code == 201, answer.body
    token: str = answer.document["status"]["token"]
    return token


@pytest.mark.parametrize(
    "spec",
    [
        {"resourceAttributes": GET_PODS},
        {"resourceAttributes": {**GET_PODS, "subresource": "proxy", "name": "a", "version": "v1"}},
        {"nonResourceAttributes": {"verb": "get", "path": "/metrics"}},
    ],
    ids=["resource", "subresource", "path"],
)
def test_an_administrator_may_do_everything(api: RawApi, spec: dict[str, Any]) -> None:
    answer = api.call("POST", f"{AUTHORIZATION}/selfsubjectaccessreviews", {"spec": spec})

    assert answer.code == 201
    assert answer.document["kind"] == "SelfSubjectAccessReview"
    assert answer.document["apiVersion"] == "authorization.k8s.io/v1"
    assert answer.document["spec"] == spec
    assert answer.document["status"]["allowed"] is True


@pytest.mark.parametrize(
    ("kind", "spec", "causes"),
    [
        ("SelfSubjectAccessReview", {}, ["spec.resourceAttributes"]),
        ("SelfSubjectAccessReview", BOTH, ["spec.nonResourceAttributes"]),
        ("SubjectAccessReview", {"resourceAttributes": GET_PODS}, ["spec.user"]),
    ],
    ids=["nothing", "both", "nobody"],
)
def test_a_question_that_asks_nothing_definite_is_invalid(
    api: RawApi, kind: str, spec: dict[str, Any], causes: list[str]
) -> None:
    answer = api.call("POST", f"{AUTHORIZATION}/{kind.lower()}s", {"spec": spec})

    assert answer.code == 422
    assert answer.message.startswith(f'.authorization.k8s.io "" is invalid: {causes[0]}: ')
    assert answer.causes == [("FieldValueInvalid", field) for field in causes]


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        ({"groups": ["system:masters"]}, True),
        ({"user": "system:anonymous", "groups": ["system:unauthenticated"]}, False),
    ],
)
def test_what_others_may_do_is_told(api: RawApi, who: dict[str, Any], allowed: bool) -> None:
    spec = {**who, "resourceAttributes": {"verb": "delete", "resource": "nodes"}}

    answer = api.call("POST", f"{AUTHORIZATION}/subjectaccessreviews", {"spec": spec})

    assert answer.code == 201
    assert answer.document["status"]["allowed"] is allowed


def test_what_others_may_do_in_a_namespace_is_asked_in_that_namespace(
    api: RawApi, space: str
) -> None:
    path = f"{AUTHORIZATION}/namespaces/{space}/localsubjectaccessreviews"
    here = {"groups": ["system:masters"], "resourceAttributes": {**GET_PODS, "namespace": space}}
    there = {**here, "resourceAttributes": GET_PODS}
    metadata = {"namespace": space}

    answer = api.call("POST", path, {"metadata": metadata, "spec": here})
    other = api.call("POST", path, {"metadata": metadata, "spec": there})

    assert (answer.code, answer.document["status"]["allowed"]) == (201, True)
    assert other.code in {400, 422}


def test_what_one_may_do_is_listed(api: RawApi) -> None:
    body = {"spec": {"namespace": "default"}}

    answer = api.call("POST", f"{AUTHORIZATION}/selfsubjectrulesreviews", body)

    assert answer.code == 201
    status = answer.document["status"]
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    assert everything in status["resourceRules"]
    assert {"verbs": ["*"], "nonResourceURLs": ["*"]} in status["nonResourceRules"]
    assert api.call("POST", f"{AUTHORIZATION}/selfsubjectrulesreviews", {"spec": {}}).code == 400


def test_one_is_told_who_one_is(api: RawApi) -> None:
    answer = api.call("POST", f"{AUTHENTICATION}/selfsubjectreviews", {})

    assert answer.code == 201
    assert "system:authenticated" in answer.document["status"]["userInfo"]["groups"]
    assert answer.document["status"]["userInfo"]["username"]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_questions_are_asked_and_nothing_else(api: RawApi, method: str) -> None:
    path = f"{AUTHORIZATION}/selfsubjectaccessreviews"
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"

    answer = api.call(method, path, {} if method != "GET" else None, kind=kind)

    assert answer.code == 405
    assert answer.document["reason"] == "MethodNotAllowed"
    assert api.call("GET", f"{path}/one").code == 404


def test_questions_are_discovered(api: RawApi) -> None:
    groups = {each["name"] for each in api.call("GET", "/apis").document["groups"]}
    found = {
        each["name"]: each
        for path in (AUTHORIZATION, AUTHENTICATION, "/api/v1")
        for each in api.call("GET", path).document["resources"]
    }

    assert {"authorization.k8s.io", "authentication.k8s.io"} <= groups
    assert found["selfsubjectaccessreviews"]["verbs"] == ["create"]
    assert found["selfsubjectaccessreviews"]["kind"] == "SelfSubjectAccessReview"
    assert found["selfsubjectaccessreviews"]["namespaced"] is False
    assert found["localsubjectaccessreviews"]["namespaced"] is True
    assert found["serviceaccounts/token"]["kind"] == "TokenRequest"
    assert found["serviceaccounts/token"]["group"] == "authentication.k8s.io"


def test_questions_are_in_openapi(api: RawApi) -> None:
    document = api.call("GET", "/openapi/v3/apis/authorization.k8s.io/v1").document

    schema = document["components"]["schemas"][
        "io.k8s.api.authorization.v1.SelfSubjectAccessReview"
    ]
    path = document["paths"]["/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"]
    assert {"spec", "status"} <= schema["properties"].keys()
    assert path.keys() & {"get", "post", "put", "patch"} == {"post"}


def test_a_service_account_is_given_a_token(api: RawApi, space: str, account: str) -> None:
    answer = api.call("POST", f"{account}/token", {"spec": {"expirationSeconds": 7200}})

    assert answer.code == 201
    made = answer.document
    assert (made["kind"], made["apiVersion"]) == ("TokenRequest", "authentication.k8s.io/v1")
    assert (made["metadata"]["name"], made["metadata"]["namespace"]) == ("robot", space)
    assert made["spec"]["expirationSeconds"] == 7200
    ends = datetime.fromisoformat(made["status"]["expirationTimestamp"])
    begins = datetime.fromisoformat(made["metadata"]["creationTimestamp"])
    assert abs((ends - begins).total_seconds() - 7200) < 2
    text = made["status"]["token"].split(".")[1]
    payload = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert payload["sub"] == f"system:serviceaccount:{space}:robot"
    assert payload["exp"] - payload["iat"] == 7200
    assert payload["kubernetes.io"]["namespace"] == space


def test_a_token_is_of_its_service_account(api: RawApi, space: str, account: str) -> None:
    robot = replace(api, token=token_of(api, account))
    user = f"system:serviceaccount:{space}:robot"

    info = robot.call("POST", f"{AUTHENTICATION}/selfsubjectreviews", {}).document["status"]
    path = f"{AUTHENTICATION}/tokenreviews"
    review = api.call("POST", path, {"spec": {"token": robot.token}}).document["status"]

    assert info["userInfo"]["username"] == user
    assert {"system:serviceaccounts", f"system:serviceaccounts:{space}"} <= set(
        info["userInfo"]["groups"]
    )
    assert review["authenticated"] is True
    assert review["user"]["username"] == user


def test_a_token_goes_with_its_service_account(api: RawApi, account: str) -> None:
    robot = replace(api, token=token_of(api, account))
    assert robot.call("POST", f"{AUTHENTICATION}/selfsubjectreviews", {}).code == 201

    api.call("DELETE", account)

    for _ in range(REMEMBERED_SECONDS * 2):
        answer = robot.call("POST", f"{AUTHENTICATION}/selfsubjectreviews", {})
        if answer.code != 201:
            break
        time.sleep(0.5)
    assert (answer.code, answer.document["reason"]) == (401, "Unauthorized")


def test_a_token_that_was_changed_is_nobodys(api: RawApi, account: str) -> None:
    token = token_of(api, account)
    head, payload, signature = token.split(".")
    text = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).replace(b"robot", b"other")
    changed = base64.urlsafe_b64encode(text).rstrip(b"=").decode()

    for bad in (f"{head}.{changed}.{signature}", token[:-4], "a.b.c", "a", ""):
        other = replace(api, token=bad or "x")
        assert other.call("GET", "/api/v1/nodes").code == 401
    review = api.call("POST", f"{AUTHENTICATION}/tokenreviews", {"spec": {"token": "a.b.c"}})
    assert not review.document["status"].get("authenticated")


@pytest.mark.parametrize("seconds", [599, 2**32 + 1])
def test_a_token_lasts_neither_too_short_nor_too_long(
    api: RawApi, account: str, seconds: int
) -> None:
    answer = api.call("POST", f"{account}/token", {"spec": {"expirationSeconds": seconds}})

    assert answer.code == 422
    assert answer.causes == [("FieldValueInvalid", "spec.expirationSeconds")]


def test_a_token_is_for_somebody_who_is_there(api: RawApi, space: str, account: str) -> None:
    nobody = account.replace("robot", "nobody")
    bound = {"apiVersion": "v1", "kind": "Pod", "name": "gone"}

    missing = api.call("POST", f"{nobody}/token", {"spec": {}})
    unbound = api.call("POST", f"{account}/token", {"spec": {"boundObjectRef": bound}})

    assert (missing.code, missing.message) == (404, 'serviceaccounts "nobody" not found')
    assert (unbound.code, unbound.message) == (404, 'pods "gone" not found')


def test_who_may_acts_for_others(api: RawApi) -> None:
    headers = {"Impersonate-User": "jane", "Impersonate-Group": "developers"}
    other = replace(api, headers=headers)

    info = other.call("POST", f"{AUTHENTICATION}/selfsubjectreviews", {}).document["status"]

    assert info["userInfo"]["username"] == "jane"
    assert set(info["userInfo"]["groups"]) == {"developers", "system:authenticated"}


def test_a_review_is_no_table(api: RawApi) -> None:
    accept = "application/json;as=Table;g=meta.k8s.io;v=v1"
    body = {"spec": {"nonResourceAttributes": {"verb": "get", "path": "/"}}}

    answer = api.call("POST", f"{AUTHORIZATION}/selfsubjectaccessreviews", body, accept=accept)

    assert (answer.code, answer.document["reason"]) == (406, "NotAcceptable")
    assert answer.message.startswith("only the following media types are accepted: application/js")
