"""The HTML page as a person meets it: in Chromium, from a file, by mouse, keyboard and print."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.chromium import browser, missing, opened
from support.cli import only_run, virtslo

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=missing() or "none"),
    pytest.mark.slow,
]
TEXT_COLOURS = ("ink", "muted", "link", "good", "bad", "warn")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("runs")
    done = virtslo(
        "run", "burst", "--repeat", "1", "--count", "120", "--runs", str(runs), "--quiet"
    )
    assert done.code == 0, done.err
    return only_run(runs)


@pytest.fixture(scope="module")
def page_file(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("html") / "report.html"
    assert virtslo("report", str(run), "--format", "html", "-o", str(path)).code == 0
    return path


@pytest.fixture(scope="module")
def repeated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of three runs."""
    folder = tmp_path_factory.mktemp("repeated")
    done = virtslo(
        *("run", "burst", "--repeat", "3", "--count", "20", "--runs", str(folder / "runs")),
        *("--quiet", "--format", "html", "-o", str(folder / "report.html")),
    )
    assert done.code == 0, done.err
    return folder / "report.html"


@pytest.fixture(scope="module")
def chromium(page_file: Path, repeated_file: Path) -> Iterator[Any]:
    """A browser. It has an event loop of its own, so every run is done before it starts."""
    with browser() as found:
        yield found


def test_it_opens_without_a_complaint_and_asks_nobody(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file) as shown:
        shown.draw_all()
        shown.page.wait_for_timeout(200)

        assert shown.complaints == []
        assert shown.requests == [page_file.as_uri()]


def test_every_plot_is_drawn(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file) as shown:
        shown.draw_all()
        drawn = shown.page.locator(".plot .main-svg").count()
        plots = shown.page.locator(".plot").count()

        assert plots >= 7
        assert drawn >= plots
        assert shown.page.locator(".plot .trace, .plot .scatterlayer path").count() > plots


def test_a_plot_is_drawn_when_it_is_scrolled_to(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file) as shown:
        last = shown.page.locator(".plot").last
        assert last.locator(".main-svg").count() == 0

        last.scroll_into_view_if_needed()

        last.locator(".main-svg").first.wait_for(timeout=20_000)


def test_the_headline_and_the_tables_come_first(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file) as shown:
        order = shown.page.eval_on_selector_all("section", "all => all.map(s => s.id)")
        captions = shown.page.eval_on_selector_all(
            "#tables caption", "all => all.map(c => c.textContent)"
        )

        assert order[:5] == ["headline", "tables", "verdicts", "quality", "environment"]
        assert order[5].startswith("plots-")
        assert len(captions) == 10, "three of what was run, seven folded"
        assert all("simulated" in caption for caption in captions)


@pytest.mark.parametrize("look", ["light", "dark"])
def test_the_first_screen_is_the_answer_and_a_picture(
    chromium: Any, page_file: Path, look: str
) -> None:
    size = {"width": 1400, "height": 900}
    with opened(chromium, page_file, viewport=size, color_scheme=look) as shown:
        picture = shown.page.locator("header .plot")
        picture.locator(".main-svg").first.wait_for(timeout=20_000)
        box = picture.bounding_box()

        assert shown.page.locator("header .verdict").inner_text().startswith("valid")
        assert shown.page.locator("header .facts div").count() >= 3
        assert box is not None
        assert box["y"] + box["height"] <= 900
        assert shown.page.evaluate(
            "(n => n.scrollWidth <= n.clientWidth)(document.querySelector('nav'))"
        )


def test_a_page_is_not_longer_than_a_reader_scrolls(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file, viewport={"width": 1400, "height": 900}) as shown:
        assert shown.page.evaluate("document.documentElement.scrollHeight") < 8_500


def test_a_table_that_is_too_wide_says_that_it_scrolls(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file, viewport={"width": 400, "height": 800}) as shown:
        wide = shown.page.locator(".scroll.wide").first

        cue = wide.evaluate("item => getComputedStyle(item, '::before').content")
        assert "scroll sideways" in cue


def test_a_plot_is_moved_by_the_keyboard(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file) as shown:
        shown.draw_all()
        plot = shown.page.locator(".plot").first
        ranges = [x_range(shown.page)]
        plot.focus()
        for key in ("+", "ArrowRight", "0"):
            shown.page.keyboard.press(key)
            shown.page.wait_for_function(f"() => {X_RANGE} !== '{ranges[-1]}'")
            ranges.append(x_range(shown.page))
        before, zoomed, moved, back = [
            [float(edge) for edge in shown_range.split(",")] for shown_range in ranges
        ]

        assert before[0] < zoomed[0] < zoomed[1] < before[1]
        assert moved[0] > zoomed[0]
        assert back == pytest.approx(before)


def test_the_first_stop_of_the_keyboard_skips_to_the_report(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file) as shown:
        shown.page.keyboard.press("Tab")

        assert shown.page.evaluate("document.activeElement.className") == "skip"


def test_an_axis_becomes_logarithmic_and_even_again(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file) as shown:
        shown.draw_all()
        button = shown.page.locator("#log-0-ecdf")
        kind = "document.getElementById('plot-0-ecdf')._fullLayout.xaxis.type"

        button.click()
        assert shown.page.evaluate(kind) == "log"
        assert button.get_attribute("aria-pressed") == "true"
        button.click()
        assert shown.page.evaluate(kind) == "linear"


