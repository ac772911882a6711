"""Findings of a history that people have looked at: a small file that lives in git.

Invariant: an entry names a finding by its id and has a reason; what is not understood is refused
with every problem, never skipped.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import yaml

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.limits import ACKNOWLEDGED_FILE
from virtslo.base.paths import is_there
from virtslo.base.yaml_reader import YamlProblem, parse_yaml
from virtslo.config.problems import found_text
from virtslo.config.yaml_document import read_text

DEFAULT: Final = Path("virtslo-acknowledged.yaml")
_HEAD: Final = "# Findings of `virtslo history changes` that are known, by id, and why.\n"


def read_acknowledged(path: Path) -> dict[str, str]:
    """Reasons by finding's id; nothing if there is no file. Raises ScenarioError."""
    if not is_there(path):
        return {}
    text = read_text(path, limit=ACKNOWLEDGED_FILE, expected="a file of acknowledged findings")
    try:
        document = parse_yaml(text)
    except YamlProblem as error:
        problem = Problem(f"line {error.line}", error.found, error.expected, error.hint)
        raise ScenarioError(str(path), [problem]) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ScenarioError(str(path), [Problem("the file", "no mapping", "ids with reasons")])
    problems = [
        Problem(str(key), found_text(value), "an id, in quotes if it is all digits, and a reason")
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
