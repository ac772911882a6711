"""Workload files of KubeVirt's perfscale-load-generator, read unchanged.

Invariant: a workload that the load generator would run becomes the scenario document that asks for
the same objects under the same load; where the generator's own reading is a mistake (a type it does
not know, a count of nothing), the file is refused with words.

Its timeouts of 30 s or less become 5 min, as there; its `iteration` is never set; `timeout` is the
deadline of a burst and the length of the churn of a steady state.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from virtslo.base.clock import to_seconds
from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.units import format_duration, parse_duration
from virtslo.base.yaml_reader import STRICT, Reading, YamlProblem, parse_yaml
from virtslo.base.yaml_scalars import Rules
from virtslo.config.field_types import MAX_COUNT, MAX_SECONDS
from virtslo.config.manifests.reader import MANIFEST
from virtslo.config.problems import found_text, nearest
from virtslo.config.schema import API_VERSION
from virtslo.config.templates.rendering import render_texts
from virtslo.config.yaml_document import read_text
from virtslo.model.identifiers import Object
from virtslo.model.plan.scenario import Dialect, Template
from virtslo.model.plan.workload import BY_API_KIND, TRAITS, Kind

KEYS: Final = ("name", "type", "timeout", "count", "churn", "minChurnSleep", "object")
OBJECT_KEYS: Final = ("templateFile", "objectTemplate", "inputVars")
PLACES: Final[Mapping[str, str]] = {
    "workload.count": "count",
    "workload.template": "object.templateFile",
    "workload.variables": "object.inputVars",
    "workload.namespace": "object.inputVars.namespace",
    "load.churn.objects": "churn",
    "load.churn.cycles": "timeout",
    "load.churn.every": "minChurnSleep",
}
_TOP_LEVEL_KEY: Final = re.compile(r"^([A-Za-z]+):", re.MULTILINE)
_AS_THERE: Final = Reading(rules=Rules.SIGS)
_SHORTEST: Final = 30.0
_TIMEOUT: Final = 300.0
_SLEEP: Final = 20.0
_MAX_CYCLES: Final = 10_000
_DEFAULTS: Final = {
    "containerPrefix": ("DOCKER_PREFIX", "registry:5000/kubevirt"),
    "containerTag": ("DOCKER_TAG", "devel"),
}


def reading_of(text: str) -> Reading:
    """How a text is read: one that has a workload's keys at its top as the generator reads it."""
    keys = set(_TOP_LEVEL_KEY.findall(text))
    is_other = not keys.isdisjoint({"apiVersion", "workload"})
    is_workload = "object" in keys or {"count", "type"} <= keys
    return _AS_THERE if is_workload and not is_other else STRICT


def is_workload(document: Mapping[str, Any]) -> bool:
    """Whether a document without an apiVersion has the keys of a workload file."""
    return "workload" not in document and (
        "object" in document or ("count" in document and "type" in document)
    )


