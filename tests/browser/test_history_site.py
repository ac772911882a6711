"""The site of a history as a person meets it: in Chromium, from files."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from support.chromium import browser, missing, opened
from support.sites import make_site

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=missing() or "none"),
    pytest.mark.slow,
    pytest.mark.timeout(180),
]
CHART = files("virtslo.report.history_site").joinpath("chart.js").read_text(encoding="utf-8")
METRIC = "#/metric/vmi%20avgVirtControllerCPUUsage"


@pytest.fixture(scope="module")
def site(imported_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_site(imported_sample, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def chromium(site: Path) -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture
def job(site: Path) -> Path:
    (path,) = site.glob("*/index.html")
    return path


def go(shown: Any, route: str) -> None:
    shown.page.evaluate("route => { window.location.hash = route; }", route)


def test_the_front_leads_to_the_job_and_asks_only_for_files(chromium: Any, site: Path) -> None:
    with opened(chromium, site / "index.html") as shown:
        shown.page.locator(".jobs th a").click()
        shown.page.get_by_role("heading", name="Newest findings").wait_for()

        assert shown.complaints == []
        assert all(address.startswith("file:") for address in shown.requests)


def test_a_search_leaves_the_metrics_that_match_and_can_be_shared(chromium: Any, job: Path) -> None:
    with opened(chromium, job) as shown:
        shown.page.get_by_label("Search metrics").fill("leases vmi")
        names = shown.page.locator("th a[href^='#/metric']").all_inner_texts()
        address = shown.page.evaluate("window.location.hash")
        shown.page.reload()
        shown.page.locator("th a[href^='#/metric']").first.wait_for()

        assert names == ["vmi GET-leases-count", "vmi UPDATE-leases-count"]
        assert address == "#/?q=leases%20vmi"
        assert shown.page.locator("th a[href^='#/metric']").all_inner_texts() == names


def test_a_metric_is_drawn_with_its_changes_and_leads_to_its_findings(
    chromium: Any, job: Path
) -> None:
    with opened(chromium, job) as shown:
        go(shown, METRIC)
        shown.page.locator("#chart svg").wait_for()
        points = int(shown.page.locator("#chart .points").get_attribute("data-points"))
        marks = shown.page.locator("#chart text.mark").all_text_contents()
        shown.page.locator("a[href^='#/finding/']").first.click()
        shown.page.get_by_text("series changed").wait_for()

        assert points > 1000
        assert {"v1.2.0", "v1.3.0", "<b>not markup</b>", "provider 1.29"} <= set(marks)
        assert shown.page.locator("main b").count() == 0
        assert shown.complaints == []


def test_a_click_leads_to_a_run_and_dragging_to_a_time_that_can_be_shared(
    chromium: Any, job: Path
) -> None:
    with opened(chromium, job) as shown:
        go(shown, METRIC)
        chart = shown.page.locator("#chart svg")
        chart.wait_for()
        before = int(shown.page.locator("#chart .points").get_attribute("data-points"))
        box = chart.bounding_box()
        middle = box["y"] + box["height"] / 2
        shown.page.mouse.move(box["x"] + 500, middle)
        shown.page.mouse.down()
        shown.page.mouse.move(box["x"] + 800, middle)
        shown.page.mouse.up()
        shown.page.wait_for_function("window.location.hash.includes('from=')")
        shown.page.reload()
        chart.wait_for()
        after = int(shown.page.locator("#chart .points").get_attribute("data-points"))
        found = shown.page.locator("#chart .points").get_attribute("d")
        x, y = (float(part) for part in found[1:].split("h")[0].split(" "))
        box = chart.bounding_box()
        shown.page.mouse.move(box["x"] + x, box["y"] + y)
        words = shown.page.locator("#chart .words").inner_text()
        shown.page.mouse.click(box["x"] + x, box["y"] + y)
        shown.page.get_by_text("Every figure").wait_for()

        assert 0 < after < before / 2
        assert "cores" in words
        assert words.split()[-1] in shown.page.evaluate("window.location.hash")
        assert shown.complaints == []


@pytest.mark.parametrize("width", [1400, 400])
def test_labels_of_marks_never_lie_on_one_another(chromium: Any, job: Path, width: int) -> None:
    with opened(chromium, job, viewport={"width": width, "height": 900}) as shown:
        for route in (METRIC, f"{METRIC}?from=2024-03-01&to=2024-04-15"):
            go(shown, route)
            shown.page.reload()
            shown.page.locator("#chart svg").wait_for()
            boxes = shown.page.locator("#chart text.mark").evaluate_all(
                "all => all.map(e => { const b = e.getBoundingClientRect();"
                " return [b.left, b.right, b.top, b.bottom]; })"
            )

            assert len(boxes) >= 2
            for number, (left, right, top, bottom) in enumerate(boxes):
                assert right <= width
                for other in boxes[number + 1 :]:
                    is_beside = other[1] <= left or right <= other[0]
                    assert is_beside or other[3] <= top + 2 or bottom <= other[2] + 2


def test_a_run_has_every_figure_and_a_run_that_is_not_there_says_so(
    chromium: Any, job: Path
) -> None:
    with opened(chromium, job) as shown:
        go(shown, "#/run/1831960704752553984")
        shown.page.get_by_text("Every figure").wait_for()
        rows = shown.page.locator("tbody tr").count()
        go(shown, "#/run/1")
        shown.page.get_by_role("heading", name="Nothing is at this address").wait_for()

        assert rows > 20
        assert shown.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 400])
def test_no_view_is_wider_than_the_screen(
    chromium: Any, job: Path, width: int, scheme: str
) -> None:
    settings = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    with opened(chromium, job, **settings) as shown:
        go(shown, "#/findings")
        finding = shown.page.locator("a[href^='#/finding/']").first.get_attribute("href")
        routes = ("#/", METRIC, "#/findings", finding, "#/releases", "#/release/v1.3.0", "#/runs")
        for route in routes:
            go(shown, route)
            shown.page.locator("main table").first.wait_for()

            assert shown.page.evaluate("document.documentElement.scrollWidth") <= width, route
        assert shown.page.evaluate("document.documentElement.dataset.look") == scheme


@pytest.mark.parametrize("values", [[0.3, 0.1 + 0.2], [12.5, 12.500000000000002], [5, 5], [0, 100]])
def test_values_that_differ_by_rounding_have_a_few_ticks(
    chromium: Any, job: Path, values: list[float]
) -> None:
    """A step that is lost above 2^53 would never pass the highest value."""
    functions = re.findall(
        r"^  const (?:valueTicks|limits) = .*?^  };", CHART, re.DOTALL | re.MULTILINE
    )
    ticks = """values => {
      const points = values.map((y, x) => ({ x, y, low: null, high: null }));
      return valueTicks(...limits({ points, levels: [] }, 0, 10), 6);
    }"""
    with opened(chromium, job) as shown:
        source = f"values => {{ {' '.join(functions)} return ({ticks})(values); }}"
        found = shown.page.evaluate(source, values)

    assert len(functions) == 2
    assert 2 <= len(found) <= 7
