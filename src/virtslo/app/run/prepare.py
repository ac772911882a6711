"""From a scenario to a plan: manifests are rendered once, bounded, before anything is touched."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from virtslo.base.errors import ScenarioError
from virtslo.config.templates.rendering import render_manifests
from virtslo.load.never_started import never_started
from virtslo.load.plan import (
    Plan,
    Rendered,
    contexts,
    make_plan,
    replacement_contexts,
    warm_up_contexts,
)
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.client_limits import ClientLimit
from virtslo.model.kubernetes.components import VIRT_CONTROLLER
from virtslo.model.plan.scenario import Scenario
from virtslo.model.plan.workload import Kind
from virtslo.model.run.environment import Environment


def prepare_plan(
    scenario: Scenario,
    *,
    run_label: str,
    seed: int,
    environment: Environment | None = None,
    limit: ClientLimit | None = None,
) -> Plan:
    """Render the manifests and plan the run.

    Raises ScenarioError for a template that will not do, or whose VMs nothing starts.

    The ceiling uses virt-controller's effective client limit: `limit`, or where the environment
    has it, that.
    """
    workload = scenario.workload
    ramped = contexts(scenario, run_label)
    warm = warm_up_contexts(scenario, run_label)
    wanted = [*ramped, *warm, *replacement_contexts(scenario, run_label, seed)]
    manifests = _rendered(scenario, wanted, [*_kinds(scenario, len(ramped))])
    if environment is not None:
        limit = environment.client_limits.get(VIRT_CONTROLLER, limit)
    rendered = Rendered.of(manifests, ramp_up=len(ramped), warm_up=len(warm))
    plan = make_plan(scenario, rendered, run_label=run_label, seed=seed, limit=limit)
    problems = never_started(plan.objects)
    if problems:
        raise ScenarioError(workload.template.name, problems)
    return plan


def _kinds(scenario: Scenario, count: int) -> Iterator[Kind]:
    """The kind of each object of the population."""
    replay = scenario.load.replay
    for slot in range(count):
        yield scenario.workload.kind if replay is None else replay.arrivals[slot].kind


def _rendered(
    scenario: Scenario, wanted: Sequence[Mapping[str, Any]], kinds: Sequence[Kind]
) -> list[Object]:
    """A manifest for every context, kind by kind; those past `kinds` are of the workload's own."""
    workload = scenario.workload
    manifests: list[Object] = [{}] * len(wanted)
    for kind in dict.fromkeys((*kinds, workload.kind)):
        places = [
            place
            for place in range(len(wanted))
            if (kinds[place] if place < len(kinds) else workload.kind) is kind
        ]
        template = workload.templates.get(kind, workload.template)
        texts = [wanted[place] for place in places]
        rendered = render_manifests(template, texts, workload.variables, kind)
        for place, manifest in zip(places, rendered, strict=True):
            manifests[place] = manifest
    return manifests
