"""Releases and other events that a history's site marks: a small file that lives in git.

Invariant: an entry has a day, a kind and a label; what is not understood is refused with every
problem, never skipped.
"""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.limits import ANNOTATIONS_FILE
from virtslo.base.yaml_reader import YamlProblem, parse_yaml
from virtslo.config.problems import found_text
from virtslo.config.yaml_document import read_text
from virtslo.model.history.site import Annotation

KINDS: Final = ("release", "provider", "event")
FIELDS: Final = ("date", "kind", "label", "link")
_SCHEMES: Final = ("https://", "http://")


def read_annotations(path: Path) -> list[Annotation]:
    """The entries of the file. Raises ScenarioError."""
    text = read_text(path, limit=ANNOTATIONS_FILE, expected="a file of annotations")
    try:
        document = parse_yaml(text)
    except YamlProblem as error:
        problem = Problem(f"line {error.line}", error.found, error.expected, error.hint)
        raise ScenarioError(str(path), [problem]) from error
    if not isinstance(document, list):
        found = found_text(document)
        raise ScenarioError(str(path), [Problem("the file", found, "a list of entries")])
    problems = [problem for number, entry in enumerate(document)
                for problem in _problems(f"[{number}]", entry)]  # fmt: skip
    if problems:
        raise ScenarioError(str(path), problems)
    return [
        Annotation(_day(entry["date"]), entry["kind"], entry["label"], entry.get("link", ""))
        for entry in document
    ]


def _problems(place: str, entry: Any) -> Iterator[Problem]:
    if not isinstance(entry, dict):
        yield Problem(place, found_text(entry), "a mapping with date, kind and label")
        return
    if not _is_day(entry.get("date")):
        yield Problem(f"{place}.date", found_text(entry.get("date")), "a day such as 2024-03-25")
    if entry.get("kind") not in KINDS:
        yield Problem(f"{place}.kind", found_text(entry.get("kind")), " or ".join(KINDS))
    label, link = entry.get("label"), entry.get("link", "")
    if not (isinstance(label, str) and label.strip()):
        yield Problem(f"{place}.label", found_text(label), "a text, in quotes if it is a number")
    if not (isinstance(link, str) and (not link or link.startswith(_SCHEMES))):
        yield Problem(f"{place}.link", found_text(link), "an address with https://")
    for name in entry:
        if name not in FIELDS:
            yield Problem(f"{place}.{name}", "an unknown field", ", ".join(FIELDS))


def _is_day(value: Any) -> bool:
    try:
        _day(value)
    except (TypeError, ValueError):
        return False
    return True


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(value)
