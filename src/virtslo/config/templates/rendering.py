"""From a template to manifests: rendered in a child process, read with bounds, checked.

Invariant: a template's text is never evaluated in this process, and neither its size nor its time
is without bound. Every manifest is exactly what its own rendered text says.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.yaml_reader import STRICT, YamlProblem
from virtslo.config.manifests.checks import current, manifest_problems
from virtslo.config.manifests.reader import MANIFEST, ManifestReader
from virtslo.config.templates.render_process import RENDERER, RenderFailed
from virtslo.model.identifiers import Object
from virtslo.model.plan.scenario import GENERATION, Dialect, Template
from virtslo.model.plan.workload import Kind

MAX_DOCUMENT: Final = 256 * 1024
MAX_TOTAL: Final = 256 * 1024 * 1024
CHUNK: Final = 20_000
"""How many manifests one child renders, so that its memory does not grow with the count."""
DEADLINE_SECONDS: Final = 60.0
REPLICAS: Final = "replicas of an iteration"
ITERATIONS: Final = "iterations of the job"
"""Variables that say how many objects an iteration of kube-burner makes, and how many iterations
there are; no template can name them."""
UNNAMED: Final = frozenset({REPLICAS, ITERATIONS, GENERATION})


def render_manifests(
    template: Template,
    contexts: Sequence[Mapping[str, Any]],
    variables: Mapping[str, Any],
    kind: Kind,
) -> list[Object]:
    """One manifest for every context. Raises ScenarioError with every problem that was found."""
    reader = ManifestReader(STRICT if template.dialect is Dialect.JINJA else MANIFEST)
    manifests: list[Object] = []
    for start in range(0, len(contexts), CHUNK):
        chunk = contexts[start : start + CHUNK]
        for text, context in zip(render_texts(template, chunk, variables), chunk, strict=True):
            manifests.append(_manifest(reader, text, context, template=template, kind=kind))
    return manifests


def _manifest(
    reader: ManifestReader,
    text: str,
    context: Mapping[str, Any],
    *,
    template: Template,
    kind: Kind,
) -> Object:
    try:
        document: Object = reader.read(text)
    except YamlProblem as error:
        place = f"template {template.name}, line {error.line} as rendered"
        problems = [Problem(place, error.found, error.expected, error.hint)]
        raise ScenarioError(f"template {template.name}", problems) from error
    problems = manifest_problems(document, template.name, kind, context)
    if problems:
        raise ScenarioError(f"template {template.name}", problems)
    return current(document, kind)


def render_texts(
    template: Template, contexts: Sequence[Mapping[str, Any]], variables: Mapping[str, Any]
) -> list[str]:
    """The rendered texts, made in a child process. Raises ScenarioError."""
    request = {
        "dialect": template.dialect.value,
        "text": template.text,
        "variables": {name: value for name, value in variables.items() if name not in UNNAMED},
        "contexts": [_told(context, template.dialect, variables) for context in contexts],
        "max_document": MAX_DOCUMENT,
        "max_total": MAX_TOTAL,
    }
    try:
        answer = json.loads(
            RENDERER.answer(template.dialect.value, json.dumps(request).encode(), DEADLINE_SECONDS)
        )
    except TimeoutError as error:
        raise _failed(template, f"no end within {DEADLINE_SECONDS:g} s") from error
    except RenderFailed as error:
        raise _failed(template, _how_it_ended(error.returncode, error.stderr)) from error
    problem = answer.get("problem")
    if problem is None:
        return list(answer["texts"])
    place = f"template {template.name}, line {problem['line']}"
    raise ScenarioError(
        f"template {template.name}",
        [Problem(place, problem["found"], problem["expected"], problem["hint"])],
    )


def _told(
    context: Mapping[str, Any], dialect: Dialect, variables: Mapping[str, Any]
) -> dict[str, Any]:
    """The variables of a template; in Go's dialect the author's variables win, as they do there."""
    if dialect is Dialect.GO_TEXT:
        return kube_burner_variables(context, variables)
    named = {name: value for name, value in context.items() if name not in UNNAMED}
    if dialect is Dialect.JINJA:
        return named
    ours = {"replica", "namespace"}
    return {name: value for name, value in named.items() if name in ours or name not in variables}


def kube_burner_variables(
    context: Mapping[str, Any], variables: Mapping[str, Any]
) -> dict[str, Any]:
    """kube-burner's variables of an object: its iteration from 0, its replica from 1.

    A replacement has numbers of its own, past those of the job, each time its place is filled: what
    a template names after either number is unique in its namespace.
    """
    if "index" not in context:
        return {}
    replicas, iterations = int(variables.get(REPLICAS, 1)), int(variables.get(ITERATIONS, 0))
    iteration, replica = divmod(int(context["index"]), replicas)
    generation = int(context.get(GENERATION, 0))
    told = {
        "Iteration": iteration + generation * iterations,
        "Replica": replica + 1 + generation * replicas,
        "UUID": context["run_id"],
        "RunID": context["run_id"],
    }
    return {name: value for name, value in told.items() if name not in variables}


def _how_it_ended(returncode: int, stderr: bytes) -> str:
    if returncode == -24:
        return "more processor time than it may take"
    if b"MemoryError" in stderr or returncode in {-6, -9, -11}:
        return "more memory than it may take"
    last = stderr.decode(errors="replace").strip().splitlines()[-1:] or [f"code {returncode}"]
    return f"a failure: {last[0][:200]}"


def _failed(template: Template, found: str) -> ScenarioError:
    problem = Problem(
        f"template {template.name}",
        found,
        "a template that renders within bounds",
        "look for large repetitions or loops",
    )
    return ScenarioError(f"template {template.name}", [problem])
