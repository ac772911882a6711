"""Kinds that other tools create on a cluster, served by the simulated one as objects and no more.

Invariant: no controller of ours acts on them but on roles, bindings and daemonsets; what a real
cluster's controllers would make of another, the simulated cluster does not.
"""

from typing import Final

from virtslo.model.kubernetes.access_resources import ACCESS
from virtslo.model.kubernetes.resources import Resource

_NETWORKING: Final = "networking.k8s.io"
_WORKLOAD: Final = ("status", "scale")

DEPLOYMENTS: Final = Resource(
    "apps", "v1", "deployments", "Deployment", True, "deployment", ("deploy",), _WORKLOAD, ("all",)
)
REPLICA_SETS: Final = Resource(
    "apps", "v1", "replicasets", "ReplicaSet", True, "replicaset", ("rs",), _WORKLOAD, ("all",)
)
DAEMON_SETS: Final = Resource(
    "apps", "v1", "daemonsets", "DaemonSet", True, "daemonset", ("ds",), ("status",), ("all",)
)
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
    DEPLOYMENTS,
    REPLICA_SETS,
    Resource(
        "apps", "v1", "statefulsets", "StatefulSet", True, "statefulset", ("sts",), _WORKLOAD,
        ("all",),
    ),
    DAEMON_SETS,
    Resource("batch", "v1", "jobs", "Job", True, "job", (), ("status",), ("all",)),
    *ACCESS,
    Resource("batch", "v1", "cronjobs", "CronJob", True, "cronjob", ("cj",), ("status",), ("all",)),
    Resource(
        "", "v1", "replicationcontrollers", "ReplicationController", True, "replicationcontroller",
        ("rc",), _WORKLOAD, ("all",),
    ),
    Resource(
        "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True,
        "horizontalpodautoscaler", ("hpa",), ("status",), ("all",),
    ),
    Resource(
        "policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", True, "poddisruptionbudget",
        ("pdb",), ("status",),
    ),
    Resource(
        _NETWORKING, "v1", "networkpolicies", "NetworkPolicy", True, "networkpolicy", ("netpol",)
    ),
    Resource(_NETWORKING, "v1", "ingresses", "Ingress", True, "ingress", ("ing",), ("status",)),
    Resource(_NETWORKING, "v1", "ingressclasses", "IngressClass", False, "ingressclass"),
    Resource(
        "scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", False, "priorityclass",
        ("pc",),
    ),
    Resource("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", False, "runtimeclass"),
    Resource("storage.k8s.io", "v1", "csidrivers", "CSIDriver", False, "csidriver"),
    Resource("storage.k8s.io", "v1", "csinodes", "CSINode", False, "csinode"),
    Resource(
        "storage.k8s.io", "v1", "csistoragecapacities", "CSIStorageCapacity", True,
        "csistoragecapacity",
    ),
    Resource(
        "storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", False, "volumeattachment",
        (), ("status",),
    ),
    Resource(
        "storage.k8s.io", "v1", "storageclasses", "StorageClass", False, "storageclass", ("sc",)
    ),
)  # fmt: skip
