"""The keys of kube-burner's files, and what becomes of each.

Invariant: every key that kube-burner knows is here. An empty text: carried out, or so by itself. A
text: done otherwise, as the text says. Keys that cannot be honoured are in `REFUSED`.
"""

from collections.abc import Mapping
from typing import Final

ROOT_KEYS: Final[Mapping[str, str]] = {
    "jobs": "",
    "global": "",
    "metricsEndpoints": "not read: virtslo counts REST calls itself, from the components' counters",
}
GLOBAL_KEYS: Final[Mapping[str, str]] = {
    "measurements": "virtslo always measures phases; judge them with --objectives",
    "requestTimeout": "not used: every request has virtslo's own deadline",
    "gc": "virtslo removes what it made; --keep leaves it",
    "gcMetrics": "the ramp-down is always measured, apart",
    "waitWhenFinished": "",
    "clusterHealth": "not checked here: see virtslo preflight",
    "timeout": "not used: deadlines end each wait",
    "functionTemplates": "no function templates are read",
    "deletionStrategy": "objects are deleted one by one",
    "indexerConfig": "nothing is indexed while running: virtslo report --format kube-burner",
    "prometheusURL": "not read: virtslo counts REST calls itself",
    "writeToFile": "virtslo writes its own record",
    "metricsDirectory": "virtslo writes its own record",
}
JOB_KEYS: Final[Mapping[str, str]] = {
    "name": "",
    "jobType": "",
    "jobIterations": "",
    "namespace": "",
    "namespacedIterations": "",
    "iterationsPerNamespace": "",
    "qps": "",
    "burst": "",
    "objects": "",
    "churnConfig": "",
    "maxWaitTimeout": "",
    "waitWhenFinished": "",
    "preCreateNamespaces": "",
    "cleanup": "virtslo removes what it made itself; leftovers of others are left alone",
    "podWait": "virtslo waits for VMIs, not for pods",
    "waitForDeletion": "",
    "jobPause": "not carried out: nothing is measured in it",
    "gc": "virtslo removes what it made; --keep leaves it",
    "verifyObjects": "",
    "errorOnVerify": "",
    "skipIndexing": "",
    "preLoadImages": "images are not pulled beforehand: the first VMIs may wait for them",
    "preLoadPeriod": "",
    "preLoadNodeLabels": "",
    "namespaceLabels": "not set: namespaces carry the run's label only",
    "namespaceAnnotations": "not set",
    "metricsAggregate": "",
    "metricsClosing": "",
    "measurements": "virtslo always measures phases; judge them with --objectives",
    "executionMode": "",
    "jobIterationDelay": "",
    "objectDelay": "",
    "objectWait": "",
}
REFUSED_IN_JOBS: Final[Mapping[str, str]] = {
    "watchers": "no watchers: they would load the cluster unmeasured",
    "hooks": "no hooks: virtslo runs no command of a file",
    "beforeCleanup": "no command: virtslo runs none of a file's",
    "incrementalLoad": "no incremental load: run one scenario for each step",
    "defaultMissingKeysWithZero": "no missing variables: set each one",
}
OBJECT_KEYS: Final[Mapping[str, str]] = {
    "objectTemplate": "",
    "replicas": "",
    "inputVars": "",
    "wait": "",
    "waitOptions": "virtslo waits for every VMI to be Running",
    "runOnce": "",
    "churn": "",
}
REFUSED_IN_OBJECTS: Final[Mapping[str, str]] = {
    "kind": "nothing: the template says it",
    "apiVersion": "nothing: the template says it",
    "labelSelector": "nothing: a job that creates selects no objects",
    "patchType": "nothing: a job that creates patches nothing",
    "kubeVirtOp": "nothing: an action belongs in a job of type kubevirt",
    "group": "nothing: objects are all of one group",
    "repeatEveryNIterations": "nothing: each iteration makes the same objects",
}
ACTION_KEYS: Final[Mapping[str, str]] = {
    "kubeVirtOp": "",
    "kind": "",
    "apiVersion": "",
    "labelSelector": "",
    "inputVars": "",
    "wait": "",
    "waitOptions": "not read: a step waits for what its action brings about",
    "replicas": "",
    "runOnce": "",
    "churn": "",
    "objectTemplate": "",
}
"""Of an object of a job of type `kubevirt`."""
REFUSED_IN_ACTIONS: Final[Mapping[str, str]] = {
    "patchType": "nothing: an action patches nothing",
    "group": "nothing: objects are all of one group",
    "repeatEveryNIterations": "nothing: each iteration asks the same",
}
CHURN_KEYS: Final = ("cycles", "percent", "duration", "delay", "deleteDelay", "mode")
FLAGS: Final = frozenset(
    {
        "namespacedIterations", "waitWhenFinished", "preCreateNamespaces", "cleanup", "podWait",
        "waitForDeletion", "gc", "verifyObjects", "errorOnVerify", "skipIndexing", "preLoadImages",
        "metricsAggregate", "objectWait", "defaultMissingKeysWithZero", "wait", "runOnce", "churn",
    }
)  # fmt: skip
"""Keys of jobs and objects whose values are booleans."""
FORMS: Final[Mapping[str, str]] = {
    **dict.fromkeys(sorted(FLAGS), "true or false"),
    **dict.fromkeys(
        ("jobPause", "preLoadPeriod", "requestTimeout", "timeout"),
        "a duration such as 5m",
    ),
    **dict.fromkeys(("deletionStrategy", "metricsClosing", "jobType", "namespace"), "a text"),
    **dict.fromkeys(
        ("namespaceLabels", "namespaceAnnotations", "preLoadNodeLabels", "waitOptions"), "a mapping"
    ),
    **dict.fromkeys(("measurements", "functionTemplates"), "a list"),
}
"""What kube-burner wants as the value of keys that are read by it alone, or by both."""
METRICS_CLOSING: Final = ("afterJob", "afterMeasurements", "afterJobPause")
WAIT_OPTIONS: Final = (
    "apiVersion",
    "customStatusPaths",
    "forCondition",
    "kind",
    "labelSelector",
)
"""`forCondition` is an earlier version's."""
