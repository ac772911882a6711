"""The runner's own parts: failures are kept as they happen, and rendered whatever is garbage."""

import ast
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.failures import FailureLog, without_collector

SOURCE = "x = [" + ",".join(["(a + b) * c"] * 3000) + "]\n"
"""Enough to parse for the garbage collector to be due meanwhile."""


class Garbage:
    """A cycle whose finalizer parses, deep in calls, as a warning's traceback does."""

    def __init__(self) -> None:
        self.cycle = self

    def __del__(self) -> None:
        self._parse(50)

    def _parse(self, depth: int) -> None:
        if depth:
            self._parse(depth - 1)
        else:
            ast.parse("a = (1 + 2) * 3")


@pytest.fixture
def _often_collecting() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(200, 1, 1)
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("_often_collecting")
def test_garbage_does_not_break_what_is_parsed_while_a_failure_is_rendered() -> None:
    Garbage()

    with without_collector():
        parsed = ast.parse(SOURCE)
        assert not gc.isenabled()

    assert len(parsed.body) == 1
    assert gc.isenabled()


def report(name: str, outcome: str, text: str = "") -> pytest.TestReport:
    return pytest.TestReport(
        nodeid=name,
        location=("test_x.py", 0, name),
        keywords={},
        outcome=outcome,  # type: ignore[arg-type]
        longrepr=text,
        when="call",
    )


def test_a_failure_is_in_the_file_before_the_next_test(tmp_path: Path) -> None:
    path = tmp_path / "results" / "failures.txt"
    path.parent.mkdir()
    path.write_text("of the session before\n")
    log = FailureLog(path)

    log.pytest_runtest_logreport(report("test_a", "passed"))
    log.pytest_runtest_logreport(report("test_b", "failed", "assert 1 == 2"))

    assert path.read_text() == "test_b (call)\nassert 1 == 2\n\n"

    log.pytest_runtest_logreport(report("test_c", "failed", "assert 3 == 4"))

    assert path.read_text().endswith("test_c (call)\nassert 3 == 4\n\n")
