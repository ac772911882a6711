"""Workload files of kube-burner that create VMs, VMIs or replica sets and act on them, read as they
are.

Invariant: every key of a file is carried out, listed in a note as done otherwise, or refused; what
is refused is listed all at once, each with its path. The file itself is a template over environment
variables and user data, as there.
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.json_reader import JsonProblem, parse_json
from virtslo.base.yaml_reader import Reading, YamlProblem, parse_yaml
from virtslo.base.yaml_scalars import Rules
from virtslo.config.foreign.kube_burner_actions import ActionsReader
from virtslo.config.foreign.kube_burner_fields import (
    MAX_WAIT,
    Job,
    JobFields,
    text_of,
    wanted_form,
    with_flags,
)
from virtslo.config.foreign.kube_burner_job import JobReader
from virtslo.config.foreign.kube_burner_keys import GLOBAL_KEYS, ROOT_KEYS
from virtslo.config.foreign.kube_burner_variables import read_user_data
from virtslo.config.problems import found_text, nearest
from virtslo.config.schema import MAX_STEPS
from virtslo.config.templates.rendering import render_texts
from virtslo.model.plan.scenario import Dialect, Template

PLACES: Final[Mapping[str, str]] = {
    "workload.count": "jobs: jobIterations × replicas",
    "workload.template": "jobs: objects.objectTemplate",
    "workload.variables": "jobs: objects.inputVars",
    "workload.namespace": "jobs: namespace",
    "load.arrival.rate": "jobs: qps",
    "load.churn": "jobs: churnConfig",
    "load.actions": "jobs: kubeVirtOp",
    "deadlines.running": "jobs: maxWaitTimeout",
    "name": "jobs: name",
}
CREATE: Final = "create"
DELETE: Final = "delete"
KUBEVIRT: Final = "kubevirt"
TYPES: Final = (CREATE, DELETE, KUBEVIRT, "patch", "read")
REFUSED_TYPES: Final[Mapping[str, str]] = {
    "patch": "virtslo changes its machines by actions only (start, stop, restart, pause, unpause, "
    "migrate), because what a patch brings about cannot be known from the file",
    "read": "virtslo measures what becomes of objects, and a read changes none",
}
_JOBS: Final = re.compile(
    r"^(?:jobs|\"jobs\"|'jobs')[ \t]*:(?:[ \t\r]*(?:#.*)?$|[ \t]+\[)", re.MULTILINE
)
_UNSET: Final = re.compile(r"the variable '(\w+)', which nothing sets")
UUID: Final = "virtslo"
"""The UUID of a file's own template: where results go, which virtslo does not read."""
_MOST_VARIABLES: Final = 100


def is_workload(text: str) -> bool:
    """Whether a text is a workload of kube-burner: it has `jobs` at the top, and no apiVersion."""
    text = text.removeprefix("\ufeff")
    if _is_json_workload(text):
        return True
    return bool(_JOBS.search(text)) and not re.search(r"^apiVersion:", text, re.MULTILINE)


def _is_json_workload(text: str) -> bool:
    """Whether a text is JSON, which is YAML too, with a workload's keys at the top."""
    if not text.lstrip().startswith("{"):
        return False
    try:
        document = parse_json(text.encode())
    except JsonProblem:
        return False
    return isinstance(document, dict) and "jobs" in document and "apiVersion" not in document


def to_document(
    text: str,
    path: Path,
    *,
    environ: Mapping[str, str] | None = None,
    user_data: Path | None = None,
) -> dict[str, Any]:
    """The scenario document that a workload file stands for. Raises ScenarioError.

    `user_data` is a file of values for the file's own template, which win over the environment.
    """
    return _read(text, path, environ, user_data).document


