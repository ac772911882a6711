"""What a template is made of, once read.

Invariant: nodes are frozen; each expression has its line.
"""

from dataclasses import dataclass
from typing import Any

from virtslo.config.go_templates.constants import Number


@dataclass(frozen=True, slots=True)
class Constant:
    """A text or a truth value."""

    value: str | bool
    line: int


@dataclass(frozen=True, slots=True)
class NumberConstant:
    """A number, whose type depends on where it stands."""

    number: Number
    line: int


@dataclass(frozen=True, slots=True)
class Nil:
    """The word nil."""

    line: int


@dataclass(frozen=True, slots=True)
class Dot:
    """The dot."""

    line: int


@dataclass(frozen=True, slots=True)
class Field:
    """Fields of the dot: .x.y"""

    names: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable and fields of it: $x.y"""

    name: str
    names: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Fields of an expression in parentheses: (…).x"""

    of: "Expression"
    names: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Name:
    """A function's name."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands, each the last argument of the next, and the variables that take the result."""

    commands: "tuple[tuple[Expression, ...], ...]"
    variables: tuple[str, ...]
    is_assignment: bool
    line: int


Expression = Constant | NumberConstant | Nil | Dot | Field | Variable | Chain | Name | Pipeline


@dataclass(frozen=True, slots=True)
class Output:
    """An action that prints its pipeline."""

    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class Choice:
    """if and with."""

    pipeline: Pipeline
    body: "Block"
    otherwise: "Block"
    sets_dot: bool


@dataclass(frozen=True, slots=True)
class Loop:
    """range."""

    pipeline: Pipeline
    body: "Block"
    otherwise: "Block"


@dataclass(frozen=True, slots=True)
class Invocation:
    """template."""

    name: str
    pipeline: Pipeline | None
    line: int


@dataclass(frozen=True, slots=True)
class Jump:
    """break and continue."""

    is_break: bool


Node = str | Output | Choice | Loop | Invocation | Jump
Block = tuple[Any, ...]
"""Nodes, in order; typed loosely because blocks hold blocks."""
