"""Go's text/template as load generators' files use it, with the functions of sprig they call.

Invariant: what it renders is what Go renders, or it refuses by line and name. It evaluates nothing
but the template's own text and variables; it reads no file, no clock and no chance. Only the
standard library is imported: this runs in the rendering child.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from virtslo.config.templates.go_template import TemplateProblem
from virtslo.config.templates.text_functions import FUNCTIONS, CallProblem, text_of, truth

MAX_STEPS: Final = 1_000_000
_ACTION: Final = re.compile(
    r"\{\{(- )?((?:[^{}\"`]|\"(?:[^\"\\\n]|\\.)*\"|`[^`]*`|/\*.*?\*/)*?)( -)?\}\}", re.DOTALL
)
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`)|(?P<number>-?\d+(?:\.\d+)?)|"""
    r"""(?P<field>\$?(?:\.[A-Za-z_]\w*)+)|(?P<variable>\$\w*)|(?P<word>[A-Za-z_]\w*)|"""
    r"""(?P<dot>\.)|(?P<sign>:=|=|\||\(|\)|,))"""
)
_OPENING: Final = ("if", "range", "with")

Tokens = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class TemplateNode:
    """An action with what is inside it: `if`, `range`, `with`, an assignment or a pipeline."""

    line: int
    word: str
    tokens: Tokens
    body: "tuple[str | TemplateNode, ...]" = ()
    otherwise: "tuple[str | TemplateNode, ...]" = ()


@dataclass(slots=True)
class Scope:
    """Where a name is looked up: the dot, the root, and variables by block."""

    dot: Any
    root: Mapping[str, Any]
    variables: list[dict[str, Any]] = field(default_factory=lambda: [{}])


class TextTemplate:
    """A template, read once and rendered many times."""

    def __init__(self, text: str) -> None:
        self._nodes = _Reader(text).read()

    def render(self, variables: Mapping[str, Any]) -> str:
        """The text with every action carried out. Raises TemplateProblem."""
        return "".join(_Renderer(variables).render(self._nodes))


class _Reader:
    """From text to nested nodes."""

    def __init__(self, text: str) -> None:
        self._pieces = list(_pieces(text))
        self._at = 0

    def read(self) -> tuple[str | TemplateNode, ...]:
        """Every node of the template."""
        nodes, stop = self._block()
        if stop is not None:
            raise TemplateProblem(stop.line, f"{{{{{stop.word}}}}}", "what it belongs to before it")
        return nodes

    def _block(self) -> tuple[tuple[str | TemplateNode, ...], TemplateNode | None]:
        """Nodes up to an `else` or `end` of this block; that one too."""
        found: list[str | TemplateNode] = []
        while self._at < len(self._pieces):
            piece = self._pieces[self._at]
            self._at += 1
            if isinstance(piece, str):
                found.append(piece)
            elif piece.word in {"else", "end"}:
                return tuple(found), piece
            elif piece.word in _OPENING:
                found.append(self._nested(piece))
            else:
                found.append(piece)
        return tuple(found), None

    def _nested(self, opening: TemplateNode) -> TemplateNode:
        body, stop = self._block()
        otherwise: tuple[str | TemplateNode, ...] = ()
        if stop is not None and stop.word == "else":
            if stop.tokens:
                word, rest = stop.tokens[0][1], stop.tokens[1:]
                otherwise = (self._nested(TemplateNode(stop.line, word, rest)),)
                return TemplateNode(opening.line, opening.word, opening.tokens, body, otherwise)
            otherwise, stop = self._block()
        if stop is None or stop.word != "end":
            raise TemplateProblem(opening.line, f"{{{{{opening.word}}}}} without an end", "{{end}}")
        return TemplateNode(opening.line, opening.word, opening.tokens, body, otherwise)


def _pieces(text: str) -> Iterator[str | TemplateNode]:
    position, trim = 0, False
    for match in _ACTION.finditer(text):
        literal = text[position : match.start()]
        line = text.count("\n", 0, match.start()) + 1
        yield from _literal(literal, line, trim, bool(match[1]))
        inside = match[2].strip()
        if not (inside.startswith("/*") and inside.endswith("*/")):
            yield _node(inside, line)
        position, trim = match.end(), bool(match[3])
    yield from _literal(text[position:], text.count("\n") + 1, trim, False)


