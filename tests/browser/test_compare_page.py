"""The page of a comparison, in Chromium, from a file: wide and narrow, light and dark."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.chromium import browser, missing, opened
from virtslo.cli.wiring import comparison_text
from virtslo.model.history.comparison import RunSample
from virtslo.model.history.runs import SeriesKey
from virtslo.regress.comparison import compare

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=missing() or "none"),
    pytest.mark.slow,
    pytest.mark.timeout(180),
]
SHIFTS = {"slower": 1.3, "faster": 0.8, "same": 1.0, "noisy": 1.0, "outlier": 1.0}


def runs(seed: int, *, is_candidate: bool) -> list[RunSample]:
    """Ten runs of a side, an indicator a verdict, and one whose mean a single run moves."""
    chance = np.random.default_rng(seed)
    found = []
    for number in range(10):
        values = {}
        for name, shift in SHIFTS.items():
            spread = 0.4 if name == "noisy" else 0.01
            value = 20 * np.exp(spread * chance.normal()) * (shift if is_candidate else 1)
            far = name == "outlier" and is_candidate and number == 3
            values[SeriesKey("vmi", f"{name}_seconds", "p95")] = float(value * (4 if far else 1))
        found.append(RunSample(f"run-{number}<b>", "burst", "", values, dict.fromkeys(values, "s")))
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compare") / "compare.html"
    found = compare(runs(1, is_candidate=False), runs(2, is_candidate=True))
    path.write_text(comparison_text(found, "html"))
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 400])
def test_every_verdict_is_read_at_every_width_and_in_both_looks(
    chromium: Any, page: Path, width: int, scheme: str
) -> None:
    settings = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    with opened(chromium, page, **settings) as shown:
        text = shown.page.locator("body").inner_text()
        wide = shown.page.evaluate("document.documentElement.scrollWidth")
        colours = shown.page.evaluate(
            "[getComputedStyle(document.body).color, getComputedStyle(document.body)"
            ".backgroundColor]"
        )

        assert wide <= width
        assert colours[0] != colours[1]
        assert shown.complaints == []
        assert all(address.startswith("file:") for address in shown.requests)
    for name in SHIFTS:
        assert f"{name}_seconds" in text
    for words in ("worse", "better", "no difference found", "cannot tell", "more"):
        assert words in text.lower()
    assert "the middle of the runs says" in text
