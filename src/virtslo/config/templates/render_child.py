"""The process in which templates are rendered: `python -m virtslo.config.templates.render_child`.

One JSON request on standard input, one JSON answer on standard output.

Invariant: a template reaches nothing but its variables, and the process bounds its own memory and
processor time before it reads the request. It imports the language that is asked for and no other,
which is most of what a small request costs.
"""

import json
import re
import resource
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from virtslo.config.go_templates.problems import TemplateProblem

MEMORY_BYTES: Final = 1024 * 1024 * 1024
CPU_SECONDS: Final = 30
OTHER_LANGUAGE: Final = (
    "{{ .name }} is Go's way to write a variable: say workload.dialect: go (or go-text)"
)
_GO_VARIABLE: Final = re.compile(r"\{\{-?\s*\.")

Render = Callable[[Mapping[str, Any]], str]


def main() -> int:
    """Render what standard input asks for; a template's problem is an answer, not a failure."""
    _bound(resource.RLIMIT_AS, MEMORY_BYTES)
    _bound(resource.RLIMIT_CPU, CPU_SECONDS)
    _bound(resource.RLIMIT_CORE, 0)
    request = json.load(sys.stdin)
    try:
        answer: dict[str, Any] = {"texts": render_all(request)}
    except TemplateProblem as problem:
        answer = {
            "problem": {
                "line": problem.line,
                "found": problem.found,
                "expected": problem.expected,
                "hint": problem.hint,
            }
        }
    except (MemoryError, OverflowError, RecursionError) as error:
        found = f"too much: {type(error).__name__} {error}".strip()
        answer = {"problem": {"line": 1, "found": found, "expected": "a small text", "hint": ""}}
    json.dump(answer, sys.stdout)
    return 0


def render_all(request: Mapping[str, Any]) -> list[str]:
    """One text for every context of the request. Raises TemplateProblem."""
    make = {"go": _go, "go-text": _go_text}.get(request["dialect"], _jinja)
    render = make(request["text"], int(request["max_document"]))
    variables: Mapping[str, Any] = request["variables"]
    texts: list[str] = []
    total = 0
    for context in request["contexts"]:
        text = render({**variables, **context})
        total += len(text)
        if total > request["max_total"]:
            raise _too_long(int(request["max_total"]), "all manifests together")
        texts.append(text)
    return texts


def _bound(what: int, limit: int) -> None:
    _, hard = resource.getrlimit(what)
    lowest = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(what, (lowest, lowest))


def _go(text: str, max_document: int, *, escape: bool = True) -> Render:
    from virtslo.config.go_templates.template import GoTemplate

    template = GoTemplate(text, escape=escape)

    def render(variables: Mapping[str, Any]) -> str:
        rendered = template.render(variables)
        if len(rendered) > max_document:
            raise _too_long(max_document, "one manifest")
        return rendered

    return render


def _go_text(text: str, max_document: int) -> Render:
    return _go(text, max_document, escape=False)


def _jinja(text: str, max_document: int) -> Render:
    from jinja2 import StrictUndefined, TemplateSyntaxError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
    )
    environment.globals = {"range": environment.globals["range"]}
    try:
        template = environment.from_string(text)
    except TemplateSyntaxError as error:
        hint = OTHER_LANGUAGE if _GO_VARIABLE.search(text) else ""
        raise TemplateProblem(
            error.lineno, error.message or "a syntax error", "a Jinja template", hint
        ) from error

    def render(variables: Mapping[str, Any]) -> str:
        parts: list[str] = []
        length = 0
        try:
            for part in template.generate(variables):
                length += len(part)
                if length > max_document:
                    raise _too_long(max_document, "one manifest")
                parts.append(part)
        except (TemplateProblem, MemoryError, OverflowError, RecursionError):
            raise
        except Exception as error:
            raise _failed(error, variables) from error
        return "".join(parts)

    return render


def _failed(error: Exception, variables: Mapping[str, Any]) -> TemplateProblem:
    line = 1
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    known = ", ".join(sorted(variables))
    name = type(error).__name__
    if name == "UndefinedError":
        hint = "set it under workload.variables, or give it a default: {{ name | default('…') }}"
        return TemplateProblem(line, str(error), f"one of {known}", hint)
    return TemplateProblem(line, f"{name}: {error}"[:200], "an expression that can be evaluated")


def _too_long(limit: int, what: str) -> TemplateProblem:
    return TemplateProblem(1, f"more than {limit} characters", f"a bounded text for {what}")


if __name__ == "__main__":
    sys.exit(main())
