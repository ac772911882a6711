"""A plane as the target of a run.

Invariant: a plane is of this user and holds nothing but runs, so that no question is asked; its
audit log is read beside the counters, so that calls that the counters miss are seen.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from virtslo.base.errors import Problem, ScenarioError
from virtslo.cli.scenarios import Keyed


def on_plane(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """The options of a run with the plane that they name as their target."""
    name = options["plane"]
    if name is None:
        return options
    if options["kubeconfig"] or options["context"] or options["in_cluster"]:
        expected = "one target: a plane, or a cluster"
        raise ScenarioError("command line", [Problem("--plane", "another target too", expected)])
    from virtslo.plane.state import require

    facts = require(name)
    return {**options, "kubeconfig": facts.kubeconfig, "context": facts.context, "yes": True}


def counted_on_plane(scenarios: Keyed, name: str | None) -> Keyed:
    """Scenarios that read the plane's audit log where they name none."""
    if name is None:
        return scenarios
    from virtslo.plane.state import require

    log = require(name).audit_log
    return [
        (key, replace(scenario, observe=replace(scenario.observe, audit_log=log)))
        if scenario.observe.audit_log is None
        else (key, scenario)
        for key, scenario in scenarios
    ]
