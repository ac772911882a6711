"""The detector's scores stay above what the documentation promises."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from support.sample_history import copied

TOOL = Path(__file__).parents[3] / "tools" / "history_scores.py"
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("history_scores", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_strong_labels_are_found_with_few_false_alarms(
    tool: ModuleType, imported_sample: Path, tmp_path: Path
) -> None:
    lineage = tool.lineage_in(copied(imported_sample, tmp_path))

    score = tool.score("virtslo", None, lineage, tool.labels_of(tool.DATA, lineage))

    assert score.labels == 45
    assert score.found / score.labels >= 0.95
    assert score.rate <= 0.1
