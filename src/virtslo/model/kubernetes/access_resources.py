"""Roles and their bindings: who may do what, as Kubernetes keeps it.

Invariant: a binding names one role, and a role is of the namespace that it is in.
"""

from typing import Final

from virtslo.model.kubernetes.resources import Resource

RBAC: Final = "rbac.authorization.k8s.io"

ROLES: Final = Resource(RBAC, "v1", "roles", "Role", True, "role")
ROLE_BINDINGS: Final = Resource(RBAC, "v1", "rolebindings", "RoleBinding", True, "rolebinding")
CLUSTER_ROLES: Final = Resource(RBAC, "v1", "clusterroles", "ClusterRole", False, "clusterrole")
CLUSTER_ROLE_BINDINGS: Final = Resource(
    RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", False, "clusterrolebinding"
)
ACCESS: Final = (ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS)
