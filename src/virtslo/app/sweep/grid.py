"""The points of a sweep: every combination of the knobs' values, each with every seed.

Invariant: the order of points is that of the knobs as given, seeds last; equal requests give equal
points, in the same order.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.limits import SWEEP_POINTS
from virtslo.model.plan.scenario import Scenario
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.model.whatif.sweep import Knob, Point, Value

PLACE = "--vary"
Make = Callable[[Mapping[str, Value], int], tuple[Scenario, SimulatedTarget]]
"""The scenario and the cluster of a point: values by knob, and the seed."""


def read_knobs(texts: Sequence[str], problems: list[Problem]) -> tuple[Knob, ...]:
    """The knobs of `--vary NAME=VALUE,VALUE`; every problem is added."""
    knobs: dict[str, Knob] = {}
    for text in texts:
        name, sign, rest = text.partition("=")
        values = [part.strip() for part in rest.split(",")]
        if not sign or not name.strip():
            words = "NAME=VALUE,VALUE, such as count=100,300,1000"
            problems.append(Problem(PLACE, repr(text), words))
            continue
        _add(knobs, name.strip(), values, problems, place=f"{PLACE} {name.strip()}")
    return tuple(knobs.values())


def knobs_of(given: Mapping[str, Sequence[Value]], problems: list[Problem]) -> tuple[Knob, ...]:
    """The knobs of a file's section `sweep.vary`."""
    knobs: dict[str, Knob] = {}
    for name, values in given.items():
        _add(knobs, name, list(values), problems, place=f"sweep.vary.{name}")
    return tuple(knobs.values())


def _add(
    knobs: dict[str, Knob],
    name: str,
    values: Sequence[Value],
    problems: list[Problem],
    *,
    place: str,
) -> None:
    if name in knobs:
        problems.append(Problem(place, "a knob that is varied twice", "each once"))
    if not values or any(value == "" for value in values):
        problems.append(Problem(place, "an empty value", "values with commas between them"))
    twice = sorted({str(value) for value in values if list(values).count(value) > 1})
    if twice:
        problems.append(Problem(place, f"{twice[0]} twice", "each value once"))
    knobs[name] = Knob(name, tuple(values))


def make_points(knobs: Sequence[Knob], seeds: Sequence[int], make: Make) -> tuple[Point, ...]:
    """Every point of the grid. Raises ScenarioError with every problem of every combination."""
    size = len(seeds)
    for knob in knobs:
        size *= len(knob.values)
    if size > SWEEP_POINTS.most:
        expected = f"at most {SWEEP_POINTS.amount}"
        raise ScenarioError("sweep", [Problem(PLACE, f"{size} points", expected)])
    points: list[Point] = []
    problems: list[Problem] = []
    for combination in itertools.product(*(knob.values for knob in knobs)):
        values = {knob.name: value for knob, value in zip(knobs, combination, strict=True)}
        for seed in seeds:
            try:
                scenario, target = make(values, seed)
            except ScenarioError as error:
                problems += [item for item in error.problems if item not in problems]
                break
            points.append(Point(len(points), values, seed, scenario, target))
    if problems:
        raise ScenarioError("sweep", problems)
    return tuple(points)
