"""A search for a terminal: its bounds, what bounded it, the ceiling, and every trial.

Invariant: the last good load never stands without the first bad one, or why there is none.
"""

from collections.abc import Iterator

from virtslo.base.plain_text import report_text
from virtslo.model.whatif.search import MIGRATION, Quantity, SearchResult, Trial


def render(result: SearchResult) -> str:
    """The text; it ends with a line feed."""
    return "\n".join(map(report_text, _lines(result))) + "\n"


def _lines(result: SearchResult) -> Iterator[str]:
    subject = "arrival rate" if result.quantity is Quantity.RATE else "number"
    where = "simulated cluster" if result.simulated else "real cluster"
    goal = result.goal
    yield f"Highest {subject} of {plural(result.objects)} at which objectives hold, on the {where}"
    yield f"  last good load    {_load(result.last_good, result)}"
    yield f"  first bad load    {_load(result.first_bad, result)}"
    yield f"  conditional load  {_load(result.conditional, result)}, last good less what it lost"
    yield f"  bounded by        {result.bounded_by}"
    for ceiling in result.ceilings:
        yield f"  ceiling           {_load(ceiling.load, result)}: {ceiling.name}, {ceiling.text}"
    yield f"  ended because     {result.ended}"
    yield ""
    wanted = "done" if result.objects == MIGRATION else "Running"
    yield (
        f"A {result.objects} is lost if it is not {wanted} within {result.within:g} s of its "
        "intended time."
    )
    yield (
        f"A load is good if at most {goal.loss_ratio:.3g} of them are lost, latency does "
        "not grow, nor do those that wait"
    )
    yield (
        f"({goal.trials} trial{'' if goal.trials == 1 else 's'} a load; bounds to within "
        f"{goal.width:.1%})."
    )
    yield f"{len(result.trials)} trial{'' if len(result.trials) == 1 else 's'}:"
    for number, trial in enumerate(result.trials, start=1):
        yield f"  {number:>2}  {_trial(trial, result)}"


def _trial(trial: Trial, result: SearchResult) -> str:
    grown = "" if trial.growth is None else f", latency {trial.growth:+.3f} s/s"
    if trial.waiting is not None:
        grown += f", waiting {trial.waiting[0]}, then {trial.waiting[1]}"
    why = f" ({', '.join(trial.reasons)})" if trial.reasons else ""
    lost = f"{trial.lost} of {trial.objects} lost"
    return f"{_load(trial.load, result):>14}  {trial.outcome.value:<4} {lost}{grown}{why}"


def plural(noun: str) -> str:
    """`members of a pool`, `VMIs`."""
    head, _, rest = noun.partition(" ")
    return f"{head}s {rest}".strip()


def _load(load: float | None, result: SearchResult) -> str:
    if load is None:
        return "none was found"
    return (
        f"{load:.4g}/s"
        if result.quantity is Quantity.RATE
        else f"{load:g} {plural(result.objects)}"
    )
