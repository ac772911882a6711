"""Every figure that a run prints, held against the truth of what happened.

Invariant: a figure is right, or it has no value, or a finding that touches it says that it is
doubtful; in a valid run it is right.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from support.swarm.play import Played
from support.swarm.truth.happened import Happened
from support.swarm.truth.of_answers import of_own_calls
from support.swarm.truth.of_bursts import of_burst
from support.swarm.truth.of_calls import COMPONENTS, of_calls
from support.swarm.truth.of_churn import of_churn
from support.swarm.truth.of_loads import of_loads
from support.swarm.truth.spans import NEVER, Claim, Span
from virtslo.model.report.figures import Figure
from virtslo.model.report.indicators import FigureKey, figures_by_key
from virtslo.model.run.record import RunStatus
from virtslo.model.stage_names import RAMP_UP
from virtslo.slo.evaluate import touches

ROUNDING: Final = 1e-6
NOT_RECOMPUTED: Final[Mapping[str, str]] = {
    **{
        f"{component.replace('-', '_')}_{what}": "known inside the component alone"
        for component in COMPONENTS
        for what in ("cpu_seconds", "resident_bytes")
    },
    **dict.fromkeys(
        ("rate_limiter_wait_seconds", "work_queue_wait_seconds", "work_queue_work_seconds"),
        "known inside the component alone",
    ),
    "computed_least_seconds": "an input: the plan's least time",
}
"""Figures without a second source, and why."""


def untrue_figures(played: Played) -> Iterator[str]:
    """What is wrong, and not said."""
    report = played.report
    if played.record.header.status is not RunStatus.COMPLETE or played.refusal:
        return
    truth = Happened(played)
    if not truth.is_all_done:
        if report.valid:
            yield "figures: valid, though a request of the measured stage was not carried out"
        return
    figures = figures_by_key(report.indicators)
    true = dict(claims(truth))
    for made, figure in figures.items():
        if figure.value is not None and made not in true and made.name not in NOT_RECOMPUTED:
            yield f"figures: {made.name} {made.statistic} has no truth that it is held against"
    for key, span in true.items():
        printed = figures.get(FigureKey(*key))
        wrong = None if printed is None else _wrong(printed, span)
        if wrong is None:
            continue
        told = [item.finding.code for item in report.findings if touches(item.finding, [key[0]])]
        words = f"{key[0]} {key[1]} {wrong}"
        if report.valid:
            yield f"figures: {words}, and the run is valid ({', '.join(told) or 'nothing told'})"
        elif not told:
            yield f"figures: {words}, and no finding touches it"


def claims(truth: Happened) -> Iterator[Claim]:
    """Where every figure must lie."""
    yield from of_burst(truth) if truth.measured == RAMP_UP else of_churn(truth)
    yield from of_calls(truth)
    yield from of_own_calls(truth)
    yield from of_loads(truth)


def _wrong(figure: Figure, span: Span | None) -> str | None:
    """In what a figure differs from the truth; None: in nothing."""
    if figure.value is None:
        low, high = figure.lower_bound, figure.upper_bound
        most = NEVER if span is None else span.high
        least = 0.0 if span is None else span.low
        if low is not None and low > most + ROUNDING:
            return f"is said to be at least {low:.6g}, and was {_told(span)}"
        if high is not None and high < least - ROUNDING:
            return f"is said to be at most {high:.6g}, and was {_told(span)}"
        return None
    if span is None:
        return f"is {figure.value:.6g}, where there is none"
    slack = ROUNDING * max(1.0, abs(figure.value))
    if span.low - slack <= figure.value <= span.high + slack:
        return None
    return f"is {figure.value:.6g}, and was {_told(span)}"


def _told(span: Span | None) -> str:
    if span is None:
        return "never reached"
    if span.low == span.high:
        return f"{span.low:.6g}"
    return f"between {span.low:.6g} and {span.high:.6g}"
