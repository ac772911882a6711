"""A template in one of Go's two dialects: text/template with sprig, or html/template.

Invariant: what it renders is what Go renders, or it refuses by line and name. It evaluates nothing
but the template's own text and variables; it reads no file, no clock and no random numbers. Only
the standard library is imported: this runs in the rendering child.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from virtslo.config.go_templates.evaluator import Evaluator
from virtslo.config.go_templates.functions import HTML_FUNCTIONS, TEXT_FUNCTIONS, html_text
from virtslo.config.go_templates.lexer import tokens
from virtslo.config.go_templates.parser import Parser
from virtslo.config.go_templates.printing import printed, shortest
from virtslo.config.go_templates.problems import CallProblem, TemplateProblem, shorten
from virtslo.config.go_templates.values import Escaped, given, type_name

UNSET: Final = frozenset({"iteration"})
"""Variables that KubeVirt's load generator names and never sets: they render as nothing."""
MAX_TEXT: Final = 16 * 1024 * 1024
_TAG: Final = re.compile(r"<(?:!--|/?[A-Za-z])")


class GoTemplate:
    """A template, read once and rendered many times; `escape` says html/template."""

    def __init__(self, text: str, *, escape: bool = False) -> None:
        self._escape = escape
        self._functions = HTML_FUNCTIONS if escape else TEXT_FUNCTIONS
        if escape:
            _refuse_tags(text)
        parser = Parser(text, self._functions, escape=escape)
        try:
            self._block = parser.read()
        except RecursionError as error:
            raise TemplateProblem(1, "expressions too deep", "fewer levels") from error
        self._defined = parser.defined

    def render(self, variables: Mapping[str, Any]) -> str:
        """The text with every action carried out. Raises TemplateProblem."""
        evaluator = Evaluator(
            self._defined,
            self._functions,
            _escaped if self._escape else printed,
            unset=UNSET if self._escape else frozenset(),
            limit=MAX_TEXT,
        )
        return evaluator.render(self._block, _root(variables, as_json=self._escape))


def go_text(value: Any) -> str | None:
    """A scalar as Go prints it after reading it from JSON; None for anything else."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return shortest(float(value))
    return None


def _root(variables: Mapping[str, Any], *, as_json: bool) -> dict[str, Any]:
    """The variables of one object; what is below them is shared by all."""
    if as_json:
        return dict(variables)
    return {name: given(value) for name, value in variables.items()}


def _escaped(value: Any) -> str:
    if isinstance(value, Escaped):
        return value
    text = go_text(value)
    if text is None:
        raise CallProblem(f"a {type_name(value)}")
    return html_text(text)


def _refuse_tags(text: str) -> None:
    """html/template knows where in a page it is: only text outside tags is rendered here."""
    for token in tokens(text):
        tag = _TAG.search(token.text) if token.kind == "text" else None
        if tag is not None:
            line = token.line + token.text.count("\n", 0, tag.start())
            found = (
                f"{shorten(token.text[tag.start() :])}, which html/template reads as an HTML tag"
            )
            hint = "put a space after the <"
            raise TemplateProblem(line, found, "text without HTML tags", hint)
