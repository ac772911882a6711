"""The page of published experiments is what its tool makes of its figures, and they come back."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "predictions.py"


@pytest.fixture(name="tool")
def _tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("predictions", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "predictions", module)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_tool_writes(tool: ModuleType) -> None:
    found = json.loads(tool.DATA.read_text(encoding="utf-8"))

    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(found)


def test_all_eight_published_figures_stand_in_the_page(tool: ModuleType) -> None:
    found = json.loads(tool.DATA.read_text(encoding="utf-8"))
    every = [row for pair in tool.rows(found).values() for row in pair]

    assert len(every) == 8
    assert sum(row.is_within for row in every) == 5
    assert all(published == ours for published, ours in map(tool.rises, tool.rows(found).values()))


def test_the_figures_of_virt_operator_come_back(tool: ModuleType) -> None:
    found = json.loads(tool.DATA.read_text(encoding="utf-8"))

    for case, figures in tool.operators().items():
        assert figures == pytest.approx(found[case]), case


def test_a_bound_is_no_size(tool: ModuleType) -> None:
    under = tool.Row("x", "under 1 s", 0.2, "s", 1.0, is_bound=True)
    over = tool.Row("x", "under 1 s", 1.1, "s", 1.0, is_bound=True)

    assert (under.judgement, over.judgement) == ("below the bound", "**above the bound**")
    assert tool.Row("x", "1 s", 1.3, "s", 1.0).judgement == "+30%, **outside 25 %**"
