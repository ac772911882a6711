"""A plan in words, printed before anything on the cluster is changed.

Invariant: every line is derived from the plan and the scenario; nothing is asked of a cluster.
"""

from virtslo.base.clock import to_seconds
from virtslo.base.units import format_duration, format_rate
from virtslo.load.churn import churn_seconds
from virtslo.load.plan import Plan
from virtslo.load.replaying import describe_replay
from virtslo.model.plan.ceiling import needed_calls
from virtslo.model.plan.scenario import ArrivalProcess, ChurnMode, Pattern, Scenario
from virtslo.model.plan.workload import TRAITS


def describe_plan(plan: Plan, scenario: Scenario) -> list[str]:
    """What would be created where and when, how fast it can be, and when waiting would end."""
    lines = [
        f"scenario: {scenario.name} ({scenario.load.pattern.value})",
        f"objects: {_objects(plan, scenario)}",
        f"template: {scenario.workload.template.name}, names such as {_first_name(plan)}",
        f"namespaces: {_namespaces(plan, scenario)}",
        f"warm-up: {_warm_up(plan)}",
        f"ramp-up: {_ramp_up(plan, scenario)}",
    ]
    if scenario.load.replay is not None:
        lines += describe_replay(scenario.load.replay, len(plan.deletions))
    lines += _churn(plan, scenario)
    lines += _actions(plan)
    calls, limit = needed_calls(scenario.workload.kind), plan.limit
    a_vmi = f"{calls} calls of virt-controller that a VMI needs"
    if len(scenario.kinds) > 1:
        a_vmi = "calls of virt-controller that VMIs of these kinds need"
    least = f"{format_duration(plan.least_seconds)} to all Running"
    if plan.least_seconds <= 0:
        least = "none: the client limit makes no VMI wait"
    lines += [
        (
            f"least time: {least} ({a_vmi}, at {limit.qps:g}/s, bucket of "
            f"{limit.burst}; {limit.source})"
        ),
        (
            f"deadlines: {format_duration(plan.running_deadline)} for Running, "
            f"{format_duration(plan.gone_deadline)} for gone"
        ),
        (
            f"quiet: {format_duration(scenario.load.settle)} without an event closes a window, "
            f"waiting at most {format_duration(scenario.load.settle_limit)}"
        ),
        f"repeat: {scenario.repeat}",
    ]
    return lines


def _objects(plan: Plan, scenario: Scenario) -> str:
    workload, replay = scenario.workload, scenario.load.replay
    if replay is not None:
        return f"{len(plan.objects)} of a trace, {replay.members} VMIs in all"
    traits = TRAITS[workload.kind]
    if not traits.is_group:
        return f"{len(plan.objects)} {traits.resource.kind}"
    return f"{len(plan.objects)} {traits.resource.kind} of {workload.count} members in all"


def _first_name(plan: Plan) -> str:
    return plan.objects[0].name if plan.objects else "none"


def _namespaces(plan: Plan, scenario: Scenario) -> str:
    first, last = plan.namespaces[0], plan.namespaces[-1]
    each = scenario.workload.objects_per_namespace
    order = "round robin" if each is None else f"filled one after another, {each} objects each"
    names = first if first == last else f"{first} to {last} ({len(plan.namespaces)}, {order})"
    how = "made and removed by the run" if plan.owned_namespaces else "created only if absent"
    return f"{names}, {how}"


def _warm_up(plan: Plan) -> str:
    if not plan.warm_up:
        return "none"
    return f"{len(plan.warm_up)} created and deleted before anything is measured"


def _ramp_up(plan: Plan, scenario: Scenario) -> str:
    load = scenario.load
    bound = f"at most {load.max_in_flight} in flight"
    if load.replay is not None:
        return f"recorded arrivals, {bound} (open loop)"
    if load.arrival.process is ArrivalProcess.BURST:
        return f"burst: all intended at once, {bound} (closed loop)"
    rate = format_rate(load.arrival.rate or 0.0)
    if load.arrival.process is ArrivalProcess.RAMP:
        rate = f"from {format_rate(load.arrival.start_rate or 0.0)} to {rate}"
    span = format_duration(to_seconds(plan.offsets_ns[-1])) if plan.offsets_ns else "0s"
    first = f" after {load.arrival.at_once} at once" if load.arrival.at_once > 1 else ""
    return f"{load.arrival.process.value} arrivals, {rate}{first}, over {span}, {bound} (open loop)"


def _churn(plan: Plan, scenario: Scenario) -> list[str]:
    churn, pattern = scenario.load.churn, scenario.load.pattern
    if churn is None:
        return []
    if pattern is Pattern.BURST:
        return ["churn: none; the scenario's churn section plays no part in a burst"]
    span = format_duration(churn_seconds(scenario))
    operations = sum(len(cycle.operations) for cycle in plan.cycles)
    if pattern is Pattern.CONSTANT_CHURN:
        what = f"{churn.objects} replacements at {format_rate(churn.rate or 0.0)}"
    else:
        unit = "members" if churn.mode is ChurnMode.SCALE else "objects"
        every = format_duration(churn.every)
        what = f"{churn.cycles} cycles of {churn.objects} {unit}, one every {every}"
    how = f"victims {churn.victims.value}, mode {churn.mode.value}"
    return [f"churn: {what}, over {span}, {operations} operations, {how}"]


def _actions(plan: Plan) -> list[str]:
    lines = []
    for planned in plan.steps:
        step = planned.step
        rate = "all at once" if step.rate is None else f"at {format_rate(step.rate)}"
        details = [
            *(["without a grace period"] if step.force else []),
            *(["paused"] if step.paused else []),
            "not waited for" if not step.wait else "until each is so",
            *([f"then {format_duration(step.delay)} alone"] if step.delay else []),
        ]
        count = len(planned.operations)
        what = f"{step.action.value} {count} VM{'s' * (count != 1)} {rate}"
        lines.append(f"actions, step {planned.number + 1}: {what}, {', '.join(details)}")
    return lines
