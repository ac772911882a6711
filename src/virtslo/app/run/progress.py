"""Snapshots of a run, for the progress display.

Invariant: it only reads; a run without a display is the same run.
"""

from virtslo.app.run.run_stages import RunStages
from virtslo.base.clock import Clock, sleep, to_seconds
from virtslo.client.accounting import CallAccount
from virtslo.model.identifiers import RUNNING
from virtslo.model.run.stages import Stage
from virtslo.model.stage_names import RAMP_UP
from virtslo.observe.population import Population
from virtslo.ports.progress import Progress, Snapshot

EVERY_SECONDS = 0.5


async def tell_progress(
    progress: Progress,
    *,
    clock: Clock,
    origin_ns: int,
    stages: RunStages,
    population: Population,
    account: CallAccount,
    is_virtual: bool,
) -> None:
    """Tell a snapshot twice a second of the run's clock, until cancelled.

    In virtual time nothing is late, and nothing is said of it.
    """
    while True:
        stage = stages.current
        now_ns = clock.now_ns() - origin_ns
        if stage is not None:
            running = population.counts().get(RUNNING, 0)
            since = to_seconds(now_ns - stage.t0_ns)
            progress.update(
                Snapshot(
                    stage=stage.name,
                    elapsed=to_seconds(now_ns),
                    wanted=stages.wanted_members,
                    phases=population.counts(),
                    created=stages.created,
                    to_create=stages.to_create,
                    failed=stages.failed,
                    own_calls=account.calls,
                    rate=running / since if _is_rising(stage) and since > 0 and running else None,
                    lateness=None
                    if is_virtual or stages.latest_ns is None
                    else to_seconds(stages.latest_ns),
                    cycle=sum(1 for start_ns in stage.cycle_starts_ns if start_ns <= now_ns),
                    cycles=len(stage.cycle_starts_ns),
                    deadline=None
                    if stage.deadline_ns is None
                    else to_seconds(stage.deadline_ns - now_ns),
                )
            )
        await sleep(clock, EVERY_SECONDS)


def _is_rising(stage: Stage) -> bool:
    """Whether Running per second means anything: only while the population is made."""
    return stage.name == RAMP_UP
