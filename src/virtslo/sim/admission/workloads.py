"""Defaults of daemonsets, deployments and replica sets that kubectl's roll-out commands read.

Invariant: what an object says is kept; templates of pods get no defaults.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.model.identifiers import Object

_ROLLING: Final = "RollingUpdate"
_DAEMON_SET: Final = {"maxSurge": 0, "maxUnavailable": 1}
_DEPLOYMENT: Final = {"maxSurge": "25%", "maxUnavailable": "25%"}


def with_workload_defaults(target: Object) -> Object:
    """A daemonset, deployment or replica set with Kubernetes' defaults."""
    spec = target.get("spec")
    spec = spec if isinstance(spec, dict) else {}
    match target["kind"]:
        case "DaemonSet":
            strategy = _strategy(spec.get("updateStrategy"), _DAEMON_SET)
            defaults = {"revisionHistoryLimit": 10, "updateStrategy": strategy}
        case "Deployment":
            strategy = _strategy(spec.get("strategy"), _DEPLOYMENT)
            limits = {"progressDeadlineSeconds": 600, "revisionHistoryLimit": 10}
            defaults = {"replicas": 1, **limits, "strategy": strategy}
        case _:
            defaults = {"replicas": 1}
    said = {key: value for key, value in spec.items() if value is not None}
    strategies = {key: defaults[key] for key in ("strategy", "updateStrategy") if key in defaults}
    return {**target, "spec": {**defaults, **said, **strategies}}


def _strategy(said: Any, rolling: Mapping[str, Any]) -> Any:
    """A strategy with its type, and with its limits where it rolls."""
    strategy = said if isinstance(said, dict) else {}
    if strategy.get("type") not in (None, "", _ROLLING):
        return strategy
    own = strategy.get("rollingUpdate")
    own = own if isinstance(own, dict) else {}
    limits = {**rolling, **{key: value for key, value in own.items() if value is not None}}
    return {**strategy, "rollingUpdate": limits, "type": _ROLLING}
