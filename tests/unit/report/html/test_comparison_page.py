"""A comparison's page: every row with its verdict, ratios on one scale, nothing unescaped."""

import re

import pytest

from virtslo.model.history.comparison import ComparedIndicator, Comparison, ComparisonVerdict
from virtslo.model.history.runs import SeriesKey
from virtslo.report.html.comparison_page import render

WORSE, OPEN, SAME = (
    ComparisonVerdict.WORSE, ComparisonVerdict.CANNOT_TELL, ComparisonVerdict.NO_DIFFERENCE,
)  # fmt: skip
BARS = re.compile(r'class="range" x1="([\d.]+)" x2="([\d.]+)" y1="6"')


def row(
    name: str, verdict: ComparisonVerdict, ratio: float, interval: tuple[float, float] | None
) -> ComparedIndicator:
    return ComparedIndicator(
        key=SeriesKey("vmi", name, "p95"), unit="s", verdict=verdict, base=10.0,
        candidate=10 * ratio, base_runs=3, candidate_runs=3, ratio=ratio, interval=interval,
        test="pairs by seed", p=0.01, smallest=0.04,
    )  # fmt: skip


def page(*rows: ComparedIndicator) -> str:
    return render(Comparison(("a1", "a2"), ("<b>",), is_paired=True, rows=rows, wanted=0.05))


def test_rows_stand_under_their_verdicts_and_the_worst_one_decides_the_banner() -> None:
    text = page(row("slow", WORSE, 1.5, (1.4, 1.6)), row("open", OPEN, 1.0, (0.5, 2.0)))

    worse, open_ = text.index('<section id="worse"'), text.index('<section id="cannot-tell"')
    assert worse < text.index(">vmi slow p95<") < open_ < text.index(">vmi open p95<")
    assert 'class="verdict bad"' in text
    assert 'class="verdict warn"' in page(row("open", OPEN, 1.0, None))
    assert 'class="verdict good"' in page(row("same", SAME, 1.0, None))


def test_bars_share_one_logarithmic_scale_around_1() -> None:
    text = page(row("slow", WORSE, 1.41421, (1.0, 2.0)), row("quick", SAME, 0.8, (0.5, 1.0)))

    assert BARS.findall(text) == [("50.0", "100.0"), ("0.0", "50.0")]
    assert 'x1="75.0" x2="75.0"' in text
    assert "from 0.50 to 2.00" in text


@pytest.mark.parametrize(("interval", "ends"), [((0.01, 3.0), ("0.0", "89.62")),
                                                ((0.0, 9.0), ("0.0", "100.0"))])  # fmt: skip
def test_what_lies_beyond_the_scale_ends_at_its_edge(
    interval: tuple[float, float], ends: tuple[str, str]
) -> None:
    assert BARS.findall(page(row("wild", OPEN, 1.0, interval))) == [ends]


def test_a_row_without_an_interval_has_no_bar_and_ids_are_escaped() -> None:
    text = page(row("count", WORSE, 2.0, None))

    assert BARS.findall(text) == []
    assert "Bars are ratios" not in text
    assert "&lt;b&gt;" in text
    assert "<b>" not in text
