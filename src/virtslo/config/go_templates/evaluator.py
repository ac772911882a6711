"""Carrying out a template's nodes.

Invariant: what is written is what Go writes, or it is refused by line; neither steps, nor depth,
nor the text's length are without bound.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from virtslo.config.go_templates import nodes
from virtslo.config.go_templates.problems import CallProblem, TemplateProblem, shorten
from virtslo.config.go_templates.signatures import Function, accepted, constant_for
from virtslo.config.go_templates.values import ordered, truth, type_name

MAX_STEPS: Final = 1_000_000
MAX_DEPTH: Final = 100
_MISSING: Final = object()
"""No value came through the pipe."""


class _Break(Exception):
    """The innermost range ends."""


class _Continue(Exception):
    """The innermost range goes on with its next element."""


class Evaluator:
    """Renders the nodes of one template with one set of variables."""

    def __init__(
        self,
        defined: Mapping[str, nodes.Block],
        functions: Mapping[str, Function],
        show: Callable[[Any], str],
        *,
        unset: frozenset[str] = frozenset(),
        limit: int,
    ) -> None:
        self._defined = defined
        self._functions = functions
        self._show = show
        self._unset = unset
        self._left = limit
        self._steps = 0
        self._depth = 0
        self._written: list[str] = []
        self._variables: list[tuple[str, Any]] = []

    def render(self, block: nodes.Block, data: Any) -> str:
        """The text. Raises TemplateProblem."""
        self._variables = [("$", data)]
        self._block(block, data)
        return "".join(self._written)

    def _block(self, block: nodes.Block, dot: Any) -> None:
        for node in block:
            if isinstance(node, str):
                self._write(node)
                continue
            self._step()
            if isinstance(node, nodes.Output):
                value = self._pipeline(node.pipeline, dot)
                if not node.pipeline.variables:
                    self._write(self._shown(value, node.pipeline.line))
            elif isinstance(node, nodes.Choice):
                self._choice(node, dot)
            elif isinstance(node, nodes.Loop):
                self._loop(node, dot)
            elif isinstance(node, nodes.Invocation):
                self._invocation(node, dot)
            elif node.is_break:
                raise _Break
            else:
                raise _Continue

    def _step(self) -> None:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TemplateProblem(1, "a template without an end", "fewer loops")

    def _write(self, text: str) -> None:
        self._left -= len(text)
        if self._left < 0:
            raise TemplateProblem(1, "a text that is too long", "a bounded text")
        self._written.append(text)

    def _shown(self, value: Any, line: int) -> str:
        try:
            return self._show(value)
        except CallProblem as problem:
            raise TemplateProblem(line, str(problem), "a value that can be printed") from problem

    def _choice(self, node: nodes.Choice, dot: Any) -> None:
        mark = len(self._variables)
        value = self._pipeline(node.pipeline, dot)
        if truth(value):
            self._block(node.body, value if node.sets_dot else dot)
        else:
            self._block(node.otherwise, dot)
        del self._variables[mark:]

    def _loop(self, node: nodes.Loop, dot: Any) -> None:
        outer = len(self._variables)
        pipeline = node.pipeline
        value = self._value_of(pipeline, dot)
        if not pipeline.is_assignment:
            self._variables += [(name, value) for name in pipeline.variables]
        try:
            pairs = _pairs(value, len(pipeline.variables))
        except CallProblem as problem:
            raise TemplateProblem(pipeline.line, str(problem), "a list or a mapping") from problem
        mark = len(self._variables)
        try:
            for key, item in pairs:
                self._step()
                self._set_loop(pipeline, key, item)
                with suppress(_Continue):
                    self._block(node.body, item)
                del self._variables[mark:]
        except _Break:
            pass
        del self._variables[mark:]
        if not pairs:
            self._block(node.otherwise, dot)
        del self._variables[outer:]

    def _set_loop(self, pipeline: nodes.Pipeline, key: Any, item: Any) -> None:
        names = pipeline.variables
        values = (key, item) if len(names) == 2 else (item,)
        for place, (name, value) in enumerate(zip(names, values, strict=False)):
            if pipeline.is_assignment:
                self._assign(name, value, pipeline.line)
            else:
                self._variables[len(self._variables) - len(names) + place] = (name, value)

    def _invocation(self, node: nodes.Invocation, dot: Any) -> None:
        body = self._defined.get(node.name)
        if body is None:
            raise TemplateProblem(node.line, f"the template {node.name!r}", "one that is defined")
        value = None if node.pipeline is None else self._pipeline(node.pipeline, dot)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TemplateProblem(node.line, "templates too deep", f"at most {MAX_DEPTH} levels")
        outer, self._variables = self._variables, [("$", value)]
        try:
            self._block(body, value)
        except (_Break, _Continue) as jump:
            raise TemplateProblem(node.line, "a jump out of a template", "a range") from jump
        self._variables = outer
        self._depth -= 1

    def _pipeline(self, pipeline: nodes.Pipeline, dot: Any) -> Any:
        value = self._value_of(pipeline, dot)
        for name in pipeline.variables:
            if pipeline.is_assignment:
                self._assign(name, value, pipeline.line)
            else:
                self._variables.append((name, value))
        return value

    def _value_of(self, pipeline: nodes.Pipeline, dot: Any) -> Any:
        value: Any = _MISSING
        for place, command in enumerate(pipeline.commands):
            first = command[0]
            if place == 0 and self._has_default(pipeline) and isinstance(first, nodes.Field):
                value = self._fields(dot, first.names, first.line, unset=frozenset(first.names))
            else:
                value = self._command(command, value, dot)
        return value

    def _has_default(self, pipeline: nodes.Pipeline) -> bool:
        """Whether a variable that is missing gets a default, which html/template lets it."""
        if not self._unset or len(pipeline.commands) < 2 or len(pipeline.commands[0]) > 1:
            return False
        return isinstance(name := pipeline.commands[1][0], nodes.Name) and name.name == "default"

    def _assign(self, name: str, value: Any, line: int) -> None:
        for at in range(len(self._variables) - 1, -1, -1):
            if self._variables[at][0] == name:
                self._variables[at] = (name, value)
                return
        raise TemplateProblem(line, f"the variable {name}", "a variable that was set by :=")

    def _variable(self, name: str, line: int) -> Any:
        for known, value in reversed(self._variables):
            if known == name:
                return value
        raise TemplateProblem(line, f"the variable {name}", "a variable that was set by :=")

    def _command(self, command: tuple[nodes.Expression, ...], final: Any, dot: Any) -> Any:
        first = command[0]
        if isinstance(first, nodes.Name):
            return self._call(first, command[1:], final, dot)
        if len(command) > 1 or final is not _MISSING:
            raise TemplateProblem(first.line, "arguments of what is no function", "a function")
        if isinstance(first, nodes.Nil):
            raise TemplateProblem(first.line, "nil alone", "a value")
        return self._expression(first, dot)

    def _expression(self, node: nodes.Expression, dot: Any) -> Any:
        if isinstance(node, nodes.Field):
            return self._fields(dot, node.names, node.line)
        if isinstance(node, nodes.Constant):
            return node.value
        if isinstance(node, nodes.Pipeline):
            return self._pipeline(node, dot)
        if isinstance(node, nodes.Variable):
            return self._fields(self._variable(node.name, node.line), node.names, node.line)
        if isinstance(node, nodes.Dot):
            return dot
        if isinstance(node, nodes.NumberConstant):
            try:
                return node.number.ideal
            except CallProblem as problem:
                raise TemplateProblem(node.line, str(problem), "a number") from problem
        if isinstance(node, nodes.Chain):
            return self._fields(self._expression(node.of, dot), node.names, node.line)
        if isinstance(node, nodes.Name):
            return self._call(node, (), _MISSING, dot)
        return None

    def _fields(
        self,
        value: Any,
        names: tuple[str, ...],
        line: int,
        *,
        unset: frozenset[str] = frozenset(),
    ) -> Any:
        for name in names:
            if not isinstance(value, Mapping):
                found = f".{name} of a {type_name(value)}"
                raise TemplateProblem(line, found, "a field of a mapping")
            if name not in value:
                if name in self._unset or name in unset:
                    value = None
                    continue
                known = ", ".join(sorted(map(str, value))[:20]) or "nothing"
                found = f"the variable {name!r}, which nothing sets"
                raise TemplateProblem(line, found, f"one of {known}", f"set {name}")
            value = value[name]
        return value

    def _call(
        self, node: nodes.Name, arguments: tuple[nodes.Expression, ...], final: Any, dot: Any
    ) -> Any:
        function = self._functions[node.name]
        count = len(arguments) + (final is not _MISSING)
        if count < len(function.takes) or (count > len(function.takes) and not function.more):
            raise TemplateProblem(
                node.line, f"{node.name} with {count} arguments", function.described(node.name)
            )
        try:
            if function.is_lazy:
                return self._lazy(node.name == "or", arguments, final, dot)
            given = [
                self._argument(argument, function.type_at(place), dot)
                for place, argument in enumerate(arguments)
            ]
            if final is not _MISSING:
                given.append(accepted(final, function.type_at(len(arguments))))
            return function.call(*given)
        except (CallProblem, ValueError, ArithmeticError, LookupError, TypeError) as problem:
            found = shorten(f"{node.name}: {problem}", 200)
            expected = f"arguments that {node.name} takes"
            raise TemplateProblem(node.line, found, expected) from problem

    def _argument(self, node: nodes.Expression, kind: str, dot: Any) -> Any:
        if isinstance(node, nodes.Constant | nodes.NumberConstant):
            return constant_for(node, kind)
        if isinstance(node, nodes.Nil):
            if kind not in ("any", "map"):
                raise CallProblem(f"nil as {kind}")
            return {} if kind == "map" else None
        return accepted(self._expression(node, dot), kind)

    def _lazy(
        self, is_or: bool, arguments: tuple[nodes.Expression, ...], final: Any, dot: Any
    ) -> Any:
        value: Any = None
        for argument in arguments:
            value = self._argument(argument, "any", dot)
            if truth(value) == is_or:
                return value
        return value if final is _MISSING else final


def _pairs(value: Any, names: int) -> list[tuple[Any, Any]]:
    if value is None:
        return []
    if isinstance(value, dict):
        return [(key, value[key]) for key in sorted(value)]
    if isinstance(value, list):
        return list(enumerate(ordered(value)))
    if isinstance(value, int) and not isinstance(value, bool):
        if names > 1:
            raise CallProblem("range over a number with two variables")
        if value > MAX_STEPS:
            raise CallProblem("a list that is too long")
        return [(None, type(value)(item)) for item in range(value)]
    raise CallProblem(f"range over a {type_name(value)}")
