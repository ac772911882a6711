"""A run's record: the raw facts from which everything else is derived.

Invariant: a record is data only; indicators, tables and verdicts are functions of it. What is in
a `RunHeader` repeats byte for byte for the same scenario and seed in virtual time; what is not
(wall clock, host, paths, run id) is in `HostFacts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from virtslo.model.plan.scenario import Scenario
from virtslo.model.run.environment import Environment
from virtslo.model.run.findings import Finding
from virtslo.model.run.observations import Observation
from virtslo.model.run.operations import OperationRecord
from virtslo.model.run.rest_calls import RestCallReads
from virtslo.model.run.stages import Stage

SCHEMA_VERSION = 1


class RunStatus(StrEnum):
    """How far a run came."""

    RUNNING = "running"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RunHeader:
    """The contents of `run.json`."""

    scenario: Scenario
    environment: Environment
    run_label: str
    """The value of the run's label on every object it made."""
    namespaces: tuple[str, ...]
    status: RunStatus = RunStatus.RUNNING
    stages: tuple[Stage, ...] = ()
    findings: tuple[Finding, ...] = ()
    """Findings that only the running program could make (not derivable from the other files)."""
    least_seconds: float | None = None
    """The ceiling: no run of this plan can be faster (DESIGN §2)."""
    own_calls: Mapping[str, int] = field(default_factory=dict)
    """Our own REST calls, by `VERB resource`, counted below the port."""
    left_behind: tuple[str, ...] = ()
    """What clean-up could not remove, as `kind namespace/name`."""
    schema_version: int = SCHEMA_VERSION
    has_digests: bool = False
    """Whether counts and digests of its files are kept beside them; older records have none."""


@dataclass(frozen=True, slots=True)
class HostFacts:
    """The contents of `host.json`: what differs between two runs of the same scenario."""

    run_id: str
    tool_version: str
    started_at: str
    finished_at: str | None = None
    host: str = ""
    python: str = ""
    directory: str = ""
    command: tuple[str, ...] = ()
    cpu_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Everything a run left on disk, read back."""

    header: RunHeader
    host: HostFacts
    operations: tuple[OperationRecord, ...] = ()
    observations: tuple[Observation, ...] = ()
    rest_calls: RestCallReads = field(default_factory=RestCallReads)
    damage: tuple[str, ...] = ()
    """What could not be read: a truncated member, a missing file, an unreadable line."""
