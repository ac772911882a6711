"""Effects, laws and the quality of a sweep in words, the same in every format.

Invariant: an effect stands with its interval, or with why it has none, and with the pairs of points
that it leaves out.
"""

from collections.abc import Iterator
from typing import Final

from virtslo.model.whatif.sweep import HEADLINES, Effect, PointStatus, Scalability, SweepOutcome
from virtslo.report.numbers import number

MOST_NAMED: Final = 8
"""Points without a figure that are named in one line; the table has all."""


def effect_line(effect: Effect) -> str:
    """An effect in words."""
    title = HEADLINES.get(effect.column, effect.column)
    change = f"{effect.base} -> {effect.value}"
    if effect.ratio is None:
        return f"{change:>20}  {title}: no data ({effect.no_interval}){_left_out(effect)}"
    if effect.interval is not None and effect.interval.is_closed:
        beside = f"[{effect.interval.low:.3g}, {effect.interval.high:.3g}]"
    else:
        beside = f"(no interval: {effect.no_interval})"
    settings = f", {effect.settings} settings of the others" if effect.settings > 1 else ""
    of = f"{effect.seeds} seed{'' if effect.seeds == 1 else 's'}{settings}"
    return f"{change:>20}  {title}: x {effect.ratio:.3g} {beside}, {of}{_left_out(effect)}"


def _left_out(effect: Effect) -> str:
    """Pairs that the ratio does not show, and the points without a figure."""
    if not effect.left_out:
        return ""
    named = ", ".join(map(str, effect.without_figure[:MOST_NAMED]))
    more = len(effect.without_figure) - MOST_NAMED
    return (
        f"; {effect.left_out} of {effect.pairs} pairs left out, no figure at "
        f"{'point' if len(effect.without_figure) == 1 else 'points'} {named}"
        f"{f' and {more} more' if more > 0 else ''}"
    )


def law_line(law: Scalability) -> str:
    """A law in words."""
    others = ", ".join(f"{name}={value}" for name, value in law.others.items())
    peak = f"greatest at {law.peak:.4g}" if law.peak is not None else "no greatest rate"
    return (
        f"{law.knob}{f' ({others})' if others else ''}: a = {law.rate_of_one:.3g}/s, contention s ="
        f" {law.contention:.3g}, coherency k = {law.coherency:.3g}; {peak}; explains "
        f"{law.explained:.0%} of the variance of {law.points} points"
    )


def quality_lines(outcome: SweepOutcome) -> Iterator[str]:
    """How many points are to be trusted, and what they cost."""
    results = outcome.results
    for status, words in (
        (PointStatus.INCONCLUSIVE, "inconclusive (their figures are in the table and in effects)"),
        (PointStatus.FAILED, "could not be run"),
    ):
        of = [item for item in results if item.status is status]
        if of:
            why = sorted(
                {code for item in of for code in (*item.findings, item.error or "")} - {""}
            )
            yield f"{len(of)} points {words}: {', '.join(why)}"
    ran = [item for item in results if item.status is not PointStatus.FAILED]
    if ran:
        simulated = sum(item.simulation_seconds for item in ran)
        beside = sum(item.overhead_seconds for item in ran)
        yield (
            f"cost: {number(simulated / len(ran))} s of a processor for each simulated run, "
            f"{number(beside / len(ran))} s beside it ({beside / (simulated + beside):.0%})"
        )
    yield "Every figure here is from simulated clusters."
