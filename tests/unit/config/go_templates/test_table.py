"""Our engine against Go's own judgement of some thousand expressions (tools/judge_templates.py)."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from virtslo.config.go_templates.problems import TemplateProblem
from virtslo.config.go_templates.template import GoTemplate

HOME = Path(__file__).parents[3]
TABLE: dict[str, Any] = json.loads((HOME / "support" / "go_templates.json").read_text())
PAGE = HOME.parent / "docs" / "reference" / "go-templates.md"


@cache
def ours(text: str) -> tuple[str | None, str]:
    try:
        return GoTemplate(text).render(TABLE["data"]), ""
    except TemplateProblem as problem:
        return None, str(problem)


def test_nothing_renders_other_than_go() -> None:
    differing = [(text, go, ours(text)[0]) for text, go, _ in TABLE["rows"] if _differs(text, go)]

    assert len(TABLE["rows"]) > 5000
    assert differing == []


def _differs(text: str, go: str | None) -> bool:
    rendered, _ = ours(text)
    return rendered is not None and rendered != go


def test_most_of_what_go_renders_is_rendered() -> None:
    texts = [text for text, go, _ in TABLE["rows"] if go is not None and "%!" not in go]
    rendered = [text for text in texts if ours(text)[0] is not None]

    assert len(rendered) / len(texts) > 0.87


def test_every_function_that_is_refused_is_documented() -> None:
    page = PAGE.read_text()
    refused = set()
    for text, go, _ in TABLE["rows"]:
        words = ours(text)[1]
        if go is not None and "the function '" in words:
            refused.add(words.split("the function '")[1].split("'")[0])

    assert len(refused) > 5
    assert [name for name in sorted(refused) if f"`{name}`" not in page] == []
