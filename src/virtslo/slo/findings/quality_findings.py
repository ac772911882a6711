"""Reasons to doubt a run that its reads of counters and its environment tell.

Invariant: a finding names the indicators and tables it touches, whole; what spoils them makes the
run inconclusive, what is worth knowing does not.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from virtslo.base.units import whole_number
from virtslo.model.kubernetes.components import COUNTED_COMPONENTS, VIRT_OPERATOR
from virtslo.model.plan.workload import Kind
from virtslo.model.run.findings import ALL_FIGURES, Finding
from virtslo.model.run.operations import CREATE
from virtslo.model.run.rest_calls import API_SERVER, COMPONENTS
from virtslo.model.stage_names import RAMP_DOWN, StageName
from virtslo.slo.catalog import actions, churn, vms
from virtslo.slo.catalog.catalog import CATALOG
from virtslo.slo.catalog.family import WATCH
from virtslo.slo.catalog.vmis import (
    CONTROLLER_MADE_RATE,
    DELETION_TO_GONE,
    OWNER_CREATION_TO_RUNNING,
)
from virtslo.slo.findings.ramp_down_findings import RAMP_DOWN_CALLS
from virtslo.slo.record.call_windows import Window
from virtslo.slo.record.measured import Measured, measured_stage
from virtslo.slo.record.ownership import may_be_done
from virtslo.slo.record.rest_calls import source_window

CALLS: Final = ("rest_calls",)
_OF_OTHER_STAGES: Final = frozenset({DELETION_TO_GONE.name, *actions.FAMILY.definitions})
PHASE_FIGURES: Final = (
    "phase_transition_rate",
    *(
        definition.name
        for definition in CATALOG.values()
        if definition.source == WATCH and definition.name not in _OF_OTHER_STAGES
    ),
)
"""What is made of the moments at which facts of the measured stage were seen, in any run."""

FOREIGN_SHARE: Final = 0.1
"""From this share of the run's own objects on, what others create spoils the run."""
NAMED: Final = 5
_MADE: Final = ("pods", "virtualmachineinstances", "virtualmachines", "virtualmachinepools")


def phase_figures(run: Measured) -> tuple[str, ...]:
    """What a run makes of the moments at which facts of its measured stage were seen."""
    kind = run.record.header.scenario.workload.kind
    absent: set[str] = set()
    if run.churn is None:
        absent |= churn.FAMILY.definitions.keys()
    if kind not in {Kind.VM, Kind.VMPOOL}:
        absent |= vms.FAMILY.definitions.keys()
    if kind is Kind.VMI:
        absent |= {CONTROLLER_MADE_RATE.name, OWNER_CREATION_TO_RUNNING.name}
    return tuple(name for name in PHASE_FIGURES if name not in absent)


def quality_findings(run: Measured) -> Iterator[Finding]:
    """Every finding of the reads and of the environment."""
    stage = measured_stage(run.record)
    for name, touched in ((stage, ALL_FIGURES), (RAMP_DOWN, RAMP_DOWN_CALLS)):
        window = source_window(run, name, COMPONENTS)
        if window is not None:
            yield from _processes(window, touched)
            touched_calls = CALLS if name == stage else RAMP_DOWN_CALLS
            yield from _fallen(window, touched_calls)
            yield from _failed(window, touched_calls)
    yield from _foreign(run, stage)
    yield from _room(run)


def _processes(window: Window, touched: tuple[str, ...]) -> Iterator[Finding]:
    where = f"inside the window of {window.stage}"
    restarted = _of_counted(window.restarted)
    if restarted:
        yield Finding(
            code="component_restart",
            detail=f"restarted {where}: {_list(restarted)}",
            touches=touched,
            inconclusive=True,
        )
    went = _of_counted(window.went)
    if went:
        yield Finding(
            code="component_gone",
            detail=f"went {where}: {_list(went)}",
            touches=touched,
            inconclusive=True,
        )
    came = _of_counted(window.came)
    if came:
        yield Finding(code="component_came", detail=f"came {where}, counted whole: {_list(came)}")
    before, after = window.leaders
    if before and after and set(before) != set(after):
        yield Finding(
            code="leader_change",
            detail=f"virt-controller's leader changed {where}: from {_list(before)} to "
            f"{_list(after)}",
            touches=touched,
            inconclusive=True,
        )


