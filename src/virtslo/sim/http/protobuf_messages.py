"""What the messages of Kubernetes' binary encoding hold, for the kinds that typed clients write.

Invariant: a field that is not listed is dropped; one that is has the name that JSON gives it.
"""

from collections.abc import Mapping
from typing import Final

Fields = Mapping[int, tuple[str, str]]
"""Number to name and type. `int?` and `bool?` tell zero from absent; `[x]` repeats; `{x}` maps
strings to x; everything else is a message."""

_METADATA: Final = (1, ("metadata", "ObjectMeta"))
_REVIEW: Final = [_METADATA, (3, ("status", "Ignored"))]
_REVIEWS: Final[Mapping[str, Fields]] = {
    "Ignored": {},
    "SelfSubjectReview": dict([_METADATA]),
    "TokenReview": dict([*_REVIEW, (2, ("spec", "TokenReviewSpec"))]),
    "TokenReviewSpec": {1: ("token", "string"), 2: ("audiences", "[string]")},
    "TokenRequest": dict([*_REVIEW, (2, ("spec", "TokenRequestSpec"))]),
    "TokenRequestSpec": {
        1: ("audiences", "[string]"),
        3: ("boundObjectRef", "BoundObjectReference"),
        4: ("expirationSeconds", "int?"),
    },
    "BoundObjectReference": {
        1: ("kind", "string"),
        2: ("apiVersion", "string"),
        3: ("name", "string"),
        4: ("uid", "string"),
    },
    "SelfSubjectAccessReview": dict([*_REVIEW, (2, ("spec", "AccessReviewSpec"))]),
    "SubjectAccessReview": dict([*_REVIEW, (2, ("spec", "AccessReviewSpec"))]),
    "LocalSubjectAccessReview": dict([*_REVIEW, (2, ("spec", "AccessReviewSpec"))]),
    "AccessReviewSpec": {
        1: ("resourceAttributes", "ResourceAttributes"),
        2: ("nonResourceAttributes", "NonResourceAttributes"),
        3: ("user", "string"),
        4: ("groups", "[string]"),
        6: ("uid", "string"),
    },
    "ResourceAttributes": {
        1: ("namespace", "string"),
        2: ("verb", "string"),
        3: ("group", "string"),
        4: ("version", "string"),
        5: ("resource", "string"),
        6: ("subresource", "string"),
        7: ("name", "string"),
    },
    "NonResourceAttributes": {1: ("path", "string"), 2: ("verb", "string")},
    "SelfSubjectRulesReview": dict([*_REVIEW, (2, ("spec", "SelfSubjectRulesReviewSpec"))]),
    "SelfSubjectRulesReviewSpec": {1: ("namespace", "string")},
}
_ACCESS: Final[Mapping[str, Fields]] = {
    "Role": dict([_METADATA, (2, ("rules", "[PolicyRule]"))]),
    "ClusterRole": dict(
        [_METADATA, (2, ("rules", "[PolicyRule]")), (3, ("aggregationRule", "AggregationRule"))]
    ),
    "PolicyRule": {
        1: ("verbs", "[string]"),
        2: ("apiGroups", "[string]"),
        3: ("resources", "[string]"),
        4: ("resourceNames", "[string]"),
        5: ("nonResourceURLs", "[string]"),
    },
    "AggregationRule": {1: ("clusterRoleSelectors", "[LabelSelector]")},
    "LabelSelector": {
        1: ("matchLabels", "{string}"),
        2: ("matchExpressions", "[LabelSelectorRequirement]"),
    },
    "LabelSelectorRequirement": {
        1: ("key", "string"),
        2: ("operator", "string"),
        3: ("values", "[string]"),
    },
    "RoleBinding": dict([_METADATA, (2, ("subjects", "[Subject]")), (3, ("roleRef", "RoleRef"))]),
    "ClusterRoleBinding": dict(
        [_METADATA, (2, ("subjects", "[Subject]")), (3, ("roleRef", "RoleRef"))]
    ),
    "Subject": {
        1: ("kind", "string"),
        2: ("apiGroup", "string"),
        3: ("name", "string"),
        4: ("namespace", "string"),
    },
    "RoleRef": {1: ("apiGroup", "string"), 2: ("kind", "string"), 3: ("name", "string")},
}
MESSAGES: Final[Mapping[str, Fields]] = {
    **_ACCESS,
    "ObjectMeta": {
        1: ("name", "string"),
        2: ("generateName", "string"),
        3: ("namespace", "string"),
        5: ("uid", "string"),
        6: ("resourceVersion", "string"),
        7: ("generation", "int"),
        8: ("creationTimestamp", "time"),
        9: ("deletionTimestamp", "time"),
        10: ("deletionGracePeriodSeconds", "int?"),
        11: ("labels", "{string}"),
        12: ("annotations", "{string}"),
        13: ("ownerReferences", "[OwnerReference]"),
        14: ("finalizers", "[string]"),
    },
    "OwnerReference": {
        1: ("kind", "string"),
        3: ("name", "string"),
        4: ("uid", "string"),
        5: ("apiVersion", "string"),
        6: ("controller", "bool?"),
        7: ("blockOwnerDeletion", "bool?"),
    },
    "ObjectReference": {
        1: ("kind", "string"),
        2: ("namespace", "string"),
        3: ("name", "string"),
        4: ("uid", "string"),
        5: ("apiVersion", "string"),
        6: ("resourceVersion", "string"),
        7: ("fieldPath", "string"),
    },
    "LocalObjectReference": {1: ("name", "string")},
    "Namespace": dict(
        [_METADATA, (2, ("spec", "NamespaceSpec")), (3, ("status", "NamespaceStatus"))]
    ),
    "NamespaceSpec": {1: ("finalizers", "[string]")},
    "NamespaceStatus": {1: ("phase", "string")},
    "ConfigMap": dict(
        [
            _METADATA,
            (2, ("data", "{string}")),
            (3, ("binaryData", "{bytes}")),
            (4, ("immutable", "bool?")),
        ]
    ),
    "Secret": dict(
        [
            _METADATA,
            (2, ("data", "{bytes}")),
            (3, ("type", "string")),
            (4, ("stringData", "{string}")),
            (5, ("immutable", "bool?")),
        ]
    ),
    "ServiceAccount": dict(
        [
            _METADATA,
            (2, ("secrets", "[ObjectReference]")),
            (3, ("imagePullSecrets", "[LocalObjectReference]")),
            (4, ("automountServiceAccountToken", "bool?")),
        ]
    ),
    "Lease": dict([_METADATA, (2, ("spec", "LeaseSpec"))]),
    "LeaseSpec": {
        1: ("holderIdentity", "string?"),
        2: ("leaseDurationSeconds", "int?"),
        3: ("acquireTime", "microtime"),
        4: ("renewTime", "microtime"),
        5: ("leaseTransitions", "int?"),
    },
    "Event": dict(
        [
            _METADATA,
            (2, ("involvedObject", "ObjectReference")),
            (3, ("reason", "string")),
            (4, ("message", "string")),
            (5, ("source", "EventSource")),
            (6, ("firstTimestamp", "time")),
            (7, ("lastTimestamp", "time")),
            (8, ("count", "int")),
            (9, ("type", "string")),
            (10, ("eventTime", "microtime")),
            (12, ("action", "string")),
            (13, ("related", "ObjectReference")),
            (14, ("reportingComponent", "string")),
            (15, ("reportingInstance", "string")),
        ]
    ),
    "EventSource": {1: ("component", "string"), 2: ("host", "string")},
    "Binding": dict([_METADATA, (2, ("target", "ObjectReference"))]),
    "Eviction": dict([_METADATA, (2, ("deleteOptions", "DeleteOptions"))]),
    "DeleteOptions": {
        1: ("gracePeriodSeconds", "int?"),
        2: ("preconditions", "Preconditions"),
        3: ("orphanDependents", "bool?"),
        4: ("propagationPolicy", "string?"),
        5: ("dryRun", "[string]"),
    },
    "Preconditions": {1: ("uid", "string?"), 2: ("resourceVersion", "string?")},
    **_REVIEWS,
}
