"""Which template a scenario means, and whether it will do.

Invariant: a template of the author's own is rendered once here, for a first object, so that a
template that is no manifest is refused together with everything else that is wrong.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.limits import TEMPLATE_FILE
from virtslo.base.paths import is_file
from virtslo.config.problems import nearest, place_of
from virtslo.config.schema import WorkloadModel
from virtslo.config.templates.builtin import (
    builtin_template,
    builtin_templates,
    builtin_variables,
)
from virtslo.config.templates.rendering import render_manifests
from virtslo.config.yaml_document import read_text
from virtslo.model.plan.scenario import Dialect, Template

RESERVED: Final = ("index", "name", "namespace", "run_id", "replica", "replicas", "group")
_SUFFIXES: Final = (".yaml", ".yml", ".j2", ".jinja", ".tmpl", ".tpl", ".json")
_PLACE: Final = ("workload", "template")


def choose_template(
    workload: WorkloadModel, *, base: Path, places: Mapping[str, str]
) -> tuple[Template | None, list[Problem]]:
    """The template that a workload means, or what is wrong with it."""
    name = workload.template
    problems = _variable_problems(workload, places)
    is_path = "/" in name or "\\" in name or name.endswith(_SUFFIXES)
    if is_path or (name not in builtin_templates() and is_file(base / name)):
        template, found = _own_template(workload, base, places)
        if template is not None and not problems:
            found += _trial_problems(template, workload, places)
        return template, [*problems, *found]
    builtin = builtin_template(name, workload.kind)
    if builtin is None or workload.dialect != "jinja":
        return None, [*problems, _not_builtin(workload, places)]
    known = builtin_variables(name, workload.kind)
    for variable in workload.variables:
        if variable not in known and variable not in RESERVED:
            place = place_of(("workload", "variables", variable), places)
            expected = f"one of {', '.join(known)}"
            hint = nearest(variable, known)
            problems.append(
                Problem(place, f"a variable that template {name!r} does not have", expected, hint)
            )
    return builtin, problems


def trial_context(workload: WorkloadModel) -> dict[str, Any]:
    """The variables of a first object, for trying a template before there is a plan."""
    name = f"{workload.kind.value}-trial-00000"
    return {
        "index": 0,
        "name": name,
        "namespace": workload.namespace or "virtslo-trial-0",
        "run_id": "trial",
        "replica": 1,
        "replicas": -(-workload.count // workload.groups),
        "group": 0,
    }


def _own_template(
    workload: WorkloadModel, base: Path, places: Mapping[str, str]
) -> tuple[Template | None, list[Problem]]:
    path = base / workload.template
    try:
        text = read_text(path, limit=TEMPLATE_FILE, expected="a template file")
    except ScenarioError as error:
        problem = error.problems[0]
        found = f"{workload.template!r} ({problem.found})"
        hint = f"looked for {path}; built-in templates: {', '.join(builtin_templates())}"
        return None, [Problem(place_of(_PLACE, places), found, problem.expected, hint)]
    return Template(workload.template, text, Dialect(workload.dialect)), []


def _trial_problems(
    template: Template, workload: WorkloadModel, places: Mapping[str, str]
) -> list[Problem]:
    try:
        render_manifests(template, [trial_context(workload)], workload.variables, workload.kind)
    except ScenarioError as error:
        prefix = place_of(_PLACE, places)
        return [
            Problem(f"{prefix}: {problem.place}", problem.found, problem.expected, problem.hint)
            for problem in error.problems
        ]
    return []


def _variable_problems(workload: WorkloadModel, places: Mapping[str, str]) -> list[Problem]:
    reserved = RESERVED if workload.dialect == "jinja" else ()
    problems = [
        Problem(
            place_of(("workload", "variables", name), places),
            "a list" if isinstance(value, list) else "a mapping",
            "a text, a number or a boolean",
            "lists and mappings are for templates of the dialect go-text",
        )
        for name, value in workload.variables.items()
        if isinstance(value, list | dict) and workload.dialect != "go-text"
    ]
    return problems + [
        Problem(
            place_of(("workload", "variables", name), places),
            "a variable of virtslo's own",
            "another name",
            f"the run itself sets {', '.join(RESERVED)}",
        )
        for name in workload.variables
        if name in reserved
    ]


def _not_builtin(workload: WorkloadModel, places: Mapping[str, str]) -> Problem:
    name, kind = workload.template, workload.kind
    there = [known for known, kinds in builtin_templates().items() if kind in kinds]
    place = place_of(_PLACE, places)
    expected = f"one of {', '.join(there)} for the kind {kind.value}, or a path"
    if name in there:
        hint = "leave workload.dialect out"
        return Problem(place, f"{name!r} with the dialect {workload.dialect}", expected, hint)
    if name in builtin_templates():
        kinds = ", ".join(known.value for known in builtin_templates()[name])
        return Problem(place, repr(name), expected, f"{name} is there for {kinds}")
    hint = nearest(name, there) or "a path has a / or ends in .yaml"
    return Problem(place, repr(name), expected, hint)
