"""One job of a kube-burner file as the scenario that asks for the same objects and load.

Invariant: an iteration makes `replicas` objects, so the scenario has iterations × replicas; `qps`
is the rate of arrivals and `burst` how many arrive at once, as from its token bucket.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.units import format_duration, parse_duration
from virtslo.base.yaml_reader import GoMapping, YamlProblem, parse_yaml
from virtslo.base.yaml_scalars import NO, YES
from virtslo.config.field_types import MAX_COUNT
from virtslo.config.foreign.kube_burner_keys import (
    CHURN_KEYS,
    FLAGS,
    JOB_KEYS,
    OBJECT_KEYS,
    REFUSED_IN_JOBS,
    REFUSED_IN_OBJECTS,
)
from virtslo.config.foreign.kube_burner_variables import read_variables
from virtslo.config.manifests.reader import MANIFEST
from virtslo.config.problems import found_text, nearest
from virtslo.config.schema import API_VERSION
from virtslo.config.templates.rendering import ITERATIONS, REPLICAS, render_texts
from virtslo.config.yaml_document import read_text
from virtslo.model.plan.scenario import Dialect, Template
from virtslo.model.plan.workload import BY_API_KIND, TRAITS, Kind

MAX_WAIT: Final = 4 * 3600.0
DEFAULT_QPS: Final = 5.0
"""client-go's requests a second where a configuration gives none."""
DEFAULT_BURST: Final = 10
LEAST_DELAY: Final = 1.0
"""Seconds between starts of cycles without a delay: kube-burner looks each second whether objects
are gone."""
KINDS: Final = tuple(kind for kind, short in BY_API_KIND.items() if short is not Kind.VMPOOL)
_UNREAD: Final = object()
"""Stands for a template that could not be read, which is a problem already."""


