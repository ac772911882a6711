"""The site of a history as a person meets it: in Chromium, from files."""

from collections.abc import Iterator
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
        shown.page.locator(".jobs a").click()
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
        shown.page.locator("#chart .main-svg").first.wait_for(timeout=30_000)
        chart = "document.getElementById('chart')"
        points = shown.page.evaluate(f"{chart}.data[0].x.length")
        marks = shown.page.evaluate(f"{chart}.layout.annotations.map(a => a.text)")
        shown.page.locator("a[href^='#/finding/']").first.click()
        shown.page.get_by_text("series changed").wait_for()

        assert points > 1000
        assert {"v1.2.0", "v1.3.0", " b not markup /b "} <= set(marks)
        assert shown.page.locator("main b").count() == 0
        assert shown.complaints == []


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
