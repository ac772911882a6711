"""What a side of a cost card is: a build, a commit, a gate, a field, or a cluster.

Invariant: a side is the options of the command with one thing put over them, so that all else is
the same on both sides.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.paths import is_file, is_folder
from virtslo.cli.plane.options import PlaneOptions

DEFAULT: Final = "default"
GATE: Final = "gate:"
CONFIG: Final = "config:"
CONTEXT: Final = "context:"
EXPECTED: Final = (
    "a source tree, a folder of programs, a program of virt-controller, a commit (with "
    "--kubevirt), gate:NAME, config:FIELD=VALUE, context:NAME, or default"
)


@dataclass(frozen=True, slots=True)
class Side:
    """One side: a plane, or a context of a kubeconfig."""

    name: str
    plane: PlaneOptions | None
    context: str | None = None


def side_of(text: str, options: PlaneOptions) -> Side:
    """The side that a text means. Raises ScenarioError."""
    if text == DEFAULT:
        return Side(text, options)
    if text.startswith(GATE):
        return Side(text, replace(options, gates=(*options.gates, text[len(GATE) :])))
    if text.startswith(CONFIG):
        return Side(text, replace(options, fields=(*options.fields, text[len(CONFIG) :])))
    if text.startswith(CONTEXT):
        return Side(text, None, text[len(CONTEXT) :])
    path = Path(text)
    if is_folder(path) and is_file(path / "go.mod"):
        return Side(text, replace(options, source=path, revision=None))
    if is_folder(path):
        return Side(text, replace(options, folders=(path, *options.folders)))
    if is_file(path):
        return Side(text, replace(options, virt_controller=path))
    if options.source is not None:
        return Side(text, replace(options, revision=text))
    hint = "to compare commits, name their source tree: --kubevirt SOURCE"
    raise ScenarioError("command line", [Problem(repr(text), "none of these", EXPECTED, hint)])


def sides_of(base: str, candidate: str, options: PlaneOptions) -> tuple[Side, Side]:
    """Both sides. Raises ScenarioError that lists what is wrong with either."""
    problems: list[Problem] = []
    sides: list[Side] = []
    for text in (base, candidate):
        try:
            sides.append(side_of(text, options))
        except ScenarioError as error:
            problems += error.problems
    if not problems and (sides[0].plane is None) is not (sides[1].plane is None):
        expected = "two planes or two contexts: a plane's nodes are hollow, a cluster's are not"
        problems.append(Problem(f"{base} and {candidate}", "one of each", expected))
    if problems:
        raise ScenarioError("command line", problems)
    return sides[0], sides[1]