@dataclass(slots=True)
class Job:
    """What a job came to."""

    document: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def scenario_name(name: str) -> str:
    """A job's name, of up to 253 characters with points, as a scenario's: at most 63, no point."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:63].strip("-") or "workload"


def with_flags(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    """A job or an object whose booleans may be words, as yaml.v3 takes them where it wants one."""
    changed = GoMapping()
    changed.update(mapping)
    if isinstance(mapping, GoMapping):
        changed.texts, changed.has_other_keys = mapping.texts, mapping.has_other_keys
    for key in FLAGS & mapping.keys():
        value = mapping[key]
        if isinstance(value, str) and value in YES | NO:
            changed[key] = value in YES
    return changed


def text_of(mapping: Mapping[str, Any], key: str) -> str:
    """A value where kube-burner wants a text: what was written, also for a number."""
    text = mapping.text_of(key) if isinstance(mapping, GoMapping) else mapping.get(key)
    return text if isinstance(text, str) else ""


class JobReader:
    """Reads one job that creates."""

    def __init__(self, job: Mapping[str, Any], place: str, path: Path) -> None:
        self._job = job
        self._place = place
        self._path = path
        self._found = Job()

    def read(self) -> Job:
        """The scenario document, what is wrong and what is done otherwise."""
        self._keys(self._job, self._place, JOB_KEYS, REFUSED_IN_JOBS)
        if self._job.get("waitWhenFinished") is False:
            expected = "true: nothing can be measured of what is not waited for"
            self._add(f"{self._place}.waitWhenFinished", "false", expected)
        iterations = self._number("jobIterations", 1)
        if self._job.get("jobIterations", 1) != 1 and self._duration("jobIterationDelay", 0.0):
            found = found_text(self._job["jobIterationDelay"])
            expected = "no delay between several iterations: they follow the rate"
            self._add(f"{self._place}.jobIterationDelay", found, expected)
        workload, replicas = self._object(iterations)
        workload |= self._namespaces(iterations, replicas, workload.get("namespace"))
        load, deadlines = self._load(iterations * replicas)
        self._found.document = {
            "apiVersion": API_VERSION,
            "name": scenario_name(text_of(self._job, "name") or self._path.stem),
            "workload": workload,
            "load": load,
            "deadlines": deadlines,
        }
        return self._found

    def _object(self, iterations: int) -> tuple[dict[str, Any], int]:
        objects = self._job.get("objects")
        place = f"{self._place}.objects"
        if not isinstance(objects, list) or len(objects) != 1 or not isinstance(objects[0], dict):
            found = f"{len(objects)} objects" if isinstance(objects, list) else found_text(objects)
            self._add(place, found, "exactly one object", "virtslo measures one kind a run")
            return {}, 1
        spec, place = with_flags(objects[0]), f"{place}[0]"
        self._keys(spec, place, OBJECT_KEYS, REFUSED_IN_OBJECTS)
        if spec.get("wait") is False:
            expected = "true: nothing can be measured of what is not waited for"
            self._add(f"{place}.wait", "false", expected)
        if spec.get("runOnce") and iterations > 1:
            self._add(f"{place}.runOnce", "true", "false, or jobIterations: 1")
        if spec.get("churn") is False and self._job.get("churnConfig"):
            self._add(f"{place}.churn", "false", "true: it is the only object that could churn")
        replicas = self._number("replicas", 1, spec, place)
        variables = self._variables(spec.get("inputVars"), place)
        workload: dict[str, Any] = {
            "dialect": Dialect.GO_TEXT.value,
            "count": iterations * replicas,
            "variables": {
                "JobName": text_of(self._job, "name"),
                **variables,
                REPLICAS: replicas,
                ITERATIONS: iterations,
            },
        }
        return workload | self._template(spec, place, workload), replicas

    def _template(
        self, spec: Mapping[str, Any], place: str, workload: Mapping[str, Any]
    ) -> dict[str, Any]:
        where = f"{place}.objectTemplate"
        name = spec.get("objectTemplate")
        if not isinstance(name, str) or not name:
            self._add(where, found_text(name), "the path of a template")
            return {}
        template = self._located(name)
        if template is None:
            hint = f"looked in {self._path.parent} and the folders above it"
            self._add(where, repr(name), "a file", hint)
            return {}
        sample = self._sample(template, where, workload["variables"])
        found: dict[str, Any] = {"template": str(template)}
        if sample is _UNREAD:
            return found
        kind = sample.get("kind") if isinstance(sample, dict) else None
        if kind not in KINDS:
            told = found_text(sample) if kind is None else f"the kind {found_text(kind)}"
            self._add(where, told, f"a manifest of one of {', '.join(KINDS)}")
            return found
        found["kind"] = kind
        metadata = sample.get("metadata")
        if isinstance(metadata, dict) and metadata.get("namespace"):
            found["namespace"] = metadata["namespace"]
        if TRAITS[BY_API_KIND[kind]].is_group:
            members = (sample.get("spec") or {}).get("replicas", 1)
            found |= {"groups": workload["count"], "count": workload["count"] * int(members)}
        return found

    def _located(self, name: str) -> Path | None:
        """A template beside the file, or where its path begins: a folder above."""
        for folder in (self._path.parent, *self._path.resolve().parent.parents):
            candidate = (folder / name).resolve()
            if candidate.is_file():
                return candidate
        return None

    def _sample(self, template: Path, where: str, variables: Mapping[str, Any]) -> Any:
        try:
            text = read_text(template, expected="a template file")
            told = {"index": 0, "run_id": "trial"}
            of = Template(template.name, text, Dialect.GO_TEXT)
            return parse_yaml(render_texts(of, [told], variables)[0], MANIFEST)
        except ScenarioError as error:
            for problem in error.problems:
                place = f"{where}: {problem.place}"
                self._add(place, problem.found, problem.expected, problem.hint)
        except YamlProblem as error:
            self._add(f"{where}: line {error.line}", error.found, error.expected, error.hint)
        return _UNREAD

    def _variables(self, given: Any, place: str) -> dict[str, Any]:
        found = read_variables(given, f"{place}.inputVars")
        self._found.problems += found.problems
        return found.values

    def _namespaces(self, iterations: int, replicas: int, fixed: Any) -> dict[str, Any]:
        """Where objects go: an iteration's together, unless the template itself says where."""
        if self._job.get("namespacedIterations", True) is False:
            namespace = fixed or text_of(self._job, "namespace") or text_of(self._job, "name")
            return {"namespace": str(namespace)} if namespace else {}
        each = self._number("iterationsPerNamespace", 1)
        if fixed:
            return {"namespace": str(fixed)}
        count = math.ceil(iterations / each)
        if count == 1:
            return {}
        self._found.notes.append(
            f"{self._place}.namespacedIterations: {count} namespaces of virtslo's own, filled in "
            f"the order of the iterations, {min(each, iterations)} in each"
        )
        return {"namespaces": count, "objectsPerNamespace": each * replicas}

    def _load(self, count: int) -> tuple[dict[str, Any], dict[str, Any]]:
        load: dict[str, Any] = {"pattern": "burst"}
        qps = self._client_rate()
        burst = self._client_burst()
        arrival: dict[str, Any] = {"process": "constant", "rate": f"{qps:g}/s"}
        if burst > 1:
            arrival["atOnce"] = min(burst, max(1, count))
        load["arrival"] = arrival
        churn = self._churn(count)
        if churn is not None:
            load |= {"pattern": "steady-state", "churn": churn}
        wait = self._duration("maxWaitTimeout", MAX_WAIT) or MAX_WAIT
        return load, {"running": format_duration(wait), "gone": format_duration(wait)}

    def _churn(self, count: int) -> dict[str, Any] | None:
        given = self._job.get("churnConfig")
        place = f"{self._place}.churnConfig"
        if given is None:
            return None
        if not isinstance(given, Mapping):
            self._add(place, found_text(given), "a mapping")
            return None
        self._churn_keys(given, place)
        cycles = self._number("cycles", 0, given, place, least=0)
        length = self._duration("duration", 0.0, given, place)
        if not (cycles or length):
            return None
        objects = self._churn_objects(given, place, count)
        every = self._duration("delay", 0.0, given, place)
        if not every and not cycles:
            expected = "cycles, or a delay: without either there is no end but the duration"
            self._add(f"{place}.duration", found_text(given.get("duration")), expected)
        every = every or LEAST_DELAY
        by_length = max(1, int(length / every)) if length else 0
        chosen = min(filter(None, (cycles, by_length)), default=1)
        self._found.notes.append(
            f"{place}: {chosen} cycles of {objects} objects, the oldest first, start every "
            f"{format_duration(every)}, whether or not the one before has ended; kube-burner waits "
            "for it first"
        )
        return {
            "objects": objects,
            "cycles": chosen,
            "every": format_duration(every),
            "victims": "oldest",
        }

    def _churn_keys(self, given: Mapping[str, Any], place: str) -> None:
        for key in given:
            if key not in CHURN_KEYS:
                hint = nearest(key, CHURN_KEYS)
                expected = f"one of {', '.join(CHURN_KEYS)}"
                self._add(f"{place}.{key}", "an unknown key", expected, hint)

    def _churn_objects(self, given: Mapping[str, Any], place: str, count: int) -> int:
        """How many objects a cycle replaces: the share rounded down, at least one."""
        percent = self._number("percent", 0, given, place, least=0)
        if percent > 100:
            self._add(f"{place}.percent", str(percent), "at most 100")
        if (given.get("mode") or "namespaces") != "objects":
            expected = "objects: virtslo replaces objects, not whole namespaces"
            self._add(f"{place}.mode", found_text(given.get("mode") or "namespaces"), expected)
        if self._duration("deleteDelay", 0.0, given, place):
            expected = "0: a victim and its replacement are intended together"
            self._add(f"{place}.deleteDelay", found_text(given["deleteDelay"]), expected)
        return max(1, percent * count // 100)

    def _number(
        self,
        key: str,
        default: int,
        mapping: Mapping[str, Any] | None = None,
        place: str = "",
        *,
        least: int = 1,
    ) -> int:
        value = (self._job if mapping is None else mapping).get(key)
        if value is None:
            return default
        if isinstance(value, float):
            value = int(value)  # as yaml.v3 does where a whole number is asked for
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if not is_number or not least <= value <= MAX_COUNT:
            expected = f"a whole number from {least} to {MAX_COUNT}"
            self._add(f"{place or self._place}.{key}", found_text(value), expected)
            return max(default, least)
        return int(value)

    def _client_rate(self) -> float:
        """Requests a second: where it is absent or no positive number, client-go's own."""
        value = self._job.get("qps")
        if value is None:
            return DEFAULT_QPS
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._add(f"{self._place}.qps", found_text(value), "a number of requests a second")
            return DEFAULT_QPS
        if value > 0:
            return float(value)
        self._found.notes.append(
            f"{self._place}.qps: {value:g} stands for client-go's default, {DEFAULT_QPS:g} "
            "requests a second, as in kube-burner"
        )
        return DEFAULT_QPS

    def _client_burst(self) -> int:
        """How many requests go at once: where it is absent or not positive, client-go's own."""
        value = self._job.get("burst")
        if isinstance(value, int) and not isinstance(value, bool) and value <= 0:
            self._found.notes.append(
                f"{self._place}.burst: {value} stands for client-go's default, {DEFAULT_BURST} at "
                "once, as in kube-burner"
            )
            return DEFAULT_BURST
        return self._number("burst", DEFAULT_BURST)

    def _duration(
        self,
        key: str,
        default: float,
        mapping: Mapping[str, Any] | None = None,
        place: str = "",
    ) -> float:
        value = (self._job if mapping is None else mapping).get(key)
        if value is None:
            return default
        try:
            return parse_duration(value) if value != 0 else 0.0
        except (ValueError, TypeError, AttributeError):
            where = f"{place or self._place}.{key}"
            self._add(where, found_text(value), "a duration such as 5m")
            return default

    def _keys(
        self,
        mapping: Mapping[str, Any],
        place: str,
        keys: Mapping[str, str],
        refused: Mapping[str, str],
    ) -> None:
        for key, value in mapping.items():
            where = f"{place}.{key}"
            if key in refused:
                if value not in (None, False, 0, "", "0", "0s", [], {}):
                    self._add(where, found_text(value), refused[key])
            elif key not in keys:
                hint = nearest(key, [*keys, *refused])
                self._add(where, "an unknown key", f"one of {', '.join(keys)}", hint)
            elif keys[key] and value not in (None, False):
                self._found.notes.append(f"{where}: {keys[key]}")

    def _add(self, place: str, found: str, expected: str, hint: str = "") -> None:
        self._found.problems.append(Problem(place, found, expected, hint))
