"""Names for plain values, so that a unit or an identifier cannot be mistaken for another."""

from collections.abc import Mapping
from typing import Any, Final, NewType

Seconds = NewType("Seconds", float)
Uid = NewType("Uid", str)
Phase = NewType("Phase", str)
ResourceVersion = NewType("ResourceVersion", str)

Object = Mapping[str, Any]
"""A Kubernetes object as it is on the wire; immutable by contract, shared freely."""

NamespacedName = tuple[str, str]
"""(namespace, name) of an object; the namespace is empty for what has none."""

PENDING: Final = Phase("Pending")
SCHEDULING: Final = Phase("Scheduling")
SCHEDULED: Final = Phase("Scheduled")
RUNNING: Final = Phase("Running")
SUCCEEDED: Final = Phase("Succeeded")
FAILED: Final = Phase("Failed")

RUN_LABEL: Final = "virtslo.io/run"
INDEX_LABEL: Final = "virtslo.io/index"
SIMULATED_ANNOTATION: Final = "virtslo.io/simulated"
"""On the KubeVirt object of a hollow KubeVirt: what plays it, as JSON; its figures are labelled."""
STAGE_LABEL: Final = "virtslo.io/stage"
"""On warm-up objects only (`warm-up`): they are kept apart from what is measured."""
