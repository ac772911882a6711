"""Bodies of requests: odd texts, hostile patches, and right objects of each kind to change."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import yaml

from support.attack.values import ODD, dotted, odd_texts, places, put, shown
from support.raw_api import APPLY, JSON_PATCH, MERGE, STRATEGIC

TYPES: Final = (
    "application/json", "application/yaml", MERGE, JSON_PATCH, STRATEGIC, APPLY, "text/plain",
    "application/vnd.kubernetes.protobuf", "",
)  # fmt: skip
PREFIX: Final = b'{"apiVersion":"kubevirt.io/v1","kind":"VirtualMachineInstance",'


def _laughs(width: int, levels: int) -> bytes:
    first = f"a0: &a0 [{', '.join(['x'] * width)}]"
    more = (f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * width)}]" for at in range(1, levels))
    return "\n".join([first, *more]).encode()


_OBJECT: Final = (
    b"apiVersion: kubevirt.io/v1\nkind: VirtualMachineInstance\nmetadata: {name: one}\n"
)


@cache
def bodies() -> Mapping[str, bytes]:
    """By what they are; each is sent as every media type."""
    return {
    **odd_texts(),
    "aliases in an object": _OBJECT + _laughs(10, 9),
    "aliases in labels": _OBJECT.replace(b"{name: one}", b"{name: one, labels: &a {x: *a}}"),
    "deep in an object": PREFIX + b'"spec":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "199 levels": PREFIX + b'"spec":' + b'{"a":' * 197 + b"1" + b"}" * 197 + b"}",
    "a long text": PREFIX + b'"metadata":{"name":"' + b"a" * (2 << 20) + b'"}}',
    "a long label": PREFIX + b'"metadata":{"name":"x","labels":{"a":"' + b"b" * (1 << 20) + b'"}}}',
    "more than 3 MiB": b'{"a":"' + b"b" * (3 << 20) + b'"}',
    "many labels": PREFIX + b'"metadata":{"name":"x","labels":{'
    + b",".join(b'"k%d":"v"' % n for n in range(50_000)) + b"}}}",
    "many owners": PREFIX + b'"metadata":{"name":"x","ownerReferences":['
    + b",".join([b'{"apiVersion":"v1","kind":"Pod","name":"a","uid":"b"}'] * 20_000) + b"]}}",
    "odd versions": b'{"apiVersion":"//","kind":"","metadata":{"name":"x","resourceVersion":"x"}}',
    "a version that is no text": b'{"apiVersion":[],"kind":{},"metadata":[]}',
    "metadata null": PREFIX + b'"metadata":null}',
    "metadata a text": PREFIX + b'"metadata":"x"}',
    "a lone surrogate": PREFIX + b'"metadata":{"name":"\\ud800"}}',
    "NUL in a name": PREFIX + b'"metadata":{"name":"a\\u0000b"}}',
    "options": b'{"kind":"DeleteOptions","apiVersion":"v1","preconditions":{"uid":5},'
    b'"gracePeriodSeconds":"x","propagationPolicy":[],"dryRun":5,"orphanDependents":"x"}',
    "more options": b'{"kind":"DeleteOptions","apiVersion":"v1","preconditions":[],'
    b'"gracePeriodSeconds":1e400,"dryRun":["All",5]}',
    "protobuf": b"k8s\x00\x0a\xff\xff\xff\xff\x0f",
    "more protobuf": b"k8s\x00" + bytes(range(256)) * 8,
    "groups of protobuf": b"k8s\x00" + b"\x0b" * 100_000,
}  # fmt: skip


def _metadata(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "labels": {"a": "b"}, "annotations": {"c": "d"}, **more}


_DOMAIN: Final = {
    "devices": {"disks": [{"name": "d", "disk": {"bus": "virtio"}}], "interfaces": [
        {"name": "default", "masquerade": {}}
    ]},
    "cpu": {"cores": 1}, "memory": {"guest": "64Mi"},
    "resources": {"requests": {"memory": "90Mi", "cpu": "100m"}, "limits": {"memory": "1Gi"}},
}  # fmt: skip
_VMI: Final = {
    "domain": _DOMAIN, "networks": [{"name": "default", "pod": {}}], "nodeSelector": {"x": "y"},
    "volumes": [{"name": "d", "containerDisk": {"image": "i"}}], "evictionStrategy": "None",
    "terminationGracePeriodSeconds": 0, "tolerations": [{"key": "a", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchExpressions": [
            {"key": "k", "operator": "In", "values": ["v"]}
        ]}],
    }}},
}  # fmt: skip
_TEMPLATE: Final = {"metadata": {"labels": {"a": "b"}}, "spec": _VMI}
_POD: Final = {
    "containers": [{
        "name": "c", "image": "i", "ports": [{"containerPort": 80}],
        "resources": {"requests": {"cpu": "1m", "memory": "1Mi"}},
        "env": [{"name": "a", "value": "b"}],
    }],
    "tolerations": [{"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"}],
    "nodeSelector": {"x": "y"}, "priority": 0, "terminationGracePeriodSeconds": 0,
}  # fmt: skip
_SELECTOR: Final = {"matchLabels": {"a": "b"}}
_RULE: Final = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "resourceNames": ["a"]}
_KUBEVIRT: Final = "/apis/kubevirt.io/v1/namespaces/default"


def _one(kind: str, version: str, name: str = "one", **parts: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": _metadata(name), **parts}


OBJECTS: Final[Mapping[str, dict[str, Any]]] = {
    f"{_KUBEVIRT}/virtualmachineinstances": _one(
        "VirtualMachineInstance", "kubevirt.io/v1", spec=_VMI
    ),
    f"{_KUBEVIRT}/virtualmachines": _one(
        "VirtualMachine", "kubevirt.io/v1", spec={"runStrategy": "Always", "template": _TEMPLATE}
    ),
    f"{_KUBEVIRT}/virtualmachineinstancereplicasets": _one(
        "VirtualMachineInstanceReplicaSet", "kubevirt.io/v1",
        spec={"replicas": 1, "selector": _SELECTOR, "template": _TEMPLATE},
    ),
    f"{_KUBEVIRT}/virtualmachineinstancemigrations": _one(
        "VirtualMachineInstanceMigration", "kubevirt.io/v1", spec={"vmiName": "one"}
    ),
    "/apis/pool.kubevirt.io/v1beta1/namespaces/default/virtualmachinepools": _one(
        "VirtualMachinePool", "pool.kubevirt.io/v1beta1",
        spec={
            "replicas": 1, "selector": _SELECTOR, "maxUnavailable": "50%",
            "virtualMachineTemplate": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"runStrategy": "Halted", "template": _TEMPLATE},
            },
        },
    ),
    "/apis/instancetype.kubevirt.io/v1beta1/namespaces/default/virtualmachineinstancetypes": _one(
        "VirtualMachineInstancetype", "instancetype.kubevirt.io/v1beta1",
        spec={"cpu": {"guest": 1}, "memory": {"guest": "64Mi"}},
    ),
    f"{_KUBEVIRT}/kubevirts": _one(
        "KubeVirt", "kubevirt.io/v1",
        spec={"configuration": {"developerConfiguration": {"featureGates": ["x"]}}},
    ),
    "/api/v1/namespaces/default/pods": _one("Pod", "v1", spec=_POD),
    "/api/v1/namespaces": _one("Namespace", "v1", "odd", spec={"finalizers": ["kubernetes"]}),
    "/api/v1/nodes": _one(
        "Node", "v1", "odd-node",
        spec={"taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}],
              "podCIDR": "10.0.0.0/24"},
        status={"allocatable": {"cpu": "1", "memory": "1Gi", "pods": "1"}, "conditions": [
            {"type": "Ready", "status": "True"}
        ]},
    ),
    "/api/v1/namespaces/default/services": _one(
        "Service", "v1", spec={"selector": {"a": "b"}, "ports": [{"port": 80, "protocol": "TCP"}]}
    ),
    "/api/v1/namespaces/default/configmaps": _one("ConfigMap", "v1", data={"a": "b"}),
    "/api/v1/namespaces/default/secrets": _one("Secret", "v1", data={"a": "Yg=="}, type="Opaque"),
    "/api/v1/namespaces/default/serviceaccounts": _one(
        "ServiceAccount", "v1", secrets=[{"name": "a"}]
    ),
    "/api/v1/namespaces/default/events": _one(
        "Event", "v1", involvedObject={"kind": "Pod", "name": "one", "namespace": "default"},
        reason="r", message="m", count=1, firstTimestamp="2026-01-01T00:00:00Z",
        source={"component": "c"}, type="Normal",
    ),
    "/apis/coordination.k8s.io/v1/namespaces/default/leases": _one(
        "Lease", "coordination.k8s.io/v1",
        spec={"holderIdentity": "a", "leaseDurationSeconds": 1,
              "renewTime": "2026-01-01T00:00:00.000000Z"},
    ),
    "/apis/apps/v1/namespaces/default/deployments": _one(
        "Deployment", "apps/v1",
        spec={"replicas": 1, "selector": _SELECTOR,
              "template": {"metadata": {"labels": {"a": "b"}}, "spec": _POD}},
    ),
    "/apis/apps/v1/namespaces/default/daemonsets": _one(
        "DaemonSet", "apps/v1",
        spec={"selector": _SELECTOR,
              "template": {"metadata": {"labels": {"a": "b"}}, "spec": _POD}},
    ),
    "/apis/batch/v1/namespaces/default/jobs": _one(
        "Job", "batch/v1",
        spec={"parallelism": 1, "template": {"spec": {**_POD, "restartPolicy": "Never"}}},
    ),
    "/apis/rbac.authorization.k8s.io/v1/clusterroles": _one(
        "ClusterRole", "rbac.authorization.k8s.io/v1", rules=[_RULE],
        aggregationRule={"clusterRoleSelectors": [_SELECTOR]},
    ),
    "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings": _one(
        "RoleBinding", "rbac.authorization.k8s.io/v1",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        subjects=[{"kind": "User", "name": "jane", "apiGroup": "rbac.authorization.k8s.io"}],
    ),
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": _one(
        "CustomResourceDefinition", "apiextensions.k8s.io/v1", "as.example.org",
        spec={
            "group": "example.org", "scope": "Namespaced",
            "names": {"plural": "as", "kind": "A", "singular": "a", "shortNames": ["b"]},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {
                "openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object"}}},
            }}],
        },
    ),
    "/apis/policy/v1/namespaces/default/poddisruptionbudgets": _one(
        "PodDisruptionBudget", "policy/v1", spec={"minAvailable": 1, "selector": _SELECTOR}
    ),
}  # fmt: skip
"""A right object of each kind, by the path of its collection."""
_OPERATIONS: Final[tuple[Any, ...]] = (
    {}, 5, None, [], {"op": "x", "path": "/a"}, {"op": "add"},
    {"op": "add", "path": "a", "value": 1},
    {"op": "add", "path": "/a~2", "value": 1}, {"op": "remove", "path": ""},
    {"op": "replace", "path": "", "value": 5}, {"op": "add", "path": "", "value": []},
    {"op": "test", "path": "/metadata/uid", "value": {}}, {"op": "move", "from": "", "path": "/a"},
    {"op": "copy", "from": "/", "path": "/a/b/c"}, {"op": "add", "path": 5, "value": 1},
    {"op": ["add"], "path": "/a", "value": 1}, {"op": "remove", "path": "/metadata"},
    {"op": "add", "path": "/metadata/labels/-", "value": 1},
    {"op": "remove", "path": "/apiVersion"},
    {"op": "add", "path": "/spec/x/99999999999999999999", "value": 1},
    {"op": "add", "path": "/metadata/finalizers/-1", "value": "x"},
    {"op": "add", "path": "/metadata/finalizers/\u0661", "value": "x"},
    {"op": "add", "path": "/" + "a/" * 3000, "value": 1},
    {"op": "replace", "path": "/metadata/name"},
    {"op": "replace", "path": "/metadata", "value": "x"},
    {"op": "replace", "path": "/status", "value": 5},
    {"op": "add", "path": f"/metadata/{'9' * 5000}", "value": 1},
)  # fmt: skip
_MERGES: Final[tuple[Any, ...]] = (
    5, None, [], "x", {}, {"metadata": None}, {"metadata": 5}, {"metadata": {"name": "other"}},
    {"metadata": {"uid": 5}}, {"metadata": {"labels": 5}}, {"metadata": {"managedFields": [{}]}},
    {"metadata": {"managedFields": [{"fieldsV1": {"f:a": 5, "k:x": {}, "v:": {}, ".": 1}}]}},
    {"metadata": {"managedFields": 5}}, {"metadata": {"resourceVersion": 5}}, {"kind": "Other"},
    {"apiVersion": "x/y"}, {"metadata": {"deletionTimestamp": "x"}}, {"$patch": "replace"},
    {"$patch": "delete"}, {"$patch": 5}, {"spec": {"$patch": "x"}}, {"spec": {"$retainKeys": 5}},
    {"spec": {"containers": [{"$patch": "replace"}]}},
    {"spec": {"containers": [{"$patch": "delete"}]}},
    {"spec": {"containers": [5]}}, {"spec": {"containers": {"a": "b"}}},
    {"$setElementOrder/spec": 5}, {"spec": {"$setElementOrder/containers": [{"name": "x"}, 5]}},
    {"spec": {"$deleteFromPrimitiveList/x": [1]}},
    {"spec": {"template": {"spec": {"containers": 5}}}},
    {"metadata": {"ownerReferences": [{"$patch": "delete", "uid": []}]}},
    {"metadata": {"finalizers": [5]}}, {"metadata": {"ownerReferences": [5]}},
    {"metadata": {"annotations": {"a": None, "b": 5}}}, {"status": 5}, {"status": None},
)  # fmt: skip
_HUGE: Final = [{"op": "add", "path": f"/metadata/labels/k{number}", "value": "x"}
                for number in range(10_001)]  # fmt: skip
_DOUBLING: Final = [
    {"op": "add", "path": "/metadata/annotations", "value": {"a": "x" * 1000}},
    *({"op": "copy", "from": "/metadata/annotations", "path": f"/metadata/annotations/k{number}"}
      for number in range(40)),
]  # fmt: skip
"""Copies into what is copied: twice as much with every operation."""


def odd_patches(document: Mapping[str, Any]) -> Iterator[tuple[str, str, bytes]]:
    """What is given, the media type and the body of every patch of an object."""
    for each in _OPERATIONS:
        yield f"operation {shown(each)}", JSON_PATCH, _json([each])
    yield "10 001 operations", JSON_PATCH, _json(_HUGE)
    yield "copies of copies", JSON_PATCH, _json(_DOUBLING)
    for each in _MERGES:
        for kind in (MERGE, STRATEGIC, APPLY):
            yield f"{kind[12:21]} {shown(each)}", kind, _json(each)
        if isinstance(each, dict):
            whole = {**document, **each}
            yield f"whole apply {shown(each)}", APPLY, yaml.safe_dump(whole).encode()
    for place in places(document):
        for value in ODD:
            given = f"{dotted(place)} = {shown(value)}"
            body = _json(_under(place, value))
            for kind in (MERGE, STRATEGIC):
                yield f"{kind[12:21]} {given}", kind, body
            yield f"apply {given}", APPLY, _json(put(dict(document), place, value))


def _under(place: tuple[str | int, ...], value: Any) -> Any:
    """A patch that has a value at one place alone."""
    for key in reversed(place):
        value = [value] if isinstance(key, int) else {key: value}
    return value


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
