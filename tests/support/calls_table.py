"""The comparison of calls per object with the reference, as data and as Markdown."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean

from support.real_deletions import real_runs
from support.reference_calls import (
    CREATE,
    CREATE_COLUMNS,
    DELETE,
    DELETE_COLUMNS,
    UNDETERMINED,
    Table,
    tolerance,
)
from support.reference_runs import Counts, ReferenceRun, reference_run

RUNS = (
    ("vmi", 30, 1.0),
    ("vmi", 100, 0.0),
    ("vm", 30, 1.0),
    ("vm", 100, 0.0),
    ("pool", 100, 0.0),
    ("replica set", 100, 0.0),
)
"""Kind, count and seconds between creates, in the order of the columns."""
SEEDS = (1, 2, 3)
"""Each run is made with every one of these, and their mean compared: what conflicts and repeats
hangs on milliseconds, and one seed of it is no measurement."""
ENOUGH = 90
"""Objects after which a mean is near enough to be held to the reference: of one seed with 100."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One count, beside the reference's."""

    part: str
    column: str
    component: str
    call: str
    expected: float
    actual: float

    @property
    def is_zero(self) -> bool:
        """Whether neither side makes the call at all."""
        return not self.expected and not self.actual

    @property
    def real_range(self) -> tuple[float, float] | None:
        """The least and the most in runs of a real plane, where one run determines nothing."""
        is_listed = (self.column, self.call) in UNDETERMINED
        if self.part != "delete" or self.component != "virt-controller" or not is_listed:
            return None
        runs = real_runs(self.column, self.call)
        return min(runs), max(runs)

    @property
    def allowed(self) -> tuple[float, float]:
        """The least and the most that meets it: near the reference, or, where one run determines
        nothing, within what real runs show, the reference's among them."""
        if self.real_range is not None:
            return min(self.expected, self.real_range[0]), max(self.expected, self.real_range[1])
        distance = tolerance(self.column, self.expected) + 1e-9
        return self.expected - distance, self.expected + distance

    @property
    def is_met(self) -> bool:
        """Whether it is within what is allowed."""
        least, most = self.allowed
        return least <= self.actual <= most

    def __str__(self) -> str:
        return (
            f"{self.part} {self.column}: {self.component} {self.call}: "
            f"expected {self.expected:g}, got {self.actual:.2f}"
        )


def fewest_seeds(index: int) -> Sequence[int]:
    """The first seeds, as many as it takes to make enough objects in a column."""
    _, count, _ = RUNS[index]
    return SEEDS[: math.ceil(ENOUGH / count)]


def runs_of(index: int, seeds: Sequence[int] = SEEDS) -> tuple[ReferenceRun, ...]:
    """The runs of a column, one a seed."""
    kind, count, every = RUNS[index]
    return tuple(reference_run(kind, count, every=every, seed=seed) for seed in seeds)


def _means(every: Sequence[Counts]) -> dict[tuple[str, str], float]:
    keys = {key for counts in every for key in counts}
    return {key: mean(counts.get(key, 0.0) for counts in every) for key in keys}


def cells_of(index: int, seeds: Sequence[int] = SEEDS) -> Iterator[Cell]:
    """Every mean count of a column, what the reference does not name included."""
    runs = runs_of(index, seeds)
    parts: Sequence[tuple[str, str, Table, dict[tuple[str, str], float]]] = (
        ("create", CREATE_COLUMNS[index], CREATE, _means([run.created for run in runs])),
        ("delete", DELETE_COLUMNS[index], DELETE, _means([run.deleted for run in runs])),
    )
    for part, column, table, counts in parts:
        for key in sorted({*table, *counts}):
            expected = table[key][index] if key in table else 0.0
            yield Cell(part, column, *key, expected, counts.get(key, 0.0))


def markdown() -> str:
    """Both tables, measured against expected."""
    cells = [cell for index in range(len(RUNS)) for cell in cells_of(index)]
    lines: list[str] = []
    for part, columns, title in (
        ("create", CREATE_COLUMNS, "From creation to Running"),
        ("delete", DELETE_COLUMNS, "From deletion to gone"),
    ):
        lines += [f"## {title}", "", f"| call | {' | '.join(columns)} |"]
        lines.append("| --- |" + " ---: |" * len(columns))
        chosen = [cell for cell in cells if cell.part == part]
        for component, call in sorted({(cell.component, cell.call) for cell in chosen}):
            row = {
                cell.column: _text(cell)
                for cell in chosen
                if (cell.component, cell.call) == (component, call)
            }
            values = [row.get(column, "0") for column in columns]
            if set(values) != {"0"}:
                lines.append(f"| {component} `{call}` | {' | '.join(values)} |")
        lines.append("")
    return "\n".join(lines)


def _text(cell: Cell) -> str:
    actual, expected = _number(cell.actual), _number(cell.expected)
    mark = "" if cell.is_met else " **differs**"
    if cell.real_range is not None:
        least, most = map(_number, cell.real_range)
        return f"{actual} ({expected}; {least} to {most}){mark}"
    return actual if actual == expected else f"{actual} ({expected}){mark}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
