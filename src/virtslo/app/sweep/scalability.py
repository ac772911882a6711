"""The universal scalability law, fitted to a rate over a numeric knob.

Invariant: fitted only where there are six points; both coefficients are at least 0, so that a law
never says that more of a knob speeds up without end beyond proportion.
"""

from collections import defaultdict
from collections.abc import Sequence
from math import exp, log, sqrt
from statistics import fmean

from virtslo.model.whatif.sweep import Knob, PointResult, PointStatus, Scalability, Value

RATE = "phase_rate_running.mean"
LEAST_POINTS = 6


def laws_of(knobs: Sequence[Knob], results: Sequence[PointResult]) -> tuple[Scalability, ...]:
    """A law for each numeric knob of six values and more, and each setting of the others."""
    return tuple(law for knob in knobs if _is_numeric(knob) for law in _of_knob(knob, results))


def _is_numeric(knob: Knob) -> bool:
    numbers = [number_of(value) for value in knob.values]
    return len(knob.values) >= LEAST_POINTS and all(
        number is not None and number > 0 for number in numbers
    )


def number_of(value: Value) -> float | None:
    """A value of a knob as a number, where it is one."""
    try:
        return float(value)
    except ValueError:
        return None


def _of_knob(knob: Knob, results: Sequence[PointResult]) -> Sequence[Scalability]:
    curves: dict[tuple[tuple[str, Value], ...], dict[float, list[float]]] = defaultdict(dict)
    for item in results:
        rate = item.figures.get(RATE)
        number = number_of(item.values[knob.name])
        if item.status is PointStatus.FAILED or rate is None or rate <= 0 or number is None:
            continue
        others = tuple((name, value) for name, value in item.values.items() if name != knob.name)
        curves[others].setdefault(number, []).append(rate)
    found = []
    for others, curve in curves.items():
        if len(curve) >= LEAST_POINTS:
            rates = {number: exp(fmean(map(log, of))) for number, of in curve.items()}
            found.append(fit(knob.name, dict(others), rates))
    return found


def fit(knob: str, others: dict[str, Value], rates: dict[float, float]) -> Scalability:
    """The law of rates by the knob's value, by least squares on n / X(n), which is linear in them.

    n / X(n) = (1 + s (n - 1) + k n (n - 1)) / a, weighted so that relative errors of the rate
    count.
    """
    import numpy as np
    from scipy.optimize import nnls

    least = min(rates)
    n = np.array([value / least for value in sorted(rates)])
    x = np.array([rates[value] for value in sorted(rates)])
    weight = x / n
    columns = np.column_stack([np.ones_like(n), n - 1, n * (n - 1)]) * weight[:, None]
    coefficients, _ = nnls(columns, np.ones_like(n))
    a = 1.0 / coefficients[0] if coefficients[0] > 0 else float("inf")
    contention = float(coefficients[1] / coefficients[0]) if coefficients[0] > 0 else 0.0
    coherency = float(coefficients[2] / coefficients[0]) if coefficients[0] > 0 else 0.0
    fitted = a * n / (1 + contention * (n - 1) + coherency * n * (n - 1))
    spread = float(((x - x.mean()) ** 2).sum())
    explained = 1.0 - float(((x - fitted) ** 2).sum()) / spread if spread > 0 else 1.0
    peak = None
    if coherency > 0 and contention < 1:
        peak = least * sqrt((1 - contention) / coherency)
    return Scalability(knob, others, float(a), contention, coherency, explained, peak, len(rates))


def rate_at(law: Scalability, n: float) -> float:
    """The rate by the law, n being the knob's value over its least."""
    return law.rate_of_one * n / (1 + law.contention * (n - 1) + law.coherency * n * (n - 1))
