"""Failures are written as they happen, and nothing interrupts how they are rendered.

Invariant: each failure is in `.test-results/failures.txt` before the next test begins, so that a
run that is ended, or that breaks, has lost none.
"""

import gc
import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FOLDER = ".test-results"


class FailureLog:
    """Writes every failure of a session to a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_begun = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write a failure."""
        if report.failed:
            self._write(f"{report.nodeid} ({report.when})", report.longreprtext)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Write a file that cannot be collected."""
        if report.failed:
            self._write(f"{report.nodeid} (collection)", report.longreprtext)

    def _write(self, title: str, text: str) -> None:
        self._path.parent.mkdir(exist_ok=True)
        with self._path.open("a" if self._is_begun else "w", encoding="utf-8") as file:
            file.write(f"{title}\n{text}\n\n")
        self._is_begun = True


def pytest_configure(config: pytest.Config) -> None:
    """Keep the failures of this session.

    Not of a process of several, whose failures its session has too, nor of a session that a test
    of another session began: both would write over that session's file.
    """
    if hasattr(config, "workerinput") or "PYTEST_CURRENT_TEST" in os.environ:
        return
    config.pluginmanager.register(FailureLog(config.rootpath / FOLDER / "failures.txt"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Render what a test came to without collecting garbage meanwhile."""
    with without_collector():
        return (yield)


@contextmanager
def without_collector() -> Iterator[None]:
    """Do not collect garbage.

    Rendering parses source. Until Python 3.12 a finalizer that parses too, such as a warning that
    formats its traceback, makes the outer parse fail with a SystemError ("AST constructor
    recursion depth mismatch"), which ends the session and loses the failure.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
