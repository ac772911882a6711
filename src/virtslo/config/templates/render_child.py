"""The process in which templates are rendered: `python -m …templates.render_child SECONDS`.

Its argument is how many seconds it waits for a next request before it ends.

A request is two lines on standard input: the name of a dialect, and a JSON document. Its answer is
a JSON document and the end of the line on standard output. Requests come one after another, each
after the answer to the one before.

Invariant: a template reaches nothing but its variables. Each request is answered by a fork, which
bounds its own memory and processor time before it reads the request; what one request leaves
behind, no other meets. A fork that does not end well ends this process in the same way, and one
whose answer has no reader any more is killed, since the asking process has ended. What is imported
is the language that is asked for and no other, once for all its requests.
"""

import contextlib
import json
import os
import re
import resource
import select
import signal
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from virtslo.config.go_templates.problems import TemplateProblem

MEMORY_BYTES: Final = 1024 * 1024 * 1024
CPU_SECONDS: Final = 30
STDIN: Final = 0
MAX_ERROR: Final = 1000
OTHER_LANGUAGE: Final = (
    "{{ .name }} is Go's way to write a variable: say workload.dialect: go (or go-text)"
)
_GO_VARIABLE: Final = re.compile(r"\{\{-?\s*\.")

Render = Callable[[Mapping[str, Any]], str]


def main(idle_seconds: float) -> int:
    """Answer requests until none comes any more; the exit code of the last fork."""
    _bound(resource.RLIMIT_CORE, 0)
    while dialect := _dialect(idle_seconds):
        _load(dialect)
        code = _forked()
        if code < 0:
            with contextlib.suppress(OSError):  # of SIGKILL
                signal.signal(-code, signal.SIG_DFL)
            os.kill(os.getpid(), -code)
        if code != 0:
            return code
        os.write(sys.stdout.fileno(), b"\n")
    return 0


def _forked() -> int:
    """Have a fork answer a request; its exit code, or the negative of the signal that ended it."""
    is_over, open_in_fork = os.pipe()
    child = os.fork()
    if child == 0:
        os._exit(_answer())
    os.close(open_in_fork)
    waiting = select.poll()
    waiting.register(is_over, select.POLLIN)
    waiting.register(sys.stdout.fileno(), 0)  # reports that the reader has gone, and nothing else
    if is_over not in dict(waiting.poll()):
        os.kill(child, signal.SIGKILL)
    os.close(is_over)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _dialect(idle_seconds: float) -> str:
    """The first line of a request, and not a byte more: the rest is the fork's to read."""
    ready, _, _ = select.select([STDIN], [], [], idle_seconds)
    found = b""
    while ready and (byte := os.read(STDIN, 1)) not in {b"", b"\n"}:
        found += byte
    return found.decode()


def _load(dialect: str) -> None:
    """Import what a dialect is rendered with."""
    is_jinja = dialect == "jinja"
    import_module("jinja2.sandbox" if is_jinja else "virtslo.config.go_templates.template")


def _answer() -> int:
    """Answer one request in this process; 1 and a line on standard error where that fails."""
    try:
        _bound(resource.RLIMIT_AS, MEMORY_BYTES)
        _bound(resource.RLIMIT_CPU, CPU_SECONDS)
        json.dump(answer_to(json.loads(_line())), sys.stdout)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 - whatever it is, this process ends with it
        os.write(2, f"{type(error).__name__}: {error}".encode(errors="replace")[:MAX_ERROR])
        return 1
    return 0


def _line() -> bytes:
    """The second line of a request."""
    chunks: list[bytes] = []
    while chunk := os.read(STDIN, 1 << 16):
        chunks.append(chunk)
        if chunk.endswith(b"\n"):
            break
    return b"".join(chunks)


def answer_to(request: Mapping[str, Any]) -> dict[str, Any]:
    """The rendered texts; a template's problem is an answer, not a failure."""
    try:
        return {"texts": render_all(request)}
    except TemplateProblem as problem:
        return {
            "problem": {
                "line": problem.line,
                "found": problem.found,
                "expected": problem.expected,
                "hint": problem.hint,
            }
        }
    except (MemoryError, OverflowError, RecursionError) as error:
        found = f"too much: {type(error).__name__} {error}".strip()
        return {"problem": {"line": 1, "found": found, "expected": "a small text", "hint": ""}}


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
    os._exit(main(float(sys.argv[1])))
