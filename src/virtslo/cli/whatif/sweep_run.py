"""A sweep from its points to its table, kept point by point.

Invariant: what is finished is on disk before the next outcome is taken; an interruption begins no
further point and loses none that is finished.
"""

from collections.abc import Sequence
from pathlib import Path

from virtslo.app.run.interruption import Interruption
from virtslo.app.sweep.effects import effects_of
from virtslo.app.sweep.scalability import laws_of
from virtslo.cli.progress.point_progress import PointProgress
from virtslo.cli.signals import handled_signals
from virtslo.cli.whatif.executors import Executor
from virtslo.cli.wiring.whatif import read_point_results, write_point
from virtslo.model.whatif.sweep import PointResult, PointStatus, SweepOutcome, SweepRecord


def carry_out_sweep(
    sweep: SweepRecord, directory: Path, executor: Executor, progress: PointProgress
) -> tuple[SweepOutcome, bool]:
    """Run what is left of a sweep; its outcome, and whether the user ended it."""
    interruption = Interruption()
    results = list(read_point_results(directory, sweep))
    done = {item.index for item in results if item.status is not PointStatus.FAILED}
    results = [item for item in results if item.index in done]
    pending = sorted(
        (point for point in sweep.points if point.index not in done),
        key=lambda point: (point.seed, point.index),
    )  # every setting with one seed first: what is interrupted then shows effects already
    folders = {point.index: point.folder for point in sweep.points}
    progress.begin(len(sweep.points), done=len(done), where=executor.description)

    def last_words() -> str:
        return f"stopped at once; finished points are kept: --resume {directory}"

    interruption.when_requested(lambda: progress.note(
        "no further point begins; those under way are finished (again: stop at once)"
    ))  # fmt: skip
    with handled_signals(interruption, last_words):
        for outcome in executor.run(
            pending, is_ended=lambda: interruption.is_requested, tell=progress.note
        ):
            write_point(directory, folders[outcome.result.index], outcome.result, outcome.packed)
            results.append(outcome.result)
            progress.finished(outcome.result)
    progress.end()
    return outcome_of(sweep, results), interruption.is_requested


def outcome_of(sweep: SweepRecord, results: Sequence[PointResult]) -> SweepOutcome:
    """Everything that these results come to."""
    ordered = sorted(results, key=lambda item: item.index)
    return SweepOutcome(
        sweep, ordered, effects_of(sweep.knobs, ordered), laws_of(sweep.knobs, ordered)
    )
