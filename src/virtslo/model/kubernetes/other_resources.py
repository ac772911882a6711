"""Kinds that other tools create on a cluster, served by the simulated one as objects and no more.

Invariant: no controller of ours acts on them but on roles and bindings; what a real cluster's
controllers would make of one, the simulated cluster does not.
"""

from typing import Final

from virtslo.model.kubernetes.access_resources import ACCESS
from virtslo.model.kubernetes.resources import Resource

_WORKLOAD: Final = ("status", "scale")

OTHERS: Final = (
    Resource("", "v1", "endpoints", "Endpoints", True, "endpoints", ("ep",)),
    Resource("", "v1", "limitranges", "LimitRange", True, "limitrange", ("limits",)),
    Resource(
        "", "v1", "resourcequotas", "ResourceQuota", True, "resourcequota", ("quota",), ("status",)
    ),
    Resource("", "v1", "podtemplates", "PodTemplate", True, "podtemplate"),
    Resource(
        "",
        "v1",
        "persistentvolumeclaims",
        "PersistentVolumeClaim",
        True,
        "persistentvolumeclaim",
        ("pvc",),
        ("status",),
    ),
    Resource(
        "",
        "v1",
        "persistentvolumes",
        "PersistentVolume",
        False,
        "persistentvolume",
        ("pv",),
        ("status",),
    ),
    Resource(
        "apps", "v1", "deployments", "Deployment", True, "deployment", ("deploy",), _WORKLOAD,
        ("all",),
    ),
    Resource(
        "apps", "v1", "replicasets", "ReplicaSet", True, "replicaset", ("rs",), _WORKLOAD, ("all",)
    ),
    Resource(
        "apps", "v1", "statefulsets", "StatefulSet", True, "statefulset", ("sts",), _WORKLOAD,
        ("all",),
    ),
    Resource(
        "apps", "v1", "daemonsets", "DaemonSet", True, "daemonset", ("ds",), ("status",), ("all",)
    ),
    Resource("batch", "v1", "jobs", "Job", True, "job", (), ("status",), ("all",)),
    *ACCESS,
    Resource(
        "storage.k8s.io", "v1", "storageclasses", "StorageClass", False, "storageclass", ("sc",)
    ),
)  # fmt: skip
