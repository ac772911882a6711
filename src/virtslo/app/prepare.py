"""From a scenario to a plan: manifests are rendered once, bounded, before anything is touched."""

from virtslo.config.templates import render_manifests
from virtslo.load.plan import Plan, contexts, make_plan, warm_up_contexts
from virtslo.model.environment import Environment
from virtslo.model.scenario import Scenario


def prepare_plan(
    scenario: Scenario, *, run_label: str, seed: int, environment: Environment | None = None
) -> Plan:
    """Render the manifests and plan the run. Raises ScenarioError for a template that will not do.

    The ceiling uses virt-controller's effective client limit where the environment tells it.
    """
    workload = scenario.workload
    wanted = [*contexts(scenario, run_label), *warm_up_contexts(scenario, run_label)]
    manifests = render_manifests(workload.template, wanted, workload.variables, workload.kind)
    limit = environment.client_limits.get("virt-controller") if environment else None
    ramped = len(manifests) - scenario.warm_up
    return make_plan(
        scenario,
        run_label=run_label,
        seed=seed,
        manifests=manifests[:ramped],
        warm_up_manifests=manifests[ramped:],
        limit=limit,
    )
