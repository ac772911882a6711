"""Workload files of kube-burner that create VMs, VMIs or replica sets, read unchanged.

Invariant: every key of a file is carried out, listed in a note as done otherwise, or refused; what
is refused is listed all at once, each with its path. The file itself is a template over environment
variables, as there.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.yaml_reader import Reading, YamlProblem, parse_yaml
from virtslo.base.yaml_scalars import Rules
from virtslo.config.foreign.kube_burner_job import Job, JobReader, with_flags
from virtslo.config.foreign.kube_burner_keys import GLOBAL_KEYS, ROOT_KEYS
from virtslo.config.problems import found_text, nearest
from virtslo.config.templates.rendering import render_texts
from virtslo.model.plan.scenario import Dialect, Template

PLACES: Final[Mapping[str, str]] = {
    "workload.count": "jobs: jobIterations × replicas",
    "workload.template": "jobs: objects.objectTemplate",
    "workload.variables": "jobs: objects.inputVars",
    "workload.namespace": "jobs: namespace",
    "load.arrival.rate": "jobs: qps",
    "load.churn": "jobs: churnConfig",
    "deadlines.running": "jobs: maxWaitTimeout",
    "name": "jobs: name",
}
_JOBS: Final = re.compile(r"^jobs:\s*(?:#.*)?$", re.MULTILINE)
_UNSET: Final = re.compile(r"the variable '(\w+)', which nothing sets")
UUID: Final = "virtslo"
"""The UUID of a file's own template: where results go, which virtslo does not read."""
_MOST_VARIABLES: Final = 100


def is_workload(text: str) -> bool:
    """Whether a text is a workload of kube-burner: it has `jobs` at the top, and no apiVersion."""
    return bool(_JOBS.search(text)) and not re.search(r"^apiVersion:", text, re.MULTILINE)


def to_document(
    text: str, path: Path, *, environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The scenario document that a workload file stands for. Raises ScenarioError."""
    return _read(text, path, environ).document


def notes_of(text: str, path: Path, *, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """What the file asks for and virtslo does otherwise. Raises ScenarioError."""
    return tuple(_read(text, path, environ).notes)


class _Workload:
    """One file, read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.document: dict[str, Any] = {}

    def read(self, root: Mapping[str, Any]) -> None:
        """Fill in document, problems and notes."""
        self._keys(root, "", ROOT_KEYS)
        settings = root.get("global") or {}
        if isinstance(settings, Mapping):
            self._keys(settings, "global.", GLOBAL_KEYS)
        else:
            self._add("global", found_text(settings), "a mapping")
        jobs = root.get("jobs")
        if not isinstance(jobs, list) or not all(isinstance(job, Mapping) for job in jobs):
            self._add("jobs", found_text(jobs), "a list of jobs")
            return
        creating = []
        for index, job in enumerate(map(with_flags, jobs)):
            kind = job.get("jobType") or "create"
            if kind == "create":
                creating.append((index, job))
            elif kind == "delete":
                self.notes.append(
                    f"jobs[{index}] deletes by label: not carried out, virtslo removes what it "
                    "made itself, and nothing else"
                )
            else:
                self._add(f"jobs[{index}].jobType", repr(kind), "create")
        if len(creating) != 1:
            found = f"{len(creating)} jobs that create"
            self._add("jobs", found, "exactly one", "run them one by one, each from a file")
        for index, job in creating:
            self._job(index, job)

    def _job(self, index: int, job: Mapping[str, Any]) -> None:
        reader = JobReader(job, f"jobs[{index}]", self.path)
        found: Job = reader.read()
        self.problems += found.problems
        self.notes += found.notes
        self.document = found.document

    def _keys(self, mapping: Mapping[str, Any], prefix: str, keys: Mapping[str, str]) -> None:
        for key in mapping:
            if key not in keys:
                hint = nearest(key, list(keys))
                self._add(f"{prefix}{key}", "an unknown key", f"one of {', '.join(keys)}", hint)
            elif keys[key]:
                self.notes.append(f"{prefix}{key}: {keys[key]}")

    def _add(self, place: str, found: str, expected: str, hint: str = "") -> None:
        self.problems.append(Problem(place, found, expected, hint))


def _read(text: str, path: Path, environ: Mapping[str, str] | None) -> _Workload:
    known = os.environ if environ is None else environ
    rendered = _rendered(text, path, known)
    try:
        root = parse_yaml(rendered, Reading(rules=Rules.V3))
    except YamlProblem as error:
        place = f"line {error.line} as rendered"
        problem = Problem(place, error.found, error.expected, error.hint)
        raise ScenarioError(str(path), [problem]) from error
    workload = _Workload(path)
    workload.read(root if isinstance(root, Mapping) else {})
    if workload.problems:
        raise ScenarioError(str(path), workload.problems)
    return workload


def _rendered(text: str, path: Path, environ: Mapping[str, str]) -> str:
    """The file with its actions carried out; every variable that is not set is reported at once."""
    words = set(re.findall(r"\w+", text)) if "{{" in text else set()
    variables = {name: environ[name] for name in sorted(words) if name in environ}
    variables["UUID"] = UUID
    problems: list[Problem] = []
    for _ in range(_MOST_VARIABLES):
        try:
            template = Template(path.name, text, Dialect.GO_TEXT)
            (rendered,) = render_texts(template, [{}], variables)
        except ScenarioError as error:
            (problem,) = error.problems
            unset = _UNSET.search(problem.found)
            if unset is None:
                problems.append(problem)
                break
            name = unset[1]
            place = problem.place.rpartition(", ")[2]
            problems.append(
                Problem(place, f"{{{{.{name}}}}}", "an environment variable", f"export {name}=…")
            )
            variables[name] = "1"
            continue
        if not problems:
            return rendered
        break
    raise ScenarioError(str(path), problems)
