"""kubectl on the simulated cluster as a whole: its place, nodes, services, and what it has not."""

import json

import pytest

from support.kubectl import KUBECTL, WHY_NOT, Kubectl, vmi

pytestmark = [
    pytest.mark.skipif(KUBECTL is None, reason=WHY_NOT),
]
WAIT = "--timeout=600s"


def test_what_a_simulated_cluster_has_not_is_said_plainly(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", body=vmi())
    kubectl("wait", "vmi/one", "--for=condition=Ready", WAIT)
    pod = kubectl("get", "pods", "-o", "name").strip()

    logs = kubectl.refused("logs", pod)
    inside = kubectl.refused("exec", pod, "--", "true")
    usage = kubectl.refused("top", "pods")

    assert "nothing runs in the pods of a simulated cluster" in logs
    assert "nothing runs in the pods of a simulated cluster" in inside
    assert "Metrics API not available" in usage


def test_a_node_is_cordoned_drained_and_given_back(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", body=vmi())
    kubectl("wait", "vmi/one", "--for=condition=Ready", WAIT)
    node = kubectl("get", "vmi", "one", "-o", "jsonpath={.status.nodeName}")
    try:
        kubectl("cordon", node)
        cordoned = kubectl("get", "node", node)
        launchers = "--pod-selector=kubevirt.io=virt-launcher"
        refused = kubectl.refused("drain", node, launchers, WAIT)
        kubectl("drain", node, launchers, "--delete-emptydir-data", WAIT)
        left = kubectl("get", "pods", f"--field-selector=spec.nodeName={node}", "-o", "name")
    finally:
        kubectl("uncordon", node)

    assert "Ready,SchedulingDisabled" in cordoned
    assert "cannot delete Pods with local storage" in refused
    assert left == ""
    assert "SchedulingDisabled" not in kubectl("get", "node", node)
    conditions = kubectl("get", "node", node, "-o", "jsonpath={.status.conditions[*].reason}")
    assert "KubeletReady" in conditions.split()


def test_a_node_is_drained_of_all_but_daemonsets_without_force(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", body=vmi())
    kubectl("wait", "vmi/one", "--for=condition=Ready", WAIT)
    node = kubectl("get", "vmi", "one", "-o", "jsonpath={.status.nodeName}")
    on_node = f"--field-selector=spec.nodeName={node}"
    try:
        refused = kubectl.refused("drain", node, "--delete-emptydir-data", WAIT)
        kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", WAIT)
        left = kubectl("get", "pods", "-A", f"{on_node},status.phase=Running", "-o", "name")
        others = kubectl("get", "pods", "-A", f"{on_node},status.phase!=Running", "-o", "name")
    finally:
        kubectl("uncordon", node)

    assert "cannot delete DaemonSet-managed Pods" in refused
    assert left.split() == [f"pod/virt-handler-{node}"]
    assert others == ""


def test_a_daemonset_is_rolled_out(kubectl: Kubectl) -> None:
    labels = {"a": "b"}
    pod = {"containers": [{"name": "c", "image": "pause:1"}]}
    template = {"metadata": {"labels": labels}, "spec": pod}
    body = {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "d"},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }

    kubectl("create", "-f", "-", body=json.dumps(body))
    kubectl("rollout", "status", "ds/d", WAIT)
    kubectl("set", "image", "ds/d", "c=pause:2")
    kubectl("rollout", "status", "ds/d", WAIT)
    images = kubectl(
        "get", "pods", "-l", "a=b", "-o", "jsonpath={.items[*].spec.containers[*].image}"
    )
    kubectl("rollout", "undo", "ds/d")
    kubectl("rollout", "status", "ds/d", WAIT)
    shown = kubectl("get", "ds", "d")
    kubectl("delete", "ds", "d", WAIT)

    nodes = kubectl("get", "nodes", "-o", "name").split()
    assert images.split() == ["pause:2"] * len(nodes)
    assert shown.splitlines()[1].split()[1:6] == [str(len(nodes))] * 5


def test_a_cluster_says_where_it_is(kubectl: Kubectl) -> None:
    told = kubectl("cluster-info")

    assert "Kubernetes control plane" in told
    assert "https://127.0.0.1:" in told


def test_a_pod_is_exposed_as_a_service(kubectl: Kubectl) -> None:
    kubectl("create", "-f", "-", body=vmi(app="web"))
    kubectl("wait", "vmi/one", "--for=condition=Ready", WAIT)
    pod = kubectl("get", "pods", "-o", "name").strip()

    kubectl("expose", pod, "--name=web", "--port=80")
    ports = [{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "own"},
        "spec": {"selector": {"app": "web"}, "ports": ports},
    }
    first = kubectl("apply", "-f", "-", body=service)
    again = kubectl("apply", "-f", "-", body=service)

    heading, *rows = kubectl("get", "svc").splitlines()
    assert heading.split() == ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]
    assert {row.split()[0]: row.split()[4] for row in rows} == {
        "own": "80/TCP,81/TCP",
        "web": "80/TCP",
    }
    assert first.strip().endswith("created")
    assert again.strip().endswith("unchanged")
    assert "Selector:" in kubectl("describe", "svc", "own")