def notes_of(
    text: str,
    path: Path,
    *,
    environ: Mapping[str, str] | None = None,
    user_data: Path | None = None,
) -> tuple[str, ...]:
    """What the file asks for and virtslo does otherwise. Raises ScenarioError."""
    return tuple(_read(text, path, environ, user_data).notes)


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
        settings = root.get("global")
        settings = {} if settings is None else settings
        if isinstance(settings, Mapping):
            self._keys(with_flags(settings), "global.", GLOBAL_KEYS)
        else:
            self._add("global", found_text(settings), "a mapping")
        jobs = root.get("jobs")
        if not isinstance(jobs, list) or not all(isinstance(job, Mapping) for job in jobs):
            self._add("jobs", found_text(jobs), "a list of jobs")
            return
        types = [self._type(index, job) for index, job in enumerate(map(with_flags, jobs))]
        creating = [index for index, kind in enumerate(types) if kind == CREATE]
        if len(creating) != 1:
            found = f"{len(creating)} jobs that create"
            self._add("jobs", found, "exactly one", "run them one by one, each from a file")
        for index in creating:
            self._job(index, with_flags(jobs[index]))
        for index, kind in enumerate(types):
            if kind == KUBEVIRT and len(creating) == 1:
                self._actions(index, with_flags(jobs[index]), jobs[creating[0]], creating[0], types)

    def _type(self, index: int, job: Mapping[str, Any]) -> str:
        """What a job does; what is not carried out is noted or refused."""
        kind = job.get("jobType") or CREATE
        if kind == DELETE:
            self.notes.append(
                f"jobs[{index}] deletes by label: not carried out, virtslo removes what it "
                "made itself, and nothing else"
            )
        elif kind not in (CREATE, KUBEVIRT):
            words = REFUSED_TYPES.get(kind) if isinstance(kind, str) else None
            expected = f"{CREATE} or {KUBEVIRT}" + (f": {words}" if words else "")
            hint = "" if words or not isinstance(kind, str) else nearest(kind, list(TYPES))
            self._add(f"jobs[{index}].jobType", repr(kind), expected, hint)
        return str(kind)

    def _job(self, index: int, job: Mapping[str, Any]) -> None:
        self._take(JobReader(job, f"jobs[{index}]", self.path).read())

    def _actions(
        self,
        index: int,
        job: Mapping[str, Any],
        creator: Mapping[str, Any],
        created_by: int,
        types: Sequence[str],
    ) -> None:
        """Append the steps of a job that acts on the machines of the one that creates."""
        place = f"jobs[{index}]"
        if index < created_by:
            expected = f"a job after jobs[{created_by}], which creates the machines"
            self._add(place, "a job that acts on machines before they are created", expected)
        if DELETE in types[created_by:index]:
            words = "a job that acts on machines after one that deletes"
            expected = "no job that deletes between the two: virtslo would not carry it out"
            self._add(place, words, expected)
        if self.document.get("load", {}).get("churn"):
            words = "a job that acts on machines that were churned"
            expected = "no churnConfig where machines are acted on: run the two one by one"
            self._add(place, words, expected)
        deadline = JobFields(creator, "").duration("maxWaitTimeout", MAX_WAIT) or MAX_WAIT
        name = text_of(creator, "name")
        document = self.document
        found = ActionsReader(job, place, creating=name, deadline=deadline).read()
        self._take(found)
        steps = found.document.get("actions", [])
        self.document = document
        load = document.setdefault("load", {})
        load["actions"] = [*load.get("actions", []), *steps]
        if len(load["actions"]) > MAX_STEPS:
            words = f"{len(load['actions'])} actions with those of the jobs before it"
            self._add(place, words, f"at most {MAX_STEPS} in a file")

    def _take(self, found: Job) -> None:
        self.problems += found.problems
        self.notes += found.notes
        self.document = found.document

    def _keys(self, mapping: Mapping[str, Any], prefix: str, keys: Mapping[str, str]) -> None:
        for key, value in mapping.items():
            if key not in keys:
                hint = nearest(key, list(keys))
                self._add(f"{prefix}{key}", "an unknown key", f"one of {', '.join(keys)}", hint)
            elif expected := wanted_form(key, value):
                self._add(f"{prefix}{key}", found_text(value), expected)
            elif keys[key]:
                self.notes.append(f"{prefix}{key}: {keys[key]}")

    def _add(self, place: str, found: str, expected: str, hint: str = "") -> None:
        self.problems.append(Problem(place, found, expected, hint))


def _read(
    text: str, path: Path, environ: Mapping[str, str] | None, user_data: Path | None
) -> _Workload:
    known = os.environ if environ is None else environ
    rendered = _rendered(text, path, known, {} if user_data is None else read_user_data(user_data))
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


def _rendered(
    text: str, path: Path, environ: Mapping[str, str], user_data: Mapping[str, Any]
) -> str:
    """The file with its actions carried out; every variable that is not set is reported at once."""
    words = set(re.findall(r"\w+", text)) if "{{" in text else set()
    variables: dict[str, Any] = {name: environ[name] for name in sorted(words) if name in environ}
    variables |= {**user_data, "UUID": UUID}
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
