"""A comparison as text, Markdown, JSON and HTML.

Invariant: every format has every row's verdict and the smallest difference that could have been
shown; nothing is asked of any server.
"""

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Final

from virtslo.model.history.comparison import ComparedIndicator, Comparison, ComparisonVerdict

ORDER: Final = tuple(ComparisonVerdict)
HEAD: Final = ("indicator", "base", "candidate", "ratio (95 %)", "verdict", "could have shown")
STYLE: Final = """
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;
max-width:75rem;padding:0 1rem}div.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8886;vertical-align:top}
td.worse{color:#c62828;font-weight:600}td.better{color:#2e7d32;font-weight:600}
@media(prefers-color-scheme:dark){td.worse{color:#ff8a80}td.better{color:#81c784}}
"""


def render_comparison(comparison: Comparison, form: str) -> str:
    """The comparison as `table`, `markdown`, `json` or `html`."""
    if form == "json":
        return json.dumps(_document(comparison), indent=2, ensure_ascii=False) + "\n"
    if form == "html":
        return _html(comparison)
    if form == "markdown":
        return _markdown(comparison)
    return _text(comparison)


def _summary(comparison: Comparison) -> str:
    counts = [
        f"{sum(row.verdict is verdict for row in comparison.rows)} {verdict.value}"
        for verdict in ORDER
    ]
    return ", ".join(counts)


def _head(comparison: Comparison) -> Iterator[str]:
    base, candidate = len(comparison.base), len(comparison.candidate)
    pairs = ", paired by seed" if comparison.is_paired else ""
    yield f"{base} against {candidate} runs{pairs}: {_summary(comparison)}"
    if base == 1 and candidate == 1:
        yield (
            "One run a side: an exact count that moved by one per object is shown; whether a time "
            "differs from run to run cannot be, however many objects a run has."
        )
    for difference in comparison.differences:
        yield f"The environments differ in {difference}"
    for name, keys in (("base", comparison.only_in_base),
                       ("candidate", comparison.only_in_candidate)):  # fmt: skip
        if keys:
            shown = ", ".join(key.label for key in keys[:5])
            more = f" and {len(keys) - 5} more" if keys[5:] else ""
            yield f"Only in the {name}: {shown}{more}"


def _ordered(comparison: Comparison) -> Sequence[ComparedIndicator]:
    return sorted(
        comparison.rows,
        key=lambda row: (ORDER.index(row.verdict), -abs((row.ratio or 1) - 1), row.key),
    )


def _cells(row: ComparedIndicator) -> tuple[str, ...]:
    ratio = "–" if row.ratio is None else f"{row.ratio:.3f}"
    if row.interval is not None:
        ratio += f" ({row.interval[0]:.3f} to {row.interval[1]:.3f})"
    verdict = row.verdict.value
    if row.runs_needed is not None:
        verdict += f": {row.runs_needed} runs a side would do"
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
    rows = [HEAD, *(_cells(row) for row in _ordered(comparison) if _is_shown(row))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [*_head(comparison), ""]
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
    rows = _ordered(comparison)
    first = [row for row in rows if row.verdict in decided]
    rest = [row for row in rows if row.verdict not in decided and _is_shown(row)]
    lines = [f"**{line}**" if number == 0 else f"{line}\n" for number, line in
             enumerate(_head(comparison))]  # fmt: skip
    lines += ["", *_markdown_table(first)] if first else ["", "No indicator is worse or better."]
    if rest:
        lines += ["", "<details><summary>", f"{len(rest)} other indicators", "</summary>", ""]
        lines += [*_markdown_table(rest), "", "</details>"]
    return "\n".join(lines) + "\n"


def _markdown_table(rows: Sequence[ComparedIndicator]) -> Iterator[str]:
    yield f"| {' | '.join(HEAD)} |"
    yield f"|{' --- |' * len(HEAD)}"
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in _cells(row)) + " |"


def _html(comparison: Comparison) -> str:
    head = "".join(f"<p>{html.escape(line)}</p>" for line in _head(comparison))
    titles = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in HEAD)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{row.verdict.value.split()[0]}">{html.escape(cell)}</td>'
            if number == 4
            else f"<td>{html.escape(cell)}</td>"
            for number, cell in enumerate(_cells(row))
        )
        + "</tr>"
        for row in _ordered(comparison)
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Comparison of runs</title><style>{STYLE}</style></head><body>"
        f'<h1>Comparison of runs</h1>{head}<div class="wide"><table><thead><tr>{titles}</tr>'
        f"</thead><tbody>{body}</tbody></table></div></body></html>\n"
    )


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
            for row in _ordered(comparison)
        ],
        "only_in_base": [key._asdict() for key in comparison.only_in_base],
        "only_in_candidate": [key._asdict() for key in comparison.only_in_candidate],
    }
