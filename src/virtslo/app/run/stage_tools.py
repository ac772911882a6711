"""What every stage of a run is carried out with.

Invariant: one run has one of each; a stage that sends through the engine is seen by the watch and
lies in a window.
"""

from dataclasses import dataclass

from virtslo.app.run.run_watch import RunWatch
from virtslo.app.run.stage_windows import StageWindows
from virtslo.base.clock import Clock
from virtslo.load.engine import Engine


@dataclass(frozen=True, slots=True)
class StageTools:
    """What sends, what sees, what opens and closes stages, and the clock of them all."""

    engine: Engine
    watch: RunWatch
    windows: StageWindows
    clock: Clock
