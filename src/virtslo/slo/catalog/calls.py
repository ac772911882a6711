"""Definitions: requests of KubeVirt's components, and what these use.

Invariant: as of the catalog: every such indicator that is printed is here.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from virtslo.model.kubernetes.components import COUNTED_COMPONENTS
from virtslo.model.report.indicators import Definition, Section
from virtslo.model.run.rest_calls import COMPONENTS
from virtslo.model.vocabulary import COUNTED_RESOURCES, COUNTED_VERBS
from virtslo.slo.catalog.family import Family

FAMILY: Final = Family()


class OfVerb(NamedTuple):
    """The indicators of the requests of one verb."""

    by_resource: Mapping[str, Definition]
    """In the measured stage."""
    ramp_down: Definition
    hold: Definition
    """While objects are there and nothing happens."""


class OfComponent(NamedTuple):
    """The indicators of what one component uses."""

    processor: Definition
    memory: Definition


def _of_verb(verb: str) -> OfVerb:
    by_resource = {resource: _calls(verb, resource) for resource in COUNTED_RESOURCES}
    ramp_down = FAMILY.value(
        f"ramp_down_rest_calls_{verb.lower()}",
        "requests",
        ("count", "per_object"),
        f"successful {verb} requests of the same components in the ramp-down; per_object: "
        "for each VMI deleted",
        source=COMPONENTS,
    )
    hold = FAMILY.value(
        f"idle_rest_calls_{verb.lower()}",
        "requests",
        ("per_hour", "per_node_hour", "per_object_hour"),
        f"{verb} requests of the same components, whatever their answer, by the hour while the "
        "objects are there and nothing happens (load.hold); per_node_hour and per_object_hour: "
        "the same divided by the nodes, and by the VMIs",
        source=COMPONENTS,
    )
    return OfVerb(by_resource, ramp_down, hold)


def _calls(verb: str, resource: str) -> Definition:
    return FAMILY.define(
        Definition(
            f"rest_calls_{verb.lower()}_{resource}",
            "requests",
            ("count", "per_object"),
            Section.CALLS,
            f"successful {verb} requests on {resource} by virt-api, virt-controller and "
            "virt-handler in the measured stage; per_object: for each VMI made or replaced",
            COMPONENTS,
            labels=(verb, resource),
        )
    )


def _of_component(component: str) -> OfComponent:
    prefix = component.replace("-", "_")
    processor = Definition(
        f"{prefix}_cpu_seconds",
        "s",
        ("value", "per_object"),
        Section.USAGE,
        f"processor time of {component}'s processes in the measured stage; per_object: for "
        "each VMI, beyond what they use in the same time when idle (measured before the run)",
        COMPONENTS,
        labels=(component,),
    )
    memory = Definition(
        f"{prefix}_resident_bytes",
        "bytes",
        ("before", "peak", "after"),
        Section.USAGE,
        f"resident memory of {component}'s processes together: before the measured stage, "
        "the most of the reads, and after it",
        COMPONENTS,
        labels=(component,),
    )
    return OfComponent(FAMILY.define(processor), FAMILY.define(memory))


OF_VERB: Final = {verb: _of_verb(verb) for verb in COUNTED_VERBS}
OF_COMPONENT: Final = {component: _of_component(component) for component in COUNTED_COMPONENTS}
