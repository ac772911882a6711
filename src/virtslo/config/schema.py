"""The scenario file's models, from which its JSON Schema is made too.

Invariant: strict and closed: no key that is not here, no value of another type. A model says what
a single field may be; what fields must be to each other is checked in `checks`.
"""

from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from virtslo.config.field_types import (
    MAX_COUNT,
    NAME,
    NAMESPACE,
    Count,
    Duration,
    DurationOrZero,
    FaultText,
    KindName,
    Model,
    Objects,
    Rate,
    TemplateVariable,
    Variable,
    default_text,
    expected,
)
from virtslo.model.plan.scenario import CountsFrom

API_VERSION: Final = "virtslo/v1"
MAX_STEPS: Final = 1000
"""Steps of actions."""


class WorkloadModel(Model):
    """The objects of the scenario."""

    kind: KindName = Field(description="The kind of object that is created.")
    count: Count = Field(
        description="How many objects; for pools and replica sets, how many members in all."
    )
    namespaces: int = Field(
        1, ge=1, le=10_000, description="Over how many namespaces of its own, round robin."
    )
    objects_per_namespace: int | None = Field(
        None,
        ge=1,
        le=MAX_COUNT,
        description="How many consecutive objects one namespace takes before the next, instead of "
        "round robin.",
    )
    namespace: str | None = Field(
        None,
        pattern=NAMESPACE,
        description="A namespace to use instead of the run's own; created only if absent.",
    )
    template: str = Field(
        "cirros",
        min_length=1,
        description="A built-in template (cirros, fedora, instancetype), or a path to one, "
        "relative to this file.",
    )
    dialect: Literal["jinja", "go", "go-text"] = Field(
        "jinja",
        description="The language of the template: jinja (built-in templates are), go "
        "(html/template, as perfscale-load-generator), go-text (text/template, as kube-burner).",
    )
    variables: dict[str, TemplateVariable] = Field(
        default_factory=dict,
        max_length=200,
        description="Values for the template; in the dialect go-text also lists and mappings.",
    )
    groups: int = Field(
        1, ge=1, le=MAX_COUNT, description="Over how many pools or replica sets `count` is spread."
    )


class ArrivalModel(Model):
    """When operations are intended."""

    process: Literal["burst", "constant", "poisson", "ramp"] = Field(
        "burst",
        description="burst: all at once, as fast as maxInFlight allows; the others are open loop.",
    )
    rate: Rate | None = Field(None, description="Arrivals per second; for ramp, at its end.")
    start_rate: Rate | None = Field(None, description="For ramp: arrivals per second at its start.")
    at_once: int = Field(
        1, ge=1, le=MAX_COUNT, description="For constant: how many arrive at the very start."
    )


class ChurnModel(Model):
    """Deletes and creates that keep the population constant."""

    objects: Objects = Field(
        "5%", description="How many objects a cycle replaces, or which share of count (at least 2)."
    )
    cycles: int = Field(5, ge=1, le=10_000, description="How many cycles.")
    every: Duration = Field(
        60.0,
        description="From the start of a cycle to that of the next.",
        json_schema_extra=default_text("60s"),
    )
    victims: Literal["random", "oldest", "newest"] = Field(
        "random", description="How the slots to be replaced are chosen; never by their state."
    )
    mode: Literal["objects", "scale", "restart"] | None = Field(
        None,
        description="objects: delete and create; scale: a pool in and out; restart: delete the VMI "
        "of a VM. Default: objects, for replica sets scale.",
    )
    rate: Rate | None = Field(None, description="Constant churn: replacements per second.")
    duration: Duration | None = Field(None, description="Constant churn: for how long.")
    ladder: list[Rate] | None = Field(
        None,
        description="Constant churn: rising rates, each a run of this duration, in place of rate.",
    )


class ActionModel(Model):
    """One request to each virtual machine of the run."""

    action: Literal["start", "stop", "restart", "pause", "unpause", "migrate"] = Field(
        description="What is asked of each machine, by KubeVirt's name for it."
    )
    rate: Rate | None = Field(
        None, description="Requests per second, open loop. Default: all at once."
    )
    at_once: int = Field(
        1, ge=1, le=MAX_COUNT, description="With a rate: how many are sent at the very start."
    )
    force: bool = Field(default=False, description="stop and restart: without a grace period.")
    paused: bool = Field(default=False, description="start: the guest stays paused.")
    wait: bool = Field(
        default=True,
        description="Whether the next step waits for every machine to be as this one wants it.",
    )
    delay: DurationOrZero = Field(
        0.0,
        description="How long everything is left alone after the step.",
        json_schema_extra=default_text("0s"),
    )


