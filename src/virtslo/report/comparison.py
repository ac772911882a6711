"""A comparison as text, Markdown and JSON, and the cells that its page shares with them.

Invariant: every format has every row's verdict and the smallest difference that could have been
shown; nothing is asked of any server.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Final

from virtslo.base.plain_text import json_text, report_text
from virtslo.model.history.comparison import ComparedIndicator, Comparison, ComparisonVerdict
from virtslo.report.markdown_text import markdown_row, plain

ORDER: Final = tuple(ComparisonVerdict)
HEAD: Final = ("indicator", "base", "candidate", "ratio (95 %)", "verdict", "could have shown")


def render_comparison(comparison: Comparison, form: str) -> str:
    """The comparison as `table`, `markdown` or `json`; its page is in `report.html`."""
    if form == "json":
        document = json.dumps(_document(comparison), indent=2, ensure_ascii=False)
        return json_text(document) + "\n"
    if form == "markdown":
        return _markdown(comparison)
    return _text(comparison)


def _summary(comparison: Comparison) -> str:
    counts = [
        f"{sum(row.verdict is verdict for row in comparison.rows)} {verdict.value}"
        for verdict in ORDER
    ]
    return ", ".join(counts)


def head_lines(comparison: Comparison) -> Iterator[str]:
    """What was compared and what it came to; the first line is the sum."""
    base, candidate = len(comparison.base), len(comparison.candidate)
    pairs = ", paired by seed" if comparison.is_paired else ""
    runs = "run" if candidate == 1 else "runs"
    yield f"{base} against {candidate} {runs}{pairs}: {_summary(comparison)}"
    yield f"A difference matters from {100 * comparison.wanted:g}% on (--smallest)."
    if base == 1 and candidate == 1:
        yield (
            "One run a side: an exact count that moved by one per object is shown; whether a time "
            "differs from run to run cannot be, however many objects a run has."
        )
    for difference in comparison.differences:
        yield f"The sides differ in {difference}"
    for name, keys in (("base", comparison.only_in_base),
                       ("candidate", comparison.only_in_candidate)):  # fmt: skip
        if keys:
            shown = ", ".join(key.label for key in keys[:5])
            more = f" and {len(keys) - 5} more" if keys[5:] else ""
            yield f"Only in the {name}: {shown}{more}"


def ordered(comparison: Comparison) -> Sequence[ComparedIndicator]:
    """The rows: decided ones first, the largest ratios first."""
    return sorted(
        comparison.rows,
        key=lambda row: (ORDER.index(row.verdict), -abs((row.ratio or 1) - 1), row.key),
    )


def cells(row: ComparedIndicator) -> tuple[str, ...]:
    """A row as text, in the order of `HEAD`."""
    ratio = "–" if row.ratio is None else f"{row.ratio:.3f}"
    if row.interval is not None:
        ratio += f" ({row.interval[0]:.3f} to {row.interval[1]:.3f})"
    verdict = row.verdict.value
    if row.runs_needed is not None:
        more = row.runs_needed - min(row.base_runs, row.candidate_runs)
        words = "would do" if row.p is not None else "at the least"
        verdict += f": {row.runs_needed} runs a side {words}, {more} more"
    if row.note:
        verdict += f" ({row.note})"
    return (
        row.key.label,
        f"{row.base:.5g} {row.unit}",
        f"{row.candidate:.5g} {row.unit}",
        ratio,
        verdict,
        _smallest(row),
    )


def _smallest(row: ComparedIndicator) -> str:
    if row.smallest is None:
        return "nothing with so few runs" if row.runs_needed is not None else "–"
    if row.smallest_unit:
        return f"{row.smallest:.2g} {row.smallest_unit}"
    return "any difference" if row.smallest == 0 else f"{row.smallest:.1%}"


def _text(comparison: Comparison) -> str:
    shown = (row for row in ordered(comparison) if _is_shown(row))
    rows = [HEAD, *(tuple(map(report_text, cells(row))) for row in shown)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [*map(report_text, head_lines(comparison)), ""]
    lines += [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    hidden = sum(not _is_shown(row) for row in comparison.rows)
    if hidden:
        lines += ["", f"{hidden} indicators equal on both sides are not shown; JSON has them all."]
    return "\n".join(lines) + "\n"


def _is_shown(row: ComparedIndicator) -> bool:
    return row.base != row.candidate or row.verdict is not ComparisonVerdict.NO_DIFFERENCE


def _markdown(comparison: Comparison) -> str:
    """Made to be pasted into a pull request: what changed first, the rest folded away."""
    decided = (ComparisonVerdict.WORSE, ComparisonVerdict.BETTER)
    rows = ordered(comparison)
    first = [row for row in rows if row.verdict in decided]
    rest = [row for row in rows if row.verdict not in decided and _is_shown(row)]
    lines = [f"**{line}**" if number == 0 else f"{plain(line)}\n" for number, line in
             enumerate(head_lines(comparison))]  # fmt: skip
    lines += ["", *_markdown_table(first)] if first else ["", "No indicator is worse or better."]
    if rest:
        lines += ["", "<details><summary>", f"{len(rest)} other indicators", "</summary>", ""]
        lines += [*_markdown_table(rest), "", "</details>"]
    return "\n".join(lines) + "\n"


def _markdown_table(rows: Sequence[ComparedIndicator]) -> Iterator[str]:
    yield f"| {' | '.join(HEAD)} |"
    yield f"|{' --- |' * len(HEAD)}"
    for row in rows:
        yield markdown_row(cells(row))


def _document(comparison: Comparison) -> dict[str, object]:
    return {
        "schema": "virtslo.comparison/v1",
        "base": list(comparison.base),
        "candidate": list(comparison.candidate),
        "paired": comparison.is_paired,
        "wanted": comparison.wanted,
        "differences": list(comparison.differences),
        "worse": comparison.is_worse,
        "indicators": [
            {**asdict(row), "key": row.key._asdict(), "verdict": row.verdict.value}
            for row in ordered(comparison)
        ],
        "only_in_base": [key._asdict() for key in comparison.only_in_base],
        "only_in_candidate": [key._asdict() for key in comparison.only_in_candidate],
    }