def to_document(
    document: Mapping[str, Any], path: Path, *, environ: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The scenario document that a workload file stands for. Raises ScenarioError."""
    reader = _Reader(document, path, os.environ if environ is None else environ)
    result = reader.read()
    if reader.problems:
        raise ScenarioError(str(path), reader.problems)
    return result


@dataclass(slots=True)
class _Reader:
    """Reads one workload file, collecting problems."""

    document: Mapping[str, Any]
    path: Path
    environ: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def read(self) -> dict[str, Any]:
        """The scenario document; meaningful only if no problem was found."""
        self._check_keys(self.document, "", KEYS)
        pattern = self._choice("type", ("burst", "steady-state"), "burst")
        count = self._count("count", least=1)
        timeout = self._duration("timeout", 0.0)
        timeout = _TIMEOUT if timeout <= _SHORTEST else timeout
        load: dict[str, Any] = {"pattern": pattern}
        deadlines: dict[str, Any] = {}
        if pattern == "steady-state":
            load["churn"] = self._churn(timeout)
        else:
            self._count("churn", least=0)
            deadlines = {"running": format_duration(timeout)}
        workload = self._workload(count)
        return {
            "apiVersion": API_VERSION,
            "name": self._name(),
            "workload": workload,
            "load": load,
            "deadlines": deadlines,
        }

    def _workload(self, count: int) -> dict[str, Any]:
        spec = self.document.get("object")
        if not isinstance(spec, Mapping):
            self._add("object", found_text(spec), "a mapping with templateFile and inputVars")
            return {}
        self._check_keys(spec, "object.", OBJECT_KEYS)
        variables = self._variables(spec.get("inputVars"))
        namespace = variables.pop("namespace", None)
        if namespace is not None and not isinstance(namespace, str):
            self._add("object.inputVars.namespace", found_text(namespace), "a text")
            namespace = None
        workload: dict[str, Any] = {"variables": variables, "dialect": "go", "count": count}
        file_name = spec.get("templateFile")
        if not isinstance(file_name, str) or not file_name:
            self._add("object.templateFile", found_text(file_name), "the path of a template")
            return workload
        workload["template"] = f"./{file_name}"
        sample = self._sample(workload["template"], {**variables, "namespace": namespace or ""})
        if sample is not None:
            workload |= self._from_sample(sample, count)
            namespace = namespace or sample.get("metadata", {}).get("namespace")
        if namespace:
            workload["namespace"] = namespace
        return workload

    def _sample(self, template: str, variables: Mapping[str, Any]) -> Object | None:
        """The first object, from which the kind is learnt."""
        place = "object.templateFile"
        try:
            text = read_text(self.path.parent / template, expected="a template file")
            rendered = render_texts(
                Template(template, text, Dialect.GO), [{"replica": 1}], variables
            )
            sample = parse_yaml(rendered[0], MANIFEST)
        except ScenarioError as error:
            for problem in error.problems:
                where = f"{place}: {problem.place}"
                self._add(where, problem.found, problem.expected, problem.hint)
            return None
        except YamlProblem as error:
            self._add(f"{place}: line {error.line}", error.found, error.expected, error.hint)
            return None
        kind = sample.get("kind") if isinstance(sample, dict) else None
        if kind not in BY_API_KIND or not isinstance(sample, dict):
            found = found_text(sample) if kind is None else f"the kind {found_text(kind)}"
            self._add(place, found, f"a manifest of one of {', '.join(BY_API_KIND)}")
            return None
        if not isinstance(sample.get("metadata", {}), dict):
            self._add(f"{place}: metadata", found_text(sample["metadata"]), "a mapping")
            return None
        return sample

    def _from_sample(self, sample: Object, count: int) -> dict[str, Any]:
        kind: Kind = BY_API_KIND[sample["kind"]]
        if not TRAITS[kind].is_group:
            return {"kind": sample["kind"]}
        spec = sample.get("spec")
        replicas = spec.get("replicas", 1) if isinstance(spec, dict) else 1
        if isinstance(replicas, bool) or not isinstance(replicas, int) or replicas < 1:
            place = "object.templateFile: spec.replicas"
            self._add(place, found_text(replicas), "a whole number of at least 1")
            replicas = 1
        return {"kind": sample["kind"], "groups": count, "count": count * replicas}

    def _variables(self, given: Any) -> dict[str, Any]:
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            self._add("object.inputVars", found_text(given), "a mapping")
            return {}
        variables = dict(given)
        for name, value in given.items():
            if isinstance(value, Mapping | list):
                place = f"object.inputVars.{name}"
                self._add(place, found_text(value), "a text, a number or a boolean")
        for name in ("replica",):
            variables.pop(name, None)
        for name, (variable, default) in _DEFAULTS.items():
            if variables.get(name) == "":
                variables[name] = self.environ.get(variable) or default
        return variables

    def _churn(self, timeout: float) -> dict[str, Any]:
        objects = self._count("churn", least=1)
        sleep = self._duration("minChurnSleep", _SLEEP)
        sleep = _SLEEP if sleep < 1e-6 else max(sleep, 1e-3)
        cycles = max(1, int(timeout / sleep))
        if cycles > _MAX_CYCLES:
            hint = f"timeout ({format_duration(timeout)}) ÷ minChurnSleep is the number of cycles"
            self._add("minChurnSleep", f"{cycles} cycles", f"at most {_MAX_CYCLES} cycles", hint)
        return {"objects": objects, "cycles": cycles, "every": format_duration(sleep)}

    def _name(self) -> str:
        name = self.document.get("name")
        if name is not None and not isinstance(name, str):
            self._add("name", found_text(name), "a text")
        text = name if isinstance(name, str) and name else self.path.stem
        return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-") or "workload"

    def _choice(self, key: str, words: tuple[str, ...], default: str) -> str:
        value = self.document.get(key)
        if value is None or value == "":
            return default
        if value not in words:
            self._add(key, found_text(value), f"one of {', '.join(words)}", nearest(value, words))
            return default
        return str(value)

    def _count(self, key: str, *, least: int) -> int:
        value = self.document.get(key, 0)
        if isinstance(value, bool) or not isinstance(value, int):
            self._add(key, found_text(value), "a whole number")
        elif not least <= value <= MAX_COUNT:
            self._add(key, found_text(value), f"a whole number from {least} to {MAX_COUNT}")
        else:
            return value
        return max(1, least)

    def _duration(self, key: str, default: float) -> float:
        """Seconds of a Go duration, or of a number of nanoseconds."""
        value = self.document.get(key)
        if value is None:
            return default
        seconds: float | None = None
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = to_seconds(value) if abs(value) < 1e19 else None
        elif isinstance(value, str):
            try:
                sign = -1 if value.startswith("-") else 1
                seconds = sign * parse_duration(value.lstrip("+-"))
            except ValueError:
                seconds = None
        if seconds is None or seconds > MAX_SECONDS:
            expected = "a duration such as 10m, or a number of nanoseconds, of at most 168h"
            self._add(key, found_text(value), expected)
            return default
        return seconds

    def _check_keys(self, mapping: Mapping[str, Any], prefix: str, keys: tuple[str, ...]) -> None:
        for key in mapping:
            if key not in keys:
                hint = nearest(key, keys)
                self._add(f"{prefix}{key}", "an unknown key", f"one of {', '.join(keys)}", hint)

    def _add(self, place: str, found: str, expected: str, hint: str = "") -> None:
        self.problems.append(Problem(place, found, expected, hint))
