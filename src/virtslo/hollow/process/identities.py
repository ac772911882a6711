"""Who the hollow components are to the API server: users and user agents as the real ones'."""

from typing import Final

from virtslo.model.kubernetes.components import (
    VIRT_API,
    VIRT_CONTROLLER,
    VIRT_HANDLER,
    VIRT_OPERATOR,
)
from virtslo.model.kubernetes.identity import Identity, groups_of_accounts

KUBERNETES: Final = "v1.36.2 (linux/amd64) kubernetes/simulated"
KUBEVIRT: Final = "v0.0.0 (linux/amd64) kubernetes/simulated"
_ACCOUNTS: Final = ("system:serviceaccounts", "system:authenticated")


def _kubevirt(component: str, account: str) -> Identity:
    return Identity(
        component,
        f"system:serviceaccount:kubevirt:{account}",
        f"{component}/{KUBEVIRT}",
        _ACCOUNTS,
    )


def virt_operator() -> Identity:
    """virt-operator."""
    return _kubevirt(VIRT_OPERATOR, "kubevirt-operator")


def virt_api() -> Identity:
    """virt-api."""
    return _kubevirt(VIRT_API, "kubevirt-apiserver")


def virt_controller() -> Identity:
    """virt-controller."""
    return _kubevirt(VIRT_CONTROLLER, "kubevirt-controller")


def virt_handler_of(node: str) -> Identity:
    """A node's virt-handler."""
    return _kubevirt(VIRT_HANDLER, "kubevirt-handler")


def kubelet_of(node: str) -> Identity:
    """A node's kubelet."""
    return Identity(
        "kubelet",
        f"system:node:{node}",
        f"kubelet/{KUBERNETES}",
        ("system:nodes", "system:authenticated"),
    )


def scheduler() -> Identity:
    """kube-scheduler."""
    return Identity(
        "kube-scheduler",
        "system:kube-scheduler",
        f"kube-scheduler/{KUBERNETES}",
        ("system:authenticated",),
    )


def controller_manager() -> Identity:
    """kube-controller-manager."""
    return Identity(
        "kube-controller-manager",
        "system:kube-controller-manager",
        f"kube-controller-manager/{KUBERNETES}",
        ("system:authenticated",),
    )


def role_aggregation() -> Identity:
    """kube-controller-manager's controller of aggregated roles, which may grant what it has not."""
    return Identity(
        "kube-controller-manager",
        "system:serviceaccount:kube-system:clusterrole-aggregation-controller",
        f"kube-controller-manager/{KUBERNETES}",
        groups_of_accounts("kube-system"),
    )


def pod_garbage_collector() -> Identity:
    """kube-controller-manager's garbage collector of pods."""
    return Identity(
        "kube-controller-manager",
        "system:serviceaccount:kube-system:pod-garbage-collector",
        f"kube-controller-manager/{KUBERNETES}",
        groups_of_accounts("kube-system"),
    )


def daemon_sets() -> Identity:
    """kube-controller-manager's controller of daemonsets."""
    return Identity(
        "kube-controller-manager",
        "system:serviceaccount:kube-system:daemon-set-controller",
        f"kube-controller-manager/{KUBERNETES}",
        groups_of_accounts("kube-system"),
    )
