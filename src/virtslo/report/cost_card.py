"""A cost card as text, Markdown, JSON and HTML, and the paragraph for "## Scalability".

Invariant: every format has every line with both sides, difference, interval and verdict; a line
without a difference says what could hide there, the command to run again is whole; nothing is asked
of any server.
"""

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

from virtslo.base.plain_text import harmless, json_text, report_text
from virtslo.model.cost.card import CostCard, CostPart, CostRow, CostSide, CostVerdict
from virtslo.report.html.templates import command_markup, escaped
from virtslo.report.markdown_text import markdown_row, plain

HEAD: Final = ("cost", "base", "candidate", "difference (95 %)", "verdict")
STYLE: Final = """
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;
max-width:75rem;padding:0 1rem}div.wide{overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8886;vertical-align:top}
td.more{color:#c62828;font-weight:600}td.less{color:#2e7d32;font-weight:600}pre{white-space:pre-wrap}
@media(prefers-color-scheme:dark){td.more{color:#ff8a80}td.less{color:#81c784}}
"""


def render_cost_card(card: CostCard, form: str) -> str:
    """The card as `text`, `markdown`, `json` or `html`."""
    if form == "json":
        return json_text(json.dumps(_document(card), indent=2, ensure_ascii=False)) + "\n"
    if form == "html":
        return _html(card)
    return _markdown(card) if form == "markdown" else _text(card)


def _head(card: CostCard) -> Iterator[str]:
    more = sum(row.verdict is CostVerdict.MORE for row in card.rows)
    less = sum(row.verdict is CostVerdict.LESS for row in card.rows)
    if card.findings:
        yield f"{more} of {len(card.rows)} costs are higher, {less} lower"
    elif all(row.verdict is CostVerdict.CANNOT_TELL for row in card.rows):
        yield "cannot tell: one run a side shows how large costs are, not how they differ"
    else:
        yield f"no difference found in {len(card.rows)} costs"
    for name, side in (("base", card.base), ("candidate", card.candidate)):
        runs = f"{len(side.runs)} run{'s' if side.runs[1:] else ''}"
        yield f"{name}: {side.name} ({', '.join(side.versions) or 'version unknown'}; {runs})"
    yield f"load: {card.load}; calls counted by the {card.source}"
    yield from _telemetry(card)


def _telemetry(card: CostCard) -> Iterator[str]:
    for name, side in (("base", card.base), ("candidate", card.candidate)):
        for each in side.telemetry:
            if not each.audited and not each.counted:
                continue
            counted = "not read" if each.counted is None else f"{each.counted}"
            both = f"{each.component}: audit log {each.audited}, its own counters {counted}"
            if each.is_lost:
                missed = sorted(each.missed.items(), key=lambda item: -item[1])[:4]
                words = ", ".join(f"{what} {number}" for what, number in missed)
                yield f"telemetry lost, {name}: {both}; missed: {words}"
            else:
                yield f"calls of both sources, {name}: {both}"


def _cells(row: CostRow) -> tuple[str, ...]:
    return (
        f"{row.key.subject}: {row.key.what}",
        _number(row.base),
        _number(row.candidate),
        _difference(row),
        _verdict(row),
    )


def _number(value: float, sign: str = "-") -> str:
    """A number with two decimals, or two digits where it is below one; never an exponent."""
    if value == 0:
        return "0"
    if abs(value) >= 0.995:
        return f"{value:{sign}.2f}"
    return f"{value:{sign}.{1 - math.floor(math.log10(abs(value)))}f}".rstrip("0")


def _difference(row: CostRow) -> str:
    step = _number(row.difference, "+")
    if row.is_exact:
        return f"{step} exactly" if row.difference else "0 exactly"
    if row.interval is None:
        return f"{step} (no interval)"
    return f"{step} ({_number(row.interval[0], '+')} to {_number(row.interval[1], '+')})"


def _verdict(row: CostRow) -> str:
    if row.verdict is CostVerdict.CANNOT_TELL:
        return "cannot tell: two runs a side are needed"
    if row.verdict is not CostVerdict.NONE:
        return row.verdict.value
    if row.is_exact or not row.hidden:
        return "no difference"
    return f"no difference larger than {_number(row.hidden)} could hide here"


def _sections(card: CostCard) -> Iterator[tuple[str, Sequence[CostRow]]]:
    """Findings first, then every part and unit."""
    if card.findings:
        yield "What differs", card.findings
    for part in CostPart:
        mine = [row for row in card.rows if row.key.part is part]
        for unit in sorted({row.key.unit for row in mine}):
            yield f"{part.value}: {unit}", [row for row in mine if row.key.unit == unit]


def _titled(title: str, row: CostRow) -> tuple[str, ...]:
    cells = _cells(row)
    if title != "What differs":
        return cells
    return (f"{cells[0]}, {row.key.unit} ({row.key.part.value})", *cells[1:])


