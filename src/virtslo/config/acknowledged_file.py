"""Findings of a history that people have looked at: a small file that lives in git.

Invariant: an entry names a finding by its id and has a reason; what is not understood is refused
with every problem, never skipped.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import yaml

from virtslo.base.errors import Problem, ScenarioError

DEFAULT: Final = Path("virtslo-acknowledged.yaml")
LARGEST: Final = 1_000_000
_HEAD: Final = "# Findings of `virtslo history changes` that are known, by id, and why.\n"


def read_acknowledged(path: Path) -> dict[str, str]:
    """Reasons by finding's id; nothing if there is no file. Raises ScenarioError."""
    if not path.exists():
        return {}
    try:
        if path.stat().st_size > LARGEST:
            raise ScenarioError(
                str(path), [Problem("the file", "more than 1 MB", "a short list of findings")]
            )
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        words = " ".join(str(error).split())[:200]
        raise ScenarioError(str(path), [Problem("the file", words, "YAML")]) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ScenarioError(str(path), [Problem("the file", "no mapping", "ids with reasons")])
    problems = [
        Problem(str(key), repr(value)[:60], "an id, in quotes if it is all digits, and a reason")
        for key, value in document.items()
        if not (isinstance(key, str) and isinstance(value, str) and value.strip())
    ]
    if problems:
        raise ScenarioError(str(path), problems)
    return dict(document)


def acknowledged_text(reasons: Mapping[str, str]) -> str:
    """The file's contents."""
    body: str = yaml.safe_dump(dict(reasons), allow_unicode=True, default_style='"', width=10_000)
    return _HEAD + body
