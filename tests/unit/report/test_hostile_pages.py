"""Comparisons, cost cards, sweeps and histories whose names are hostile: harmless in each form."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from unit.report.test_cost_card import CARD
from virtslo.base.limits import REPORT_WORD
from virtslo.model.history.comparison import ComparedIndicator, Comparison, ComparisonVerdict
from virtslo.model.history.runs import SeriesKey
from virtslo.model.history.site import JobSummary
from virtslo.model.whatif.sweep import (
    Knob,
    PointResult,
    PointStatus,
    SweepOutcome,
    SweepRecord,
)
from virtslo.report.comparison import render_comparison
from virtslo.report.cost_card import render_cost_card
from virtslo.report.history_site.data import script
from virtslo.report.history_site.files import site_front
from virtslo.report.html import comparison_page, sweep_page
from virtslo.report.text import sweep

HOSTILE: Final = f"\x1b[2J\x9b31m\x7f\u202e\n\rvirtslo: valid<i>&#x202e;[a](b){'x' * 10_000}"
HARMFUL: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]")
LIBRARY: Final = re.compile(r"<(script|style)>.*?</\1>", re.DOTALL)

ROW: Final = ComparedIndicator(
    key=SeriesKey(HOSTILE, HOSTILE, "p50"), unit="s", verdict=ComparisonVerdict.WORSE, base=1.0,
    candidate=2.0, base_runs=3, candidate_runs=3, ratio=2.0, interval=(1.5, 2.5), test="t",
    p=0.01, smallest=0.1, note=HOSTILE,
)  # fmt: skip
COMPARISON: Final = Comparison(
    (HOSTILE,), (HOSTILE,), is_paired=False, rows=(ROW,), wanted=0.05, differences=(HOSTILE,)
)
COST: Final = replace(
    CARD, base=replace(CARD.base, name=HOSTILE, versions=(HOSTILE,)), load=HOSTILE,
    limits=(HOSTILE,),
)  # fmt: skip
SWEEP: Final = SweepOutcome(
    SweepRecord("id", HOSTILE, (Knob("count", (1, 2)),), (1,), ()),
    [PointResult(0, {"count": 1}, 1, PointStatus.FAILED, error=HOSTILE, findings=(HOSTILE,))],
    [],
    [],
)
JOB: Final = JobSummary(HOSTILE, 1, 1, datetime(2026, 1, 1, tzinfo=UTC),
                        datetime(2026, 1, 2, tzinfo=UTC), 1, 0, 0, None)  # fmt: skip


def made() -> Iterator[tuple[str, str]]:
    yield "comparison", render_comparison(COMPARISON, "table")
    yield "comparison.md", render_comparison(COMPARISON, "markdown")
    yield "comparison.html", comparison_page.render(COMPARISON)
    yield "cost", render_cost_card(COST, "text")
    yield "cost.md", render_cost_card(COST, "markdown")
    yield "cost.html", render_cost_card(COST, "html")
    yield "sweep", sweep.render(SWEEP)
    yield "sweep.html", sweep_page.render(SWEEP)
    yield "front.html", site_front([JOB])["index.html"]
    yield "data.js", script("data", {HOSTILE[:20]: [HOSTILE, 1.5, None]})


@pytest.mark.parametrize(("name", "text"), list(made()), ids=[name for name, _ in made()])
def test_what_is_made_for_people_is_harmless_and_cut(name: str, text: str) -> None:
    text = LIBRARY.sub("", text)

    assert HARMFUL.search(text) is None
    assert "virtslo: valid" in text
    assert "\nvirtslo: valid" not in text
    assert "x" * REPORT_WORD.most not in text
    assert ("<i>" in text) == (name in {"comparison", "cost", "sweep", "data.js"})
    if name.endswith(".md"):
        assert "](b)" not in text
        assert "&#x202e;" not in text.replace("&amp;", "&amp")


@pytest.mark.parametrize(
    "text", [render_comparison(COMPARISON, "json"), render_cost_card(COST, "json")]
)
def test_json_is_harmless_to_print_and_loses_nothing(text: str) -> None:
    assert HARMFUL.search(text) is None
    assert HOSTILE in set(_texts(json.loads(text)))


def _texts(document: object) -> Iterator[str]:
    if isinstance(document, dict):
        for value in document.values():
            yield from _texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from _texts(value)
    elif isinstance(document, str):
        yield document
