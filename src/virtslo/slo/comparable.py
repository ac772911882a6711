"""Whether runs are alike enough to make one figure of them.

Invariant: what is compared is the load and the cluster it met; names, seeds and dates are not.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from virtslo.model.run.record import RunRecord

NAMED: Final = 3
"""Number of differences that are listed."""


def _cluster(run: RunRecord) -> str:
    simulated = run.header.environment.simulated
    return "real" if simulated is None else f"simulated ({simulated.profile})"


def _settings(run: RunRecord) -> str:
    simulated = run.header.environment.simulated
    given = {} if simulated is None else simulated.settings
    return ", ".join(f"{name}={value}" for name, value in sorted(given.items()))


def _values(run: RunRecord) -> Any:
    """The values of a profile from a file: two files may have one name."""
    simulated = run.header.environment.simulated
    return None if simulated is None else simulated.document


def _faults(run: RunRecord) -> str:
    simulated = run.header.environment.simulated
    return "" if simulated is None else ", ".join(simulated.faults)


def _trace(run: RunRecord) -> str:
    replay = run.header.scenario.load.replay
    if replay is None:
        return ""
    part = f"{replay.sample:g} of it, seed {replay.sample_seed}"
    return f"{replay.trace} ({replay.digest[:12]}) at speed {replay.speed:g}, {part}"


COMPARED: Final[Mapping[str, Callable[[RunRecord], Any]]] = {
    "count": lambda run: run.header.scenario.workload.count,
    "template": lambda run: run.header.scenario.workload.template.text,
    "variables": lambda run: dict(run.header.scenario.workload.variables),
    "groups": lambda run: run.header.scenario.workload.groups,
    "namespaces": lambda run: run.header.scenario.workload.namespaces,
    "objects per namespace": lambda run: run.header.scenario.workload.objects_per_namespace,
    "arrival": lambda run: run.header.scenario.load.arrival,
    "trace": _trace,
    "in-flight bound": lambda run: run.header.scenario.load.max_in_flight,
    "churn": lambda run: run.header.scenario.load.churn,
    "cluster": _cluster,
    "settings": _settings,
    "profile's values": _values,
    "faults": _faults,
    "clock": lambda run: "virtual" if run.header.environment.virtual_time else "real",
    "Kubernetes": lambda run: run.header.environment.kubernetes_version,
    "KubeVirt": lambda run: run.header.environment.kubevirt_version,
    "nodes": lambda run: run.header.environment.nodes,
    "node shape": lambda run: dict(run.header.environment.node_shape),
    "client limits": lambda run: dict(run.header.environment.client_limits),
}
UNTOLD: Final = frozenset({"template", "variables", "arrival", "churn", "node shape",
                           "client limits", "profile's values"})  # fmt: skip
"""Too long to list: only that they differ."""


def differences(runs: Sequence[RunRecord]) -> str:
    """In what these runs differ, in words; empty where they are alike."""
    told = []
    for name, value_of in COMPARED.items():
        values: list[Any] = []
        for value in map(value_of, runs):
            if value not in values:
                values.append(value)
        if len(values) > 1:
            told.append(name if name in UNTOLD else f"{name} {_list(values)}")
    more = f" and {len(told) - NAMED} more" if len(told) > NAMED else ""
    return ", ".join(told[:NAMED]) + more


def _list(values: Sequence[Any]) -> str:
    return " / ".join(str(value or "none") for value in values[:NAMED])
