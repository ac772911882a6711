"""kubectl asks the simulated cluster who it is and what it may do, and for tokens."""

import json
import time

import pytest

from support.kubectl import KUBECTL, WHY_NOT, Kubectl

pytestmark = [
    pytest.mark.skipif(KUBECTL is None, reason=WHY_NOT),
]


@pytest.mark.parametrize(
    "question",
    [
        ("create", "vmi"),
        ("delete", "nodes"),
        ("get", "pods", "--subresource=proxy"),
        ("get", "/metrics"),
        ("*", "*", "--all-namespaces"),
    ],
    ids="-".join,
)
def test_what_one_may_do_is_told(kubectl: Kubectl, question: tuple[str, ...]) -> None:
    assert kubectl("auth", "can-i", *question) == "yes\n"


def test_all_that_one_may_do_is_listed(kubectl: Kubectl) -> None:
    listed = kubectl("auth", "can-i", "--list").splitlines()

    assert listed[0].split() == ["Resources", "Non-Resource", "URLs", "Resource", "Names", "Verbs"]
    assert [line.split() for line in listed[1:3]] == [
        ["*.*", "[]", "[]", "[*]"],
        ["[*]", "[]", "[*]"],
    ]


def test_a_role_that_is_created_is_told_and_holds(kubectl: Kubectl) -> None:
    jane = ("--as=jane", "--as-group=developers")
    before = kubectl.refused("get", "vmis", *jane)
    kubectl("create", "role", "watchers", "--verb=get,list", "--resource=virtualmachineinstances")
    kubectl("create", "rolebinding", "developers", "--role=watchers", "--group=developers")
    kubectl("create", "rolebinding", "pods", "--clusterrole=view", "--user=joe")

    listed = kubectl("auth", "can-i", "--list", *jane)

    assert before == (
        "Error from server (Forbidden): virtualmachineinstances.kubevirt.io is forbidden: User "
        '"jane" cannot list resource "virtualmachineinstances" in API group "kubevirt.io" in the '
        f'namespace "{kubectl.namespace}"\n'
    )
    assert kubectl("get", "vmis", *jane) == ""
    assert kubectl.run("auth", "can-i", "delete", "vmis", *jane).stdout == "no\n"
    assert kubectl("auth", "can-i", "list", "pods", "--as=joe") == "yes\n"
    assert ["virtualmachineinstances.kubevirt.io", "[]", "[]", "[get", "list]"] in [
        line.split() for line in listed.splitlines()
    ]


def test_one_is_told_who_one_is(kubectl: Kubectl) -> None:
    told = kubectl("auth", "whoami", "-o", "json")
    acting = kubectl("auth", "whoami", "-o", "json", "--as=jane", "--as-group=developers")

    assert json.loads(told)["status"]["userInfo"] == {
        "username": "kubernetes-admin",
        "groups": ["system:masters", "system:authenticated"],
    }
    assert json.loads(acting)["status"]["userInfo"]["username"] == "jane"


def test_a_token_is_made_and_used(kubectl: Kubectl) -> None:
    kubectl("create", "serviceaccount", "robot")

    token = kubectl("create", "token", "robot", "--duration=10m").strip()
    made = json.loads(kubectl("create", "token", "robot", "-o", "json"))
    whoami = kubectl("auth", "whoami", f"--token={token}")
    short = kubectl.refused("create", "token", "robot", "--duration=1m")
    missing = kubectl.refused("create", "token", "nobody")

    assert f"system:serviceaccount:{kubectl.namespace}:robot" in whoami
    assert made["kind"] == "TokenRequest"
    assert made["status"]["expirationTimestamp"] > time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime()
    )
    assert "may not specify a duration less than 10 minutes" in short
    assert 'serviceaccounts "nobody" not found' in missing
