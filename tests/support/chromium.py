"""A page in headless Chromium, and everything it asked for or complained about."""

import importlib.util
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

PATIENCE_MS = 150_000
"""How long a page is waited for: a test's own limit ends it, not a busy machine."""


def chromium_path() -> str | None:
    """Chromium's executable: `CHROMIUM`, or the first one on the path."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


def missing() -> str:
    """Why no page can be opened here; empty where one can."""
    if importlib.util.find_spec("playwright") is None:
        return "playwright is not installed (requirements/browser.lock)"
    return "" if chromium_path() else "no Chromium on the path"


@dataclass(slots=True)
class Opened:
    """A page that was opened, and what it did."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def draw_all(self) -> None:
        """Have every plot drawn, and wait for it."""
        self.page.evaluate("Promise.all(window.virtslo.charts.map((c) => window.virtslo.draw(c)))")


@contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        opened = player.chromium.launch(executable_path=chromium_path(), args=list(ARGUMENTS))
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def opened(chromium: Any, path: Path, **settings: Any) -> Iterator[Opened]:
    """A file as a page: `color_scheme`, `viewport` as Playwright has them."""
    context = chromium.new_context(**settings)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    result = Opened(page)
    page.on("console", lambda message: result.complaints.append(message.text))
    page.on("pageerror", lambda error: result.complaints.append(str(error)))
    page.on("request", lambda request: result.requests.append(request.url))
    page.goto(path.as_uri())
    try:
        yield result
    finally:
        context.close()