def _text(card: CostCard) -> str:
    lines = [*_head(card)]
    for title, rows in _sections(card):
        table = [HEAD, *(tuple(map(report_text, _titled(title, row))) for row in rows)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines += ["", title]
        lines += [
            "  "
            + "  ".join(
                cell.ljust(width) for cell, width in zip(line, widths, strict=True)
            ).rstrip()
            for line in table
        ]
    lines += ["", *_objectives(card), *(f"limit: {words}" for words in card.limits)]
    lines += ["", 'For "## Scalability":', "", scalability(card), ""]
    return "\n".join([*map(report_text, lines), f"again: {harmless(card.command)}"]) + "\n"


def _objectives(card: CostCard) -> list[str]:
    return [f"{each.verdict}: {each.text} ({each.reason})" for each in card.objectives]


def _markdown(card: CostCard) -> str:
    head = list(_head(card))
    lines = [f"**{head[0]}**", "", *(f"- {plain(line)}" for line in head[1:])]
    sections = list(_sections(card))
    if card.findings:
        title, rows = sections.pop(0)
        lines += ["", f"### {title}", "", *_markdown_table(title, rows)]
    lines += ["", "<details><summary>every cost</summary>", ""]
    for title, rows in sections:
        lines += [f"#### {title}", "", *_markdown_table(title, rows), ""]
    lines += ["</details>", "", *(f"- {plain(line)}" for line in _objectives(card))]
    lines += [f"- limit: {plain(words)}" for words in card.limits]
    command = harmless(card.command)
    lines += ["", "## Scalability", "", plain(scalability(card)), "", "```sh", command, "```"]
    return "\n".join(lines) + "\n"


def _markdown_table(title: str, rows: Sequence[CostRow]) -> Iterator[str]:
    yield f"| {' | '.join(HEAD)} |"
    yield f"|{' --- |' * len(HEAD)}"
    for row in rows:
        yield markdown_row(_titled(title, row))


def scalability(card: CostCard) -> str:
    """A paragraph for a proposal: what was measured, what was found, what it cannot say."""
    versions = " against ".join(
        f"{side.name} ({', '.join(side.versions) or 'version unknown'})"
        for side in (card.candidate, card.base)
    )
    runs = f"{len(card.base.runs)} and {len(card.candidate.runs)} runs, interleaved"
    counts = [row for row in card.rows if row.key.unit.startswith("calls ")]
    said = [
        f"{row.key.subject} makes {row.difference:+.2f} {row.key.what}, {row.key.unit} "
        f"({row.key.part.value})"
        if row.key.unit.startswith("calls ")
        else f"{row.key.subject} {row.key.what}: {row.difference:+.3g} {row.key.unit}"
        for row in card.findings
    ]
    if said:
        found = "Found: " + "; ".join(said) + ". All other costs: no difference found."
    else:
        found = "No difference was found."
    hidden = [
        row.hidden
        for row in counts
        if row.hidden is not None and row.verdict is CostVerdict.NONE and "hour" not in row.key.unit
    ]
    if hidden:
        largest = _number(max(hidden))
        found += f" In calls per object, nothing larger than {largest} of any one kind could hide."
    limits = " ".join(f"{words[0].upper()}{words[1:]}." for words in card.limits)
    return f"Measured with virtslo: {versions}; {card.load}; {runs}. {found} {limits}".strip()


def _html(card: CostCard) -> str:
    head = "".join(f"<p>{escaped(line)}</p>" for line in _head(card))
    body = ""
    for title, rows in _sections(card):
        titles = "".join(f'<th scope="col">{escaped(text)}</th>' for text in HEAD)
        lines = "".join(_html_row(title, row) for row in rows)
        body += (
            f'<h2>{escaped(title)}</h2><div class="wide"><table><thead><tr>{titles}</tr>'
            f"</thead><tbody>{lines}</tbody></table></div>"
        )
    said = [*_objectives(card), *(f"limit: {words}" for words in card.limits)]
    tail = "".join(f"<p>{escaped(line)}</p>" for line in said)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Cost card</title><style>{STYLE}</style></head><body><h1>Cost card</h1>{head}"
        f"{body}{tail}<h2>Scalability</h2><p>{escaped(scalability(card))}</p>"
        f"<pre>{command_markup(card.command)}</pre></body></html>\n"
    )


def _html_row(title: str, row: CostRow) -> str:
    colour = {CostVerdict.MORE: "more", CostVerdict.LESS: "less"}.get(row.verdict, "")
    cells = [escaped(cell) for cell in _titled(title, row)]
    plain = "".join(f"<td>{cell}</td>" for cell in cells[:-1])
    return f'<tr>{plain}<td class="{colour}">{cells[-1]}</td></tr>'


def _document(card: CostCard) -> dict[str, Any]:
    return {
        "schema": "virtslo.cost/v1",
        "base": _side(card.base),
        "candidate": _side(card.candidate),
        "load": card.load,
        "source": card.source,
        "command": card.command,
        "limits": list(card.limits),
        "scalability": scalability(card),
        "objectives": [
            {"text": each.text, "verdict": each.verdict, "reason": each.reason}
            for each in card.objectives
        ],
        "costs": [
            {
                "part": row.key.part.name.lower(),
                "subject": row.key.subject,
                "what": row.key.what,
                "unit": row.key.unit,
                "base": row.base,
                "candidate": row.candidate,
                "difference": row.difference,
                "interval": None if row.interval is None else list(row.interval),
                "exact": row.is_exact,
                "p": row.p,
                "verdict": row.verdict.value,
                "could_hide": row.hidden,
            }
            for row in card.rows
        ],
    }


def _side(side: CostSide) -> dict[str, Any]:
    return {
        "name": side.name,
        "versions": list(side.versions),
        "runs": list(side.runs),
        "telemetry": [
            {
                "component": each.component,
                "audit_log": each.audited,
                "counters": each.counted,
                "missed": dict(each.missed),
                "lost": each.is_lost,
            }
            for each in side.telemetry
        ],
    }