class LoadModel(Model):
    """The load pattern in time."""

    pattern: Literal["burst", "steady-state", "constant-churn", "replay"] = Field(
        description="What is tested; replay: a recorded trace is played."
    )
    trace: str | None = Field(
        None,
        min_length=1,
        description="For replay: path to a trace of virtslo record, relative to this file.",
    )
    speed: float = Field(
        1.0, ge=0.001, le=1000, description="For replay: how many times as fast as recorded."
    )
    sample: float = Field(
        1.0,
        ge=0.000_001,
        le=1000,
        description="For replay: the share of the trace's objects that is played; 2 plays each "
        "twice.",
    )
    sample_seed: int = Field(
        1, ge=0, le=2**53, description="For replay: seed by which a share of the trace is chosen."
    )
    arrival: ArrivalModel = Field(
        default_factory=lambda: ArrivalModel.model_validate({}),
        description="When operations are intended.",
    )
    max_in_flight: int = Field(
        100, ge=1, le=10_000, description="How many requests may be unanswered at once."
    )
    churn: ChurnModel | None = Field(
        None, description="For steady-state and constant-churn; a burst does without it."
    )
    settle: DurationOrZero = Field(
        5.0,
        description="How long the cluster must be quiet before a window closes.",
        json_schema_extra=default_text("5s"),
    )
    settle_limit: DurationOrZero = Field(
        60.0,
        description="How long to wait for quiet, at most.",
        json_schema_extra=default_text("60s"),
    )
    hold: DurationOrZero = Field(
        0.0,
        description="How long the objects are left alone before they are deleted: what is called "
        "while nothing happens.",
        json_schema_extra=default_text("0s"),
    )
    actions: list[ActionModel] = Field(
        default_factory=list,
        max_length=MAX_STEPS,
        description="For a burst of VMs: what is asked of them once all run, step by step.",
    )


class WarmUpModel(Model):
    """Objects created and deleted before anything is measured."""

    objects: int = Field(1, ge=0, le=10_000, description="How many; 0 for no warm-up.")


class DeadlinesModel(Model):
    """When waiting ends."""

    running: Duration | None = Field(
        None, description="For all objects to be Running. Default: max(10m, 3 x the least time)."
    )
    gone: Duration | None = Field(
        None, description="For all objects to be gone. Default: max(10m, 3 x the least time)."
    )


def _check_prometheus(value: str) -> str:
    parts = urlsplit(value)
    if value != "simulated" and (parts.scheme not in {"http", "https"} or not parts.hostname):
        raise expected("an http or https URL, or simulated")
    if parts.username or parts.password:
        raise expected(
            "a URL without a password", "records keep it: set VIRTSLO_PROMETHEUS_TOKEN instead"
        )
    return value


class ObserveModel(Model):
    """What else is read besides the watch."""

    rest_calls: CountsFrom = Field("auto", description="Where REST calls are counted.")
    prometheus: Annotated[str, AfterValidator(_check_prometheus)] | None = Field(
        None,
        min_length=1,
        description="URL of a Prometheus that scrapes KubeVirt; its bearer token is taken from "
        "VIRTSLO_PROMETHEUS_TOKEN. `simulated`: the simulated cluster's own.",
    )
    audit_log: str | None = Field(
        None,
        min_length=1,
        description="Path of the API server's audit log; the simulated one writes it there.",
    )


class SimulatedModel(Model):
    """The simulated cluster; without effect on a real one."""

    profile: str | None = Field(
        None,
        min_length=1,
        description="A built-in timing profile, or a path to one, relative to this file; "
        "--simulate wins.",
    )
    nodes: int | None = Field(
        None, ge=1, le=20_000, description="Number of hollow nodes; --nodes wins."
    )
    set: dict[str, Variable] = Field(
        default_factory=dict,
        max_length=200,
        description="Settings put over the profile, each as --set has it: "
        "`kubevirt.virtController.qps: 400`; those of --set win.",
    )


class ScenarioModel(Model):
    """A scenario: what to create, under which load, judged by what."""

    api_version: Literal["virtslo/v1"] = Field(description="The version of this format.")
    name: str = Field(pattern=NAME, description="What the scenario is called, as in DNS.")
    workload: WorkloadModel = Field(description="The objects of the scenario.")
    load: LoadModel = Field(description="The load pattern in time.")
    warm_up: WarmUpModel = Field(
        default_factory=lambda: WarmUpModel.model_validate({}),
        description="Objects created and deleted before anything is measured.",
    )
    deadlines: DeadlinesModel = Field(
        default_factory=lambda: DeadlinesModel.model_validate({}),
        description="When waiting ends.",
    )
    observe: ObserveModel = Field(
        default_factory=lambda: ObserveModel.model_validate({}),
        description="What else is read besides the watch.",
    )
    objectives: str | None = Field(
        None, min_length=1, description="A built-in catalog of objectives, or a path to one."
    )
    repeat: int = Field(1, ge=1, le=1000, description="How many times the scenario is run.")
    faults: list[FaultText] = Field(
        default_factory=list,
        max_length=100,
        description="What goes wrong with the simulated cluster, each as --fault has it: "
        "NAME or NAME:KEY=VALUE,KEY=VALUE.",
    )
    simulated: SimulatedModel | None = Field(
        None, description="The simulated cluster; without effect on a real one."
    )


EXAMPLE: Final[dict[str, Any]] = {
    "apiVersion": API_VERSION,
    "name": "burst-1000-vmi",
    "workload": {
        "kind": "VirtualMachineInstance",
        "count": 1000,
        "namespaces": 4,
        "template": "cirros",
        "variables": {"memory": "90Mi"},
    },
    "load": {"pattern": "burst", "arrival": {"process": "poisson", "rate": "50/s"}},
    "objectives": "kubevirt-ci",
}


def scenario_schema() -> dict[str, Any]:
    """The JSON Schema of the scenario file."""
    schema = ScenarioModel.model_json_schema(by_alias=True)
    workload = schema["$defs"]["WorkloadModel"]
    schema["required"].remove("workload")
    wanted = workload.pop("required")
    is_replay = {"properties": {"load": {"properties": {"pattern": {"const": "replay"}}}}}
    schema |= {
        "if": is_replay,
        "then": {"properties": {"load": {"required": ["pattern", "trace"]}}},
        "else": {"required": ["workload"], "properties": {"workload": {"required": wanted}}},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "virtslo scenario",
        "examples": [EXAMPLE],
    }