def _fallen(window: Window, touched: tuple[str, ...]) -> Iterator[Finding]:
    fallen = _of_counted(window.fell)
    if fallen:
        yield Finding(
            code="counters_fell",
            detail="counters fell or vanished though their process is the same: "
            + _list(fallen, "; "),
            touches=touched,
            inconclusive=True,
        )


def _failed(window: Window, touched: tuple[str, ...]) -> Iterator[Finding]:
    failed = [words for words in window.failed if not words.startswith(VIRT_OPERATOR)]
    failed += [f"{component}: no pods were found" for component in window.missing]
    if failed:
        yield Finding(
            code="not_counted",
            detail=f"counters could not be read around {window.stage}: {_list(failed, '; ')}",
            touches=touched,
        )


def _foreign(run: Measured, stage: StageName) -> Iterator[Finding]:
    """What neither this run nor KubeVirt created while the run measured."""
    if run.record.damage:
        return  # what this run made is not all known
    everybody = source_window(run, stage, API_SERVER)
    kubevirt = source_window(run, stage, COMPONENTS)
    if everybody is None or kubevirt is None or not (everybody.is_whole and kubevirt.is_whole):
        return
    made = _created(everybody, _is_done)
    theirs = _created(kubevirt, lambda code: _is_done(code) or _is_in_doubt(code))
    ours: dict[str, int] = {}
    for operation in run.record.operations:
        if operation.stage == stage and operation.verb == CREATE and may_be_done(operation):
            plural = f"{operation.kind.lower()}s"
            ours[plural] = ours.get(plural, 0) + 1
    foreign = {
        plural: count
        for plural in _MADE
        if (count := made.get(plural, 0) - theirs.get(plural, 0) - ours.get(plural, 0)) > 0
    }
    if foreign:
        told = ", ".join(f"{count} {plural}" for plural, count in foreign.items())
        spoils = sum(foreign.values()) > FOREIGN_SHARE * max(1, run.expected_vmis())
        yield Finding(
            code="foreign_load",
            detail=f"others created {told} in the window of {stage}",
            touches=ALL_FIGURES if spoils else (),
            inconclusive=spoils,
        )


def _is_done(code: str) -> bool:
    return code.startswith("2")


def _is_in_doubt(code: str) -> bool:
    """Whether a client counted a request that the server may have carried out: no code, or 5xx."""
    return not code.isdigit() or code.startswith("5")


def _created(window: Window, counts: Callable[[str], bool]) -> Mapping[str, int]:
    sums: dict[str, int] = {}
    for (_, call), count in window.requests.items():
        if call.verb == "CREATE" and counts(call.code):
            sums[call.target] = sums.get(call.target, 0) + count
    return sums


def _room(run: Measured) -> Iterator[Finding]:
    """A scenario that the nodes cannot hold, whatever else runs on them."""
    environment = run.record.header.environment
    nodes, shape = environment.schedulable_nodes, environment.node_shape
    wanted = run.record.header.scenario.peak
    limits = [
        (each, name)
        for key, name in (("pods", "pods"), ("devices.kubevirt.io/kvm", "KVM devices"))
        if (each := whole_number(shape.get(key, ""))) is not None
    ]
    if nodes is None or not limits:
        return
    each, what = min(limits)
    if wanted > nodes * each:
        yield Finding(
            code="no_room",
            detail=f"{wanted} VMIs do not fit {nodes} schedulable nodes of {each} {what} each",
            touches=ALL_FIGURES,
            inconclusive=True,
        )


def _of_counted(names: tuple[str, ...]) -> list[str]:
    return [name for name in names if name.split(" ", 1)[0] in COUNTED_COMPONENTS]


def _list(names: list[str] | tuple[str, ...], between: str = ", ") -> str:
    more = f"{between}and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return between.join(names[:NAMED]) + more
