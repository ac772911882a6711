"""The stages of a run, with their times.

Invariant: times are nanoseconds of the run's clock since its start.
"""

from dataclasses import dataclass

from virtslo.model.stage_names import StageName


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of a run: `warm_up`, `ramp_up`, `churn` or `ramp_down`."""

    name: StageName
    started_ns: int
    """The read before the first operation (or the first intended operation)."""
    t0_ns: int
    """From which intended times count."""
    whole_ns: int | None = None
    """When the population was first whole (ramp-down: gone) as the stage wants it."""
    quiet_ns: int | None = None
    """When the cluster had been quiet for `settle`; None if it was not in time."""
    ended_ns: int | None = None
    """When the window closed; None in a record that ends inside the stage."""
    deadline_ns: int | None = None
    """When waiting was to end."""
    cycle_starts_ns: tuple[int, ...] = ()
    """Churn: the intended start of every cycle."""
