"""What a run needs, looked at before it touches anything.

Invariant: nothing is created but reviews of access and a dry run that the server does not keep;
every check is made, so that all findings are reported at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from virtslo.app.cluster.clean_up import find_leftovers
from virtslo.app.cluster.environment import describe_environment, find_kubevirt, is_played
from virtslo.app.preflight.checks import Check, CheckStatus, failed, ok, unknown, warning
from virtslo.app.preflight.namespace_check import check_namespaces
from virtslo.app.preflight.permissions import check_permissions
from virtslo.app.preflight.room_check import check_quotas, check_room
from virtslo.app.run.call_counters import Counting
from virtslo.app.run.prepare import prepare_plan
from virtslo.base.clock import Clock
from virtslo.base.errors import ApiError, ClusterError, NotFound
from virtslo.base.quantity import read_quantity
from virtslo.base.units import format_duration
from virtslo.client.answers import read_document, text_of
from virtslo.load.plan import Plan
from virtslo.model.identifiers import RUN_LABEL, Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.components import COUNTED_COMPONENTS, KUBEVIRT_COMPONENTS
from virtslo.model.plan.scenario import Scenario
from virtslo.model.plan.workload import TRAITS
from virtslo.model.run.environment import Environment
from virtslo.model.run.rest_calls import COMPONENTS, CounterRead, Moment
from virtslo.ports.kube_api import KubeApi, Selection

MOST_IN_FLIGHT: Final = 200
"""A kube-apiserver's own limit of requests that write, by default: more would shut others out."""
DRY_RUN_NAMESPACE: Final = "default"


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything that was found."""

    checks: tuple[Check, ...]
    environment: Environment | None = None

    @property
    def is_possible(self) -> bool:
        """Whether nothing failed."""
        return all(check.outcome is not CheckStatus.FAILED for check in self.checks)


async def examine(api: KubeApi, clock: Clock, scenario: Scenario) -> Examination:
    """Look at everything a run of the scenario needs. Raises ScenarioError for a bad template."""
    try:
        document = await read_document(api, "/version")
        version = text_of(document, "gitVersion") or "of an unknown version"
        kubevirt = await find_kubevirt(api)
        environment = await describe_environment(api, simulated=None, virtual_time=False)
    except ClusterError as error:
        advice = error.hint or "look at the address and at the credentials of this context"
        return Examination((failed("the API server", error.message, advice),))
    plan = prepare_plan(scenario, run_label="preflight", seed=1, environment=environment)
    checks = [ok("the API server", f"Kubernetes {version}"), _in_flight(scenario)]
    checks += await _check_kubevirt(api, kubevirt)
    namespace = (kubevirt or {}).get("metadata", {}).get("namespace", "kubevirt")
    checks += await check_permissions(
        api,
        scenario.kinds,
        namespace,
        only_namespace=plan.only_namespace,
        actions=scenario.load.actions,
    )
    checks.append(await _check_template(api, plan))
    checks.append(await check_room(api, scenario.peak, _memory(plan)))
    if not plan.owned_namespaces:
        checks.append(await check_namespaces(api, plan.namespaces))
        quotas = await check_quotas(api, plan.namespaces, scenario.peak)
        checks += [] if quotas is None else [quotas]
    checks += [await _check_metrics(api, clock), await _check_leftovers(api)]
    checks.append(_rate_limits(plan))
    return Examination(tuple(checks), environment)


def _in_flight(scenario: Scenario) -> Check:
    wanted = scenario.load.max_in_flight
    if wanted > MOST_IN_FLIGHT:
        return failed(
            "requests in flight",
            f"{wanted} at once could shut out everybody else on this API server",
            f"--max-in-flight {MOST_IN_FLIGHT} at most on a real cluster",
        )
    return ok("requests in flight", f"at most {wanted}")


async def _check_kubevirt(api: KubeApi, kubevirt: Object | None) -> list[Check]:
    name = "KubeVirt"
    if kubevirt is None:
        return [
            failed(
                name,
                "there is none, or it may not be read",
                "install KubeVirt, choose another --context, or leave the target out to use the "
                "simulated cluster",
            )
        ]
    status = kubevirt.get("status", {})
    version = status.get("observedKubeVirtVersion", "of no version")
    target = status.get("targetKubeVirtVersion", version)
    checks: list[Check] = []
    if is_played(kubevirt):
        checks.append(ok(name, f"{version}, played by hollow controllers"))
    else:
        checks.append(ok(name, version))
    if status.get("phase") != "Deployed":
        checks.append(
            failed(
                name, f"its phase is {status.get('phase')!r}", "wait until virt-operator is done"
            )
        )
    if target != version:
        checks.append(
            failed(name, f"it is on its way from {version} to {target}", "wait until it has come")
        )
    checks += _conditions(status)
    checks += await _check_components(api, kubevirt["metadata"]["namespace"])
    return checks


def _conditions(status: Mapping[str, Any]) -> list[Check]:
    """What KubeVirt's own conditions say against it."""
    told = {each["type"]: each for each in status.get("conditions", ())}
    bad = {"Available": "False", "Degraded": "True", "Progressing": "True"}
    return [
        warning(
            "KubeVirt",
            f"{name} is {value}: {told[name].get('message') or told[name].get('reason') or '?'}",
            "measure when it is at rest",
        )
        for name, value in bad.items()
        if name in told and told[name].get("status") == value
    ]


