"""What a plan is made of: objects, operations and cycles.

Invariant: values only, all decided before the run; nothing here depends on what a cluster answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from virtslo.load.manifests import Placement, prepare_manifest
from virtslo.model.identifiers import Object
from virtslo.model.plan.workload import Kind
from virtslo.model.run.operations import Verb
from virtslo.model.stage_names import StageName


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """One object that the run means to create."""

    index: int
    """Its slot in the population; a replacement has the slot of its victim."""
    kind: Kind
    namespace: str
    name: str
    template: Object
    """Its rendered manifest without what the run writes: objects that are alike share it."""
    members: int = 1
    """How many VMIs it stands for."""
    generation: int = 0
    """How many objects were in its slot before it."""
    run_label: str | None = None
    """None for what a controller creates."""
    is_warm_up: bool = False

    @property
    def manifest(self) -> Object:
        """The manifest as it is sent, made when it is asked for: it is sent once."""
        placement = Placement(
            run_label=self.run_label or "",
            index=self.index,
            name=self.name,
            namespace=self.namespace,
            replicas=self.members,
            is_warm_up=self.is_warm_up,
        )
        return prepare_manifest(self.template, self.kind, placement)


@dataclass(frozen=True, slots=True)
class PlannedOperation:
    """One action that the run intends on an object, at `offset_ns` from its stage's t0."""

    verb: Verb
    planned: PlannedObject
    offset_ns: int
    stage: StageName
    cycle: int | None = None
    replicas: int | None = None
    """For `scale`: how many members the object shall have."""
    body: Mapping[str, Any] | None = None
    """For an action: its options."""


@dataclass(frozen=True, slots=True)
class PlannedCycle:
    """One cycle of churn; times count from the churn stage's t0."""

    number: int
    """From 0."""
    start_ns: int
    operations: tuple[PlannedOperation, ...]
    victims: tuple[PlannedObject, ...]
    """What goes: the objects deleted, or the groups scaled in."""
    replacements: tuple[PlannedObject, ...] = ()
    """What the run itself creates for them; empty where a controller replaces them."""
