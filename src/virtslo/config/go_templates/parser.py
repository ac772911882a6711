"""From tokens to nodes, refusing what text/template's parser refuses.

Invariant: a function or variable that nothing defines is refused here, in branches that are never
taken too, as Go does.
"""

from collections.abc import Container
from typing import Final

from virtslo.config.go_templates import nodes
from virtslo.config.go_templates.constants import Number, number, unquoted
from virtslo.config.go_templates.lexer import Token, tokens
from virtslo.config.go_templates.problems import CallProblem, TemplateProblem

_OPERANDS: Final = frozenset(
    ("constant", "dot", "field", "word", "number", "string", "raw", "character", "variable", "(")
)
_STOPS: Final = frozenset(("else", "end"))
_MAX_DEPTH: Final = 200


class Parser:
    """Reads one template and the templates that it defines."""

    def __init__(self, text: str, functions: Container[str], *, escape: bool = False) -> None:
        self._tokens = list(tokens(text))
        self._at = 0
        self._functions = functions
        self._escape = escape
        self._variables = ["$"]
        self._loops = 0
        self._depth = 0
        self.defined: dict[str, nodes.Block] = {}

    def read(self) -> nodes.Block:
        """The nodes of the template itself; what it defines is in `defined`."""
        block, stop = self._block(is_top=True)
        if stop is not None:
            raise TemplateProblem(stop.line, f"{{{{{stop.kind}}}}}", "what it belongs to before it")
        return block

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _peek_word(self) -> Token:
        while self._peek().kind == "space":
            self._at += 1
        return self._peek()

    def _next_word(self) -> Token:
        self._peek_word()
        return self._next()

    def _block(self, *, is_top: bool = False) -> tuple[nodes.Block, Token | None]:
        """Nodes up to an `else` or `end`; that token too, None at the end of the text."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise TemplateProblem(self._peek().line, "blocks too deep", "fewer levels")
        found: list[nodes.Node] = []
        stop: Token | None = None
        while True:
            token = self._next()
            if token.kind == "text":
                found.append(token.text.replace("<", "&lt;") if self._escape else token.text)
            elif token.kind == "end of text":
                break
            else:
                word = self._peek_word()
                if word.kind in _STOPS:
                    stop = self._next()
                    if stop.kind == "end":
                        self._close("end")
                    break
                node = self._node(word, is_top)
                if node is not None:
                    found.append(node)
        self._depth -= 1
        return tuple(found), stop

    def _node(self, word: Token, is_top: bool) -> nodes.Node | None:
        if word.kind in ("if", "with", "range"):
            self._next()
            return self._control(word)
        if word.kind == "define":
            self._next()
            if not is_top:
                raise TemplateProblem(word.line, "{{define}} inside a block", "it at the top")
            self._definition(self._name(word), word)
            return None
        if word.kind in ("template", "block"):
            self._next()
            return self._invocation(word)
        if word.kind in ("break", "continue"):
            self._next()
            self._close(word.kind)
            if not self._loops:
                raise TemplateProblem(word.line, f"{{{{{word.kind}}}}} outside a range", "a range")
            return nodes.Jump(word.kind == "break")
        return nodes.Output(self._pipeline("an action", "}}"))

    def _close(self, what: str) -> None:
        token = self._next_word()
        if token.kind != "}}":
            raise TemplateProblem(token.line, f"{token.text!r} after {what}", "}}")

    def _name(self, word: Token) -> str:
        token = self._next_word()
        if token.kind not in ("string", "raw"):
            raise TemplateProblem(
                word.line, f"{token.text!r} after {word.kind}", "a name in quotes"
            )
        return token.text if token.kind == "raw" else self._text(token)

    def _definition(self, name: str, word: Token) -> None:
        if word.kind == "define":
            self._close("define")
        outer, self._variables = self._variables, ["$"]
        loops, self._loops = self._loops, 0
        body, stop = self._block()
        self._variables, self._loops = outer, loops
        if stop is None or stop.kind != "end":
            raise TemplateProblem(word.line, f"{{{{{word.kind}}}}} without an end", "{{end}}")
        if not name and (word.kind == "block" or not _is_empty(body)):
            raise TemplateProblem(word.line, "a template without a name", "a name")
        known = self.defined.get(name, ())
        if not _is_empty(known) and not _is_empty(body):
            raise TemplateProblem(word.line, f"the template {name!r} twice", "one definition")
        if _is_empty(known):
            self.defined[name] = body

    def _invocation(self, word: Token) -> nodes.Node:
        name = self._name(word)
        pipeline = None
        if word.kind == "block" or self._peek_word().kind != "}}":
            pipeline = self._pipeline(word.kind, "}}")
        else:
            self._next()
        if word.kind == "block":
            self._definition(name, word)
        return nodes.Invocation(name, pipeline, word.line)

    def _control(self, word: Token) -> nodes.Node:
        mark = len(self._variables)
        pipeline = self._pipeline(word.kind, "}}")
        self._loops += word.kind == "range"
        body, stop = self._block()
        self._loops -= word.kind == "range"
        otherwise: nodes.Block = ()
        if stop is not None and stop.kind == "else":
            following = self._peek_word()
            if following.kind in ("if", "with") and following.kind == word.kind:
                self._next()
                otherwise, stop = (self._control(following),), Token("end", "", word.line)
            else:
                self._close("else")
                otherwise, stop = self._block()
        if stop is None or stop.kind != "end":
            raise TemplateProblem(word.line, f"{{{{{word.kind}}}}} without an end", "{{end}}")
        del self._variables[mark:]
        if word.kind == "range":
            return nodes.Loop(pipeline, body, otherwise)
        return nodes.Choice(pipeline, body, otherwise, word.kind == "with")

    def _pipeline(self, context: str, end: str) -> nodes.Pipeline:
        line = self._peek_word().line
        variables, is_assignment = self._targets(context)
        commands: list[tuple[nodes.Expression, ...]] = []
        while True:
            token = self._next_word()
            if token.kind == end:
                break
            if token.kind not in _OPERANDS:
                raise TemplateProblem(token.line, f"{token.text!r} in {context}", "an expression")
            self._at -= 1
            commands.append(self._command())
        if not commands:
            raise TemplateProblem(line, f"nothing in {context}", "an expression")
        for command in commands[1:]:
            constants = nodes.Constant | nodes.NumberConstant | nodes.Nil | nodes.Dot
            if isinstance(command[0], constants):
                raise TemplateProblem(line, "a value after |", "a function")
        return nodes.Pipeline(tuple(commands), variables, is_assignment, line)

    def _targets(self, context: str) -> tuple[tuple[str, ...], bool]:
        """The variables that a pipeline sets, and whether they exist already."""
        found: list[str] = []
        while self._peek_word().kind == "variable":
            start = self._at
            name = self._next().text
            sign = self._next_word()
            if sign.kind in (":=", "="):
                found.append(name)
                self._variables.append(name)
                return tuple(found), sign.kind == "="
            if sign.kind != ",":
                self._at = start
                break
            found.append(name)
            self._variables.append(name)
            if context != "range" or len(found) > 1:
                raise TemplateProblem(sign.line, f"several variables in {context}", "one")
            if self._peek_word().kind != "variable":
                raise TemplateProblem(sign.line, "no variable after ,", "a variable")
        if found and self._peek_word().kind != "variable":
            raise TemplateProblem(self._peek().line, f"{', '.join(found)} without :=", ":=")
        return tuple(found), False

    def _command(self) -> tuple[nodes.Expression, ...]:
        found: list[nodes.Expression] = []
        while True:
            if self._peek_word().kind in _OPERANDS:
                found.append(self._operand())
            token = self._next()
            if token.kind == "space":
                continue
            if token.kind in ("}}", ")"):
                self._at -= 1
            elif token.kind != "|":
                raise TemplateProblem(token.line, f"{token.text!r} in an operand", "a space")
            elif self._peek_word().kind in ("}}", ")"):
                raise TemplateProblem(token.line, "nothing after |", "a function")
            break
        if not found:
            raise TemplateProblem(token.line, "an empty command", "an expression")
        return tuple(found)

    def _operand(self) -> nodes.Expression:
        term = self._term()
        names: list[str] = []
        while self._peek().kind == "field":
            names.append(self._next().text[1:])
        if not names:
            return term
        below = tuple(names)
        if isinstance(term, nodes.Field):
            return nodes.Field((*term.names, *below), term.line)
        if isinstance(term, nodes.Variable):
            return nodes.Variable(term.name, (*term.names, *below), term.line)
        if isinstance(term, nodes.Pipeline | nodes.Name):
            return nodes.Chain(term, below, term.line)
        raise TemplateProblem(term.line, f".{names[0]} of a constant", "a field of a value")

    def _term(self) -> nodes.Expression:
        token = self._next()
        line = token.line
        if token.kind == "word":
            if token.text not in self._functions:
                known = "a function that text/template or sprig has and virtslo knows"
                raise TemplateProblem(line, f"the function {token.text!r}", known)
            return nodes.Name(token.text, line)
        if token.kind == "dot":
            return nodes.Dot(line)
        if token.kind == "field":
            return nodes.Field((token.text[1:],), line)
        if token.kind == "variable":
            if token.text not in self._variables:
                raise TemplateProblem(
                    line, f"the variable {token.text}", "a variable that was set by :="
                )
            return nodes.Variable(token.text, (), line)
        if token.kind == "(":
            return self._pipeline("parentheses", ")")
        return self._constant(token)

    def _constant(self, token: Token) -> nodes.Expression:
        if token.kind == "constant":
            return nodes.Nil(token.line) if token.text == "nil" else _boolean(token)
        if token.kind == "raw":
            return nodes.Constant(token.text, token.line)
        if token.kind == "string":
            return nodes.Constant(self._text(token), token.line)
        return nodes.NumberConstant(self._number(token), token.line)

    def _text(self, token: Token) -> str:
        try:
            return unquoted(token.text)
        except CallProblem as problem:
            raise TemplateProblem(token.line, str(problem), "a string of Go's") from problem

    def _number(self, token: Token) -> Number:
        try:
            if token.kind == "number":
                return number(token.text)
            text = unquoted(token.text)
        except CallProblem as problem:
            raise TemplateProblem(token.line, str(problem), "a number of Go's") from problem
        if len(text) != 1:
            raise TemplateProblem(token.line, f"{token.text}", "one character")
        return Number(token.text, ord(text), float(ord(text)), False)


def _boolean(token: Token) -> nodes.Constant:
    return nodes.Constant(token.text == "true", token.line)


def _is_empty(block: nodes.Block) -> bool:
    return all(isinstance(node, str) and not node.strip(" \t\r\n") for node in block)
