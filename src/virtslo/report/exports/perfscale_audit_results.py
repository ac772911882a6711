"""An audit's result: as perfscale-audit's results file, and as text.

Invariant: the file has that tool's keys and no key without data; the text says what is not known.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from virtslo.base.plain_text import report_text
from virtslo.model.report.perfscale_audit import (
    PerfscaleAuditResult,
    PerfscaleAuditValue,
    ThresholdVerdict,
)
from virtslo.model.report.verdicts import Outcome
from virtslo.report.numbers import number


def results_text(result: PerfscaleAuditResult) -> str:
    """The results file."""
    verdicts = {item.threshold.key: item for item in result.verdicts}
    values = {
        value.key: _value(value, verdicts.get(value.key))
        for value in result.values
        if value.value is not None
    }
    return json.dumps({"Values": dict(sorted(values.items()))}, indent=4) + "\n"


def _value(value: PerfscaleAuditValue, verdict: ThresholdVerdict | None) -> dict[str, Any]:
    found: dict[str, Any] = {"value": value.value}
    if verdict is not None and verdict.bound is not None:
        result: dict[str, Any] = {"thresholdValue": verdict.bound}
        if verdict.threshold.metric is not None:
            result["thresholdMetric"] = verdict.threshold.metric
            result["thresholdRatio"] = verdict.threshold.ratio
        # What could not be judged is not known to be within its bound: never a pass.
        result["thresholdExceeded"] = verdict.verdict is not Outcome.MET
        found["thresholdResult"] = result
    return found


def perfscale_audit_text(result: PerfscaleAuditResult) -> str:
    """The result for people, a line a value."""
    return "\n".join(map(report_text, _lines(result))) + "\n"


def _lines(result: PerfscaleAuditResult) -> Iterator[str]:
    yield f"Audit of {result.place}"
    yield f"  from {_date(result.start)} to {_date(result.end)} ({result.end - result.start:g} s)"
    width = max((len(report_text(value.key)) for value in result.values), default=0)
    zeros = []
    for value in result.values:
        if value.value == 0 and not value.detail:
            zeros.append(value.key)
            continue
        yield f"  {value.key:<{width}}  {_shown(value)}"
    if zeros:
        yield f"  measured 0: {', '.join(zeros)}"
    if result.verdicts:
        yield ""
        yield "Thresholds"
    for verdict in result.verdicts:
        yield f"  {verdict.verdict.value:<12} {verdict.threshold.key}: {verdict.detail}"
    for note in result.notes:
        yield f"note: {note}"


def _shown(value: PerfscaleAuditValue) -> str:
    if value.value is None:
        return f"no data: {value.reason}"
    text = f"{number(value.value)} {value.unit}"
    if value.surely is not None and value.surely != value.value:
        text += f" (surely {number(value.surely)})"
    return f"{text}; {value.detail}" if value.detail else text


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
