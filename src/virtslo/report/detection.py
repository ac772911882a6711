"""What repetitions can show, as text and as JSON.

Invariant: a row that says nothing says why; what the numbers suppose is said once below.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from virtslo.base.plain_text import json_text
from virtslo.model.history.detection import Detection, DetectionPlan
from virtslo.report.content import Sheet
from virtslo.report.numbers import NO_DATA, number
from virtslo.report.text.console import drawn, print_sheet

if TYPE_CHECKING:
    from rich.console import Console

SUPPOSED = (
    "runs a side with 80 % power at 5 % error, if runs differ as these do; in brackets for the "
    "ends of the spread's 95 % interval; with n: the smallest difference that n runs a side show; "
    "before compare's correction for several indicators"
)


def render_detection(plans: Sequence[DetectionPlan], form: str) -> str:
    """The plans as `table` or `json`."""
    if form == "json":
        documents = [_document(plan) for plan in plans]
        return json_text(json.dumps(documents, indent=2, ensure_ascii=False)) + "\n"

    sheets = [detection_sheet(plan) for plan in plans]
    if sheets:
        sheets[-1].notes.append(SUPPOSED)
    return drawn(lambda console: _print(console, sheets))


def _print(console: "Console", sheets: Sequence[Sheet]) -> None:
    for sheet in sheets:
        print_sheet(console, sheet)


def detection_sheet(plan: DetectionPlan) -> Sheet:
    """A row for each indicator."""
    sides = sorted({side for row in plan.rows for side in row.smallest})
    wanted = f"runs for {_percent(plan.wanted)}"
    title = f"{plan.lineage}: {plan.runs} run{'' if plan.runs == 1 else 's'}"
    if plan.environment:
        title = f"{title}, {plan.environment}"
    columns = ["Indicator", "spread", wanted, *(f"with {side}" for side in sides)]
    sheet = Sheet(title, columns)
    for row in plan.rows:
        cells = [_percent(row.smallest[side]) if side in row.smallest else "–" for side in sides]
        name = f"{row.key.indicator} {row.key.statistic}"
        spread = NO_DATA if row.spread is None else _percent(row.spread)
        sheet.rows.append([name, spread, _needed(row), *cells])
    reasons = dict.fromkeys((row.key.indicator, row.reason) for row in plan.rows if row.reason)
    sheet.notes = [f"{name}: {reason}" for name, reason in reasons]
    return sheet


def _needed(row: Detection) -> str:
    if not row.smallest:
        return "–"
    low, high = (_count(end) for end in row.needed_range)
    return f"{_count(row.needed)} ({low}–{high})"


def _count(runs: int | None) -> str:
    return "> 1 000" if runs is None else number(runs)


def _percent(share: float) -> str:
    return f"{number(100 * share)} %"


def _document(plan: DetectionPlan) -> dict[str, object]:
    found = asdict(plan)
    for row, given in zip(found["rows"], plan.rows, strict=True):
        row["key"] = given.key._asdict()
    return found