def _literal(literal: str, line: int, after: bool, before: bool) -> Iterator[str]:
    if "{{" in literal:
        raise TemplateProblem(line, "an action that is not closed or not understood", "{{ … }}")
    if after:
        literal = literal.lstrip(" \t\r\n")
    if before:
        literal = literal.rstrip(" \t\r\n")
    if literal:
        yield literal


def _node(inside: str, line: int) -> TemplateNode:
    tokens = _tokens(inside, line)
    word = tokens[0][1] if tokens and tokens[0][0] == "word" else ""
    if word in {*_OPENING, "else", "end"}:
        return TemplateNode(line, word, tokens[1:])
    if word in {"define", "template", "block", "break", "continue"}:
        raise TemplateProblem(line, f"{word!r}", "if, range, with and functions only")
    return TemplateNode(line, "", tokens)


def _tokens(inside: str, line: int) -> Tokens:
    found: Tokens = []
    position = 0
    while inside[position:].strip():
        match = _TOKEN.match(inside, position)
        if match is None:
            raise TemplateProblem(line, inside[position:].strip()[:40], "an expression")
        kind = match.lastgroup or ""
        found.append((kind, match[kind]))
        position = match.end()
    return found


class _Renderer:
    """Carries out nodes."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._scope = Scope(variables, variables)
        self._steps = 0

    def render(self, nodes: Sequence[str | TemplateNode]) -> Iterator[str]:
        """The text of these nodes, part by part."""
        for node in nodes:
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise TemplateProblem(1, "a template without an end", "fewer loops")
            if isinstance(node, str):
                yield node
            elif node.word == "":
                yield self._output(node)
            elif node.word == "range":
                yield from self._range(node)
            else:
                yield from self._choose(node)

    def _output(self, node: TemplateNode) -> str:
        name, tokens = _assignment(node.tokens)
        value = self._value(tokens, node.line)
        if name is None:
            return text_of(value)
        self._assign(name[0], value, is_new=name[1] == ":=", line=node.line)
        return ""

    def _assign(self, name: str, value: Any, *, is_new: bool, line: int) -> None:
        if is_new:
            self._scope.variables[-1][name] = value
            return
        for block in reversed(self._scope.variables):
            if name in block:
                block[name] = value
                return
        raise TemplateProblem(line, f"the variable {name}", "a variable that was set by :=")

    def _choose(self, node: TemplateNode) -> Iterator[str]:
        name, tokens = _assignment(node.tokens)
        value = self._value(tokens, node.line)
        dot = self._scope.dot
        self._scope.variables.append({} if name is None else {name[0]: value})
        if truth(value):
            if node.word == "with":
                self._scope.dot = value
            yield from self.render(node.body)
        else:
            yield from self.render(node.otherwise)
        self._scope.dot = dot
        self._scope.variables.pop()

    def _range(self, node: TemplateNode) -> Iterator[str]:
        names, tokens = _range_names(node.tokens)
        value = self._value(tokens, node.line)
        pairs = _pairs(value, node.line)
        dot = self._scope.dot
        if not pairs:
            yield from self.render(node.otherwise)
            return
        for key, item in pairs:
            self._scope.dot = item
            given = (key, item) if len(names) == 2 else (item,)
            self._scope.variables.append(dict(zip(names, given, strict=False)))
            yield from self.render(node.body)
            self._scope.variables.pop()
        self._scope.dot = dot

    def _value(self, tokens: Tokens, line: int) -> Any:
        """The value of a pipeline."""
        if not tokens:
            raise TemplateProblem(line, "an empty action", "an expression")
        value: Any = None
        for index, stage in enumerate(_split(tokens)):
            extra = [value] if index else []
            value = self._command(stage, extra, line)
        return value

    def _command(self, tokens: Tokens, extra: list[Any], line: int) -> Any:
        operands = list(_operands(tokens, line))
        if not operands:
            raise TemplateProblem(line, "an empty command", "an expression")
        kind, text = operands[0][0]
        is_call = kind == "word" and len(operands[0]) == 1 and text not in _CONSTANTS
        if is_call:
            function = FUNCTIONS.get(text)
            if function is None:
                known = "a function that text/template or sprig has and virtslo knows"
                raise TemplateProblem(line, f"the function {text!r}", known)
            arguments = [self._operand(operand, line) for operand in operands[1:]] + extra
            return _called(function, text, arguments, line)
        if len(operands) > 1 or extra:
            raise TemplateProblem(line, f"{text!r} with arguments", "a function")
        return self._operand(operands[0], line)

    def _operand(self, tokens: Tokens, line: int) -> Any:
        kind, text = tokens[0]
        if kind == "sign":
            return self._value(tokens[1:-1], line)
        if kind == "string":
            return text[1:-1] if text.startswith("`") else _unquoted(text)
        if kind == "number":
            return float(text) if "." in text else int(text)
        if kind == "dot":
            return self._scope.dot
        if kind == "variable":
            return self._variable(text, line)
        if kind == "field":
            return self._field(text, line)
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        return self._command(tokens, [], line)

    def _variable(self, name: str, line: int) -> Any:
        if name == "$":
            return self._scope.root
        for block in reversed(self._scope.variables):
            if name in block:
                return block[name]
        raise TemplateProblem(line, f"the variable {name}", "a variable that was set by :=")

    def _field(self, text: str, line: int) -> Any:
        value: Any = self._scope.root if text.startswith("$") else self._scope.dot
        for name in text.lstrip("$").split(".")[1:]:
            if not isinstance(value, Mapping):
                raise TemplateProblem(line, f"{text} of no mapping", "a field of a mapping")
            if name not in value:
                known = ", ".join(sorted(map(str, value))[:20]) or "nothing"
                found = f"the variable {name!r}, which nothing sets"
                raise TemplateProblem(line, found, f"one of {known}", f"set {name}")
            value = value[name]
        return value


_CONSTANTS: Final[Mapping[str, Any]] = {"true": True, "false": False, "nil": None}


def _called(function: Callable[..., Any], name: str, arguments: list[Any], line: int) -> Any:
    try:
        return function(*arguments)
    except (CallProblem, TypeError, ValueError, ArithmeticError, LookupError) as error:
        raise TemplateProblem(
            line, f"{name}: {error}"[:200], f"arguments that {name} takes"
        ) from error


def _assignment(tokens: Tokens) -> tuple[tuple[str, str] | None, Tokens]:
    is_one = len(tokens) > 2 and tokens[0][0] == "variable" and tokens[1][1] in {":=", "="}
    return ((tokens[0][1], tokens[1][1]), tokens[2:]) if is_one else (None, tokens)


def _range_names(tokens: Tokens) -> tuple[list[str], Tokens]:
    signs = [text for _, text in tokens]
    if ":=" not in signs:
        return [], tokens
    at = signs.index(":=")
    return [text for kind, text in tokens[:at] if kind == "variable"], tokens[at + 1 :]


def _pairs(value: Any, line: int) -> list[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        return [(key, value[key]) for key in sorted(value)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(enumerate(value))
    if value is None:
        return []
    if isinstance(value, int) and not isinstance(value, bool):
        return [(index, index) for index in range(min(value, MAX_STEPS))]
    raise TemplateProblem(line, f"range over {text_of(value)[:40]!r}", "a list or a mapping")


def _split(tokens: Tokens) -> Iterator[Tokens]:
    depth, part = 0, Tokens()
    for token in tokens:
        depth += (token[1] == "(") - (token[1] == ")") if token[0] == "sign" else 0
        if token == ("sign", "|") and depth == 0:
            yield part
            part = []
        else:
            part.append(token)
    yield part


def _operands(tokens: Tokens, line: int) -> Iterator[Tokens]:
    at = 0
    while at < len(tokens):
        if tokens[at] != ("sign", "("):
            yield [tokens[at]]
            at += 1
            continue
        depth, end = 0, at
        for end in range(at, len(tokens)):
            if tokens[end][0] == "sign":
                depth += (tokens[end][1] == "(") - (tokens[end][1] == ")")
            if depth == 0:
                break
        if depth:
            raise TemplateProblem(line, "a ( that is not closed", "a )")
        yield tokens[at : end + 1]
        at = end + 1


def _unquoted(text: str) -> str:
    escapes = {"n": "\n", "t": "\t", "r": "\r"}
    return re.sub(r"\\(.)", lambda match: escapes.get(match[1], match[1]), text[1:-1])