async def _check_components(api: KubeApi, namespace: str) -> list[Check]:
    name = "KubeVirt's components"
    selector = f"kubevirt.io in ({', '.join(KUBEVIRT_COMPONENTS)})"
    try:
        found = await api.list_objects(
            resources.PODS, Selection(namespace=namespace, label_selector=selector)
        )
    except ApiError as error:
        return [unknown(name, f"their pods cannot be listed: {error.message}")]
    if not found.items:
        return [unknown(name, f"no pods of theirs in namespace {namespace}")]
    unready = [pod["metadata"]["name"] for pod in found.items if not _is_ready(pod)]
    if unready:
        return [
            warning(
                name,
                f"not ready: {', '.join(unready[:5])}" + (" …" if len(unready) > 5 else ""),
                "look at these pods before measuring",
            )
        ]
    return [ok(name, f"{len(found.items)} pods, all ready")]


def _is_ready(pod: Object) -> bool:
    conditions = pod.get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


async def _check_template(api: KubeApi, plan: Plan) -> Check:
    """Let the server look at the first object as if it were created."""
    name = "the template"
    planned = plan.objects[0]
    resource = TRAITS[planned.kind].resource
    namespace = DRY_RUN_NAMESPACE if plan.owned_namespaces else planned.namespace
    metadata = {**planned.manifest["metadata"], "namespace": namespace}
    try:
        await api.create(
            resource,
            {**planned.manifest, "metadata": metadata},
            namespace=namespace,
            dry_run=True,
        )
    except NotFound as error:
        if namespace != DRY_RUN_NAMESPACE:
            return unknown(name, f"no dry run: namespace {namespace} is yet to be made")
        return failed(name, f"the server does not know it: {error.message}", "see KubeVirt above")
    except ApiError as error:
        if error.code == 403:
            return unknown(name, f"no dry run: {error.message}")
        return failed(name, f"the server refuses it: {error.message}", "mend the template")
    return ok(name, f"the server would take {resource.kind} {planned.name}")


def _memory(plan: Plan) -> int | None:
    """What a VMI of the plan asks for, bytes, without virt-launcher's own share.

    None where it is not stated, or is no quantity (which the dry run of the template shows).
    """
    spec: Any = plan.objects[0].manifest.get("spec", {})
    for key in ("virtualMachineTemplate", "spec", "template", "spec"):
        spec = spec.get(key, spec) if isinstance(spec, Mapping) else {}
    domain = spec.get("domain") or {}
    asked = ((domain.get("resources") or {}).get("requests") or {}).get("memory")
    asked = asked or (domain.get("memory") or {}).get("guest")
    try:
        return read_quantity(asked).units or None
    except ValueError:
        return None


async def _check_metrics(api: KubeApi, clock: Clock) -> Check:
    """Read the counters of every component once, as the run will."""
    name = "counters of REST calls"
    counters = Counting(api, clock, origin_ns=clock.now_ns())
    await counters.read("preflight", Moment.BEFORE)
    reads = [read for read in counters.reads if read.source == COMPONENTS]
    told = _of_each_component(reads)
    failures = {read.component: read.error for read in counters.reads if read.error is not None}
    if failures:
        why = ", ".join(f"{component}: {error}" for component, error in sorted(failures.items()))
        return warning(
            name,
            f"cannot be read ({why}): these cells will say no data; read of: {told}",
            "see pods/proxy in docs/how-to/run-on-your-cluster.md",
        )
    if any(not any(read.component == each for read in reads) for each in COUNTED_COMPONENTS):
        return warning(
            name,
            f"not every component has a running pod ({told}): cells of REST calls will say no data",
            "look for the pods that are missing (kubectl get pods -A -l kubevirt.io)",
        )
    return ok(name, f"read of {told}")


def _of_each_component(reads: Sequence[CounterRead]) -> str:
    """How many pods of each component were found, and how many of them were read."""
    parts = []
    for component in COUNTED_COMPONENTS:
        mine = [read for read in reads if read.component == component]
        good = sum(read.error is None for read in mine)
        parts.append(f"{component} {good} of {len(mine)} pods" if mine else f"{component} no pod")
    return ", ".join(parts)


async def _check_leftovers(api: KubeApi) -> Check:
    name = "leftovers of earlier runs"
    try:
        left = await find_leftovers(api, None)
        labels = await _labels_of_runs(api)
    except ApiError as error:
        return unknown(name, f"cannot be looked for: {error.message}")
    if left.is_empty:
        return ok(name, "none")
    runs = " or ".join(f"--run {label}" for label in labels) or "--all"
    return warning(
        name,
        "; ".join(left.describe()),
        f"virtslo clean {runs}, unless another run is under way",
    )


async def _labels_of_runs(api: KubeApi) -> list[str]:
    found = await api.list_objects(resources.NAMESPACES, Selection(label_selector=RUN_LABEL))
    return sorted({item["metadata"]["labels"][RUN_LABEL] for item in found.items})


def _rate_limits(plan: Plan) -> Check:
    limit = plan.limit
    if limit.qps <= 0:
        return ok("client limits", f"virt-controller: no limit ({limit.source})")
    least = round(plan.least_seconds, 1)
    bound = f"no run of this can be faster than {format_duration(least)}"
    if least <= 0:
        bound = "it makes no VMI of this wait"
    return ok(
        "client limits",
        f"virt-controller: {limit.qps:g} requests/s, burst {limit.burst} ({limit.source}); {bound}",
    )