@pytest.mark.parametrize("look", ["light", "dark"])
def test_text_stands_out_in_either_look(chromium: Any, page_file: Path, look: str) -> None:
    with opened(chromium, page_file, color_scheme=look) as shown:
        assert shown.page.evaluate("document.documentElement.dataset.look") == look
        paper = colour(shown.page, "paper")
        panel = colour(shown.page, "panel")
        for name in TEXT_COLOURS:
            assert contrast(colour(shown.page, name), paper) >= 4.5, name
        assert contrast(colour(shown.page, "muted"), panel) >= 4.5
        for name in ("good", "bad", "warn"):
            assert contrast(colour(shown.page, name), colour(shown.page, f"{name}-paper")) >= 4.5


def test_the_button_changes_the_look(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file, color_scheme="light") as shown:
        looks = []
        for _ in range(3):
            shown.page.click("#look")
            looks.append(shown.page.evaluate("document.documentElement.dataset.look"))

        assert looks == ["light", "dark", "light"]


def test_a_narrow_screen_does_not_scroll_sideways(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file, viewport={"width": 360, "height": 700}) as shown:
        shown.draw_all()

        assert shown.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_print_is_light_and_leaves_out_what_only_a_screen_needs(
    chromium: Any, page_file: Path
) -> None:
    with opened(chromium, page_file, color_scheme="dark") as shown:
        shown.page.emulate_media(media="print")
        shown.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")

        assert shown.page.evaluate("document.documentElement.dataset.look") == "light"
        assert not shown.page.locator("nav").is_visible()
        shown.draw_all()
        widths = "[...document.querySelectorAll('.main-svg')].map(e => e.clientWidth)"
        assert 500 < max(shown.page.evaluate(widths)) <= 688, "182 mm, what A4 has within margins"
        shown.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        shown.page.emulate_media(media="screen")
        shown.draw_all()
        assert max(shown.page.evaluate(widths)) > 900
        assert shown.page.pdf(format="A4")[:5] == b"%PDF-"


def test_several_runs_are_named_by_what_was_run(repeated_file: Path, chromium: Any) -> None:
    with opened(chromium, repeated_file) as shown:
        assert shown.page.locator("h1").inner_text().replace("\u00a0", " ") == (
            "Burst of 20 VMIs, 3 runs"
        )
        assert shown.page.locator("#environment h3").all_inner_texts() == [
            "Environment of every run"
        ]
        assert shown.page.locator("#environment tbody tr").count() == 3


def test_print_leaves_out_what_is_folded(repeated_file: Path, chromium: Any) -> None:
    with opened(chromium, repeated_file) as shown:
        assert shown.page.locator("#plots-1 h2").is_visible()
        shown.page.emulate_media(media="print")

        assert shown.page.locator("#plots-0 h2").is_visible()
        assert not shown.page.locator("#plots-1 h2").is_visible()
        assert not shown.page.locator("#definitions h2").is_visible()


def test_markup_tells_what_is_what(chromium: Any, page_file: Path) -> None:
    with opened(chromium, page_file) as shown:
        page = shown.page
        count = page.evaluate
        assert count("document.documentElement.lang") == "en"
        assert count("document.querySelectorAll('h1').length") == 1
        assert count("document.querySelectorAll('table:not(:has(caption))').length") == 0
        assert count("document.querySelectorAll('th:not([scope])').length") == 0
        assert count("document.querySelectorAll('figure:not(:has(figcaption))').length") == 0
        unnamed = "document.querySelectorAll('[role=img]:not([aria-labelledby])').length"
        assert count(unnamed) == 0
        assert count(
            "new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size"
        ) == count("document.querySelectorAll('[id]').length")


def test_pages_of_a_folder_share_one_library(chromium: Any, run: Path, tmp_path: Path) -> None:
    for name in ("one.html", "two.html"):
        done = virtslo(
            "report", str(run), "--format", "html", "--assets", "shared", "-o", str(tmp_path / name)
        )
        assert done.code == 0, done.err

    assert len(list(tmp_path.iterdir())) == 3
    assert (tmp_path / "one.html").stat().st_size < 1_000_000
    with opened(chromium, tmp_path / "two.html") as shown:
        shown.draw_all()
        assert shown.complaints == []
        assert shown.page.locator(".plot .main-svg").count() > 0
        assert all(url.startswith(tmp_path.as_uri()) for url in shown.requests)


X_RANGE = "document.querySelector('.plot')._fullLayout.xaxis.range.map(Number).join()"


def x_range(page: Any) -> str:
    """The first plot's range of x, as it is drawn now."""
    return str(page.evaluate(X_RANGE))


def colour(page: Any, name: str) -> tuple[int, int, int]:
    """A colour of the page's own, as it is now."""
    text = page.evaluate(
        f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()"
    )
    assert text.startswith("#")
    assert len(text) == 7
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """The contrast ratio of two colours, as WCAG 2 defines it."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: tuple[int, int, int]) -> float:
    parts = [
        value / 255 / 12.92 if value / 255 <= 0.04045 else ((value / 255 + 0.055) / 1.055) ** 2.4
        for value in colour
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
