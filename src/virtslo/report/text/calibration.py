"""A calibration and a prediction for a terminal.

Invariant: errors on fitted records and on held-out ones stand apart, each under its name.
"""

from collections.abc import Iterator, Sequence
from math import sqrt
from statistics import fmean

from virtslo.base.plain_text import report_text
from virtslo.model.whatif.calibration import (
    RECORD_FOR,
    TITLES,
    TOLD_BY,
    Calibration,
    Factor,
    Residual,
)
from virtslo.model.whatif.prediction import Predicted, Prediction
from virtslo.report.numbers import seconds


def render_calibration(calibration: Calibration) -> str:
    """The text; it ends with a line feed."""
    return "\n".join(map(report_text, _calibration(calibration))) + "\n"


def render_prediction(prediction: Prediction) -> str:
    """The text; it ends with a line feed."""
    return "\n".join(map(report_text, _prediction(prediction))) + "\n"


def _calibration(calibration: Calibration) -> Iterator[str]:
    yield f"Profile {calibration.base}, scaled; [95 % interval, by the objects recorded]"
    yield from (f"  {factor.name:9} {_factor(factor)}" for factor in calibration.factors)
    if calibration.shapes:
        yield f"  shape by the quantiles recorded: {', '.join(calibration.shapes)}"
    yield from (f"  times of requests by {words}" for words in calibration.answered_by)
    yield from _weakly_told(calibration.factors)
    if len(calibration.bases) > 1:
        by_base = ", ".join(f"{name} {error:.1%}" for name, error in calibration.bases.items())
        yield f"  root mean square of residuals by base: {by_base}"
    yield ""
    yield "Residuals on the records that were fitted"
    yield from _residuals(calibration.residuals)
    yield ""
    how = "never fitted" if calibration.are_given else "each predicted from the others"
    yield f"Error on records that were held out: {how}"
    if calibration.held_out:
        yield from _residuals(calibration.held_out)
    else:
        yield f"  no data: {calibration.no_held_out}"


def _factor(factor: Factor) -> str:
    if not factor.is_identified:
        return f"not identified: {factor.reason}; {factor.kept}"
    low, high = factor.interval
    return f"x {factor.value:.3g} [{low:.3g}, {high:.3g}]"


def _weakly_told(factors: Sequence[Factor]) -> Iterator[str]:
    """What to record for the factors that these records hardly tell, or not."""
    for factor in factors:
        if factor.is_weak:
            yield (
                f"  WARNING: {factor.name} hardly shows: it is at most {factor.share:.0%} of a "
                f"figure, and its interval holds only if the model divides the rest rightly; "
                f"record {RECORD_FOR[factor.name]}"
            )
        elif not factor.is_identified and factor.name not in TOLD_BY:
            yield f"  WARNING: {factor.name} does not show: record {RECORD_FOR[factor.name]}"


def _residuals(residuals: Sequence[Residual]) -> Iterator[str]:
    record = ""
    for item in residuals:
        if item.record != record:
            record = item.record
            yield f"  {record}"
        yield (
            f"    {TITLES[item.column]:28} measured {seconds(item.measured):>8}, simulated "
            f"{seconds(item.simulated):>8}: {item.error:+.1%}"
        )
    whole = sqrt(fmean(item.error**2 for item in residuals))
    yield f"  root mean square {whole:.1%}, largest {max(abs(i.error) for i in residuals):.1%}"


def _prediction(prediction: Prediction) -> Iterator[str]:
    yield (
        f"Predicted burst of {prediction.count} x {prediction.kind} on {prediction.nodes} nodes, "
        f"{prediction.seeds} seeds, simulated"
    )
    for item in prediction.figures:
        yield f"  {TITLES[item.column]:26} {_figure(item)}"
    for column, count in prediction.missing.items():
        yield f"  {TITLES[column]:26} no data in {count} of {prediction.seeds} simulated runs"
    if prediction.inconclusive:
        yield f"  {prediction.inconclusive} of {prediction.seeds} simulated runs are inconclusive"
    yield ""
    yield (
        "Intervals are 95 %, over seeds: what another run of the model would give. The model's "
        "error is apart: what it got wrong on records that were held out (root mean square)"
    )
    if not prediction.calibration.held_out:
        yield f"  no data: {prediction.calibration.no_held_out}"
    yield from _beyond(prediction)
    yield "Assumed"
    yield from (f"  {words}" for words in prediction.assumed)
    yield ""
    yield from _calibration(prediction.calibration)


def _beyond(prediction: Prediction) -> Iterator[str]:
    """How far a prediction is from what was recorded."""
    factor = prediction.count / prediction.largest
    if factor > 1:
        yield (
            f"Extrapolated: {factor:.3g} times the largest burst that was recorded "
            f"({prediction.largest} objects); the model's error there is not known"
        )
    if prediction.kind not in prediction.kinds:
        yield f"Extrapolated: no record is of {prediction.kind} (of {', '.join(prediction.kinds)})"


def _figure(item: Predicted) -> str:
    if item.interval is not None and item.interval.is_closed:
        assert item.interval.low is not None
        assert item.interval.high is not None
        beside = f"[{seconds(item.interval.low)}, {seconds(item.interval.high)}]"
    else:
        beside = f"(no interval: {item.no_interval})"
    error = "no data" if item.model_error is None else f"± {item.model_error:.0%}"
    return f"{seconds(item.value):>8} {beside}, model's error {error}"
