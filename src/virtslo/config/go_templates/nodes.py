"""What a template is made of, once read.

Invariant: nodes are frozen; each expression has its line.
"""

from typing import Any, NamedTuple

from virtslo.config.go_templates.constants import Number


class Constant(NamedTuple):
    """A text or a truth value."""

    value: str | bool
    line: int


class NumberConstant(NamedTuple):
    """A number, whose type depends on where it stands."""

    number: Number
    line: int


class Nil(NamedTuple):
    """The word nil."""

    line: int


class Dot(NamedTuple):
    """The dot."""

    line: int


class Field(NamedTuple):
    """Fields of the dot: .x.y"""

    names: tuple[str, ...]
    line: int


class Variable(NamedTuple):
    """A variable and fields of it: $x.y"""

    name: str
    names: tuple[str, ...]
    line: int


class Chain(NamedTuple):
    """Fields of an expression in parentheses: (…).x"""

    of: "Expression"
    names: tuple[str, ...]
    line: int


class Name(NamedTuple):
    """A function's name."""

    name: str
    line: int


class Pipeline(NamedTuple):
    """Commands, each the last argument of the next, and the variables that take the result."""

    commands: "tuple[tuple[Expression, ...], ...]"
    variables: tuple[str, ...]
    is_assignment: bool
    line: int


Expression = Constant | NumberConstant | Nil | Dot | Field | Variable | Chain | Name | Pipeline


class Output(NamedTuple):
    """An action that prints its pipeline."""

    pipeline: Pipeline


class Choice(NamedTuple):
    """if and with."""

    pipeline: Pipeline
    body: "Block"
    otherwise: "Block"
    sets_dot: bool


class Loop(NamedTuple):
    """range."""

    pipeline: Pipeline
    body: "Block"
    otherwise: "Block"


class Invocation(NamedTuple):
    """template."""

    name: str
    pipeline: Pipeline | None
    line: int


class Jump(NamedTuple):
    """break and continue."""

    is_break: bool


Node = str | Output | Choice | Loop | Invocation | Jump
Block = tuple[Any, ...]
"""Nodes, in order; typed loosely because blocks hold blocks."""
