"""Files of people's requests, read with limits, with their faults as problems.

Invariant: a file that cannot be read, is too large or is no text is refused with one problem that
says what was found and what was expected.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from virtslo.base.bounded_files import UnreadableFile, read_bounded
from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.limits import WORKLOAD_FILE, Limit
from virtslo.base.yaml_reader import STRICT, Reading, YamlProblem, name_of, parse_yaml


def read_text(path: Path, *, limit: Limit = WORKLOAD_FILE, expected: str = "a file") -> str:
    """The text of a file of bounded size, in UTF-8. Raises ScenarioError."""
    try:
        data = read_bounded(path, limit)
    except UnreadableFile as error:
        wanted = expected if error.is_missing else error.expected
        problem = Problem(str(path), error.found, wanted, "check the path and its permissions")
        raise ScenarioError(str(path), [problem]) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{data[error.start]:02x}, which is not UTF-8"
        raise ScenarioError(
            str(path), [Problem(f"line {line}", found, "text in UTF-8", "save the file as UTF-8")]
        ) from error


def read_mapping(
    path: Path,
    *,
    expected: str = "a scenario",
    schema: str = "virtslo schema",
    reading: Reading = STRICT,
) -> Mapping[str, Any]:
    """The mapping that a YAML file holds. Raises ScenarioError.

    `expected` is what the file should be, `schema` the command that shows its form.
    """
    text = read_text(path, expected=f"{expected} file")
    try:
        document = parse_yaml(text, reading)
    except YamlProblem as error:
        problem = Problem(f"line {error.line}", error.found, error.expected, error.hint)
        raise ScenarioError(str(path), [problem]) from error
    if document is None:
        problem = Problem("line 1", "an empty file", expected, f"see `{schema}`")
        raise ScenarioError(str(path), [problem])
    if not isinstance(document, dict):
        found = f"a {name_of(document)} at the top"
        problem = Problem("line 1", found, "a mapping of keys to values", f"see `{schema}`")
        raise ScenarioError(str(path), [problem])
    return document
