"""Scenarios for tests, made as people make them: from a document."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from virtslo.config.scenario_file import scenario_from_mapping
from virtslo.config.templates.rendering import render_manifests
from virtslo.load.plan import (
    Plan,
    Rendered,
    contexts,
    make_plan,
    replacement_contexts,
    warm_up_contexts,
)
from virtslo.model.plan.scenario import Scenario
from virtslo.slo.catalog.catalog import CATALOG


def scenario(
    kind: str = "vmi",
    count: int = 10,
    pattern: str = "burst",
    *,
    workload: Mapping[str, Any] | None = None,
    load: Mapping[str, Any] | None = None,
    **rest: Any,
) -> Scenario:
    """A valid scenario; what is not said is the default."""
    document = {
        "apiVersion": "virtslo/v1",
        "name": "test",
        "workload": {"kind": kind, "count": count, **(workload or {})},
        "load": {"pattern": pattern, **(load or {})},
        **rest,
    }
    return scenario_from_mapping(document, source="test", base=Path(), indicators=CATALOG)


def planned(given: Scenario, *, run_label: str = "s1", seed: int = 1) -> Plan:
    """The plan of a scenario, manifests rendered."""
    workload = given.workload
    ramp_up = contexts(given, run_label)
    warm_up = warm_up_contexts(given, run_label)
    refills = replacement_contexts(given, run_label, seed)
    manifests = render_manifests(
        workload.template, [*ramp_up, *warm_up, *refills], workload.variables, workload.kind
    )
    rendered = Rendered.of(manifests, ramp_up=len(ramp_up), warm_up=len(warm_up))
    return make_plan(given, rendered, run_label=run_label, seed=seed)
