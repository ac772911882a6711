"""One job of a kube-burner file as the scenario that asks for the same objects and load.

Invariant: an iteration makes `replicas` objects, so the scenario has iterations × replicas; `qps`
is the rate of arrivals and `burst` how many arrive at once, as from its token bucket.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from virtslo.base.errors import ScenarioError
from virtslo.base.paths import is_file
from virtslo.base.units import format_duration
from virtslo.base.yaml_reader import YamlProblem, parse_yaml
from virtslo.config.foreign.kube_burner_fields import MAX_WAIT, Job, JobFields, text_of, with_flags
from virtslo.config.foreign.kube_burner_keys import (
    CHURN_KEYS,
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

LEAST_DELAY: Final = 1.0
"""Seconds between starts of cycles without a delay: kube-burner looks each second whether objects
are gone."""
KINDS: Final = tuple(kind for kind, short in BY_API_KIND.items() if short is not Kind.VMPOOL)
_UNREAD: Final = object()
"""Stands for a template that could not be read, which is a problem already."""


def scenario_name(name: str) -> str:
    """A job's name, of up to 253 characters with points, as a scenario's: at most 63, no point."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())[:63].strip("-") or "workload"


class JobReader:
    """Reads one job that creates."""

    def __init__(self, job: Mapping[str, Any], place: str, path: Path) -> None:
        self._job = job
        self._place = place
        self._path = path
        self._fields = JobFields(job, place)

    def read(self) -> Job:
        """The scenario document, what is wrong and what is done otherwise."""
        self._fields.keys(self._job, self._place, JOB_KEYS, REFUSED_IN_JOBS)
        self._fields.duration("objectDelay", 0.0)  # only checked: objects follow the rate
        if self._job.get("waitWhenFinished") is False:
            expected = "true: nothing can be measured of what is not waited for"
            self._fields.add(f"{self._place}.waitWhenFinished", "false", expected)
        iterations = self._fields.number("jobIterations", 1)
        if self._job.get("jobIterations", 1) != 1 and self._fields.duration(
            "jobIterationDelay", 0.0
        ):
            found = found_text(self._job["jobIterationDelay"])
            expected = "no delay between several iterations: they follow the rate"
            self._fields.add(f"{self._place}.jobIterationDelay", found, expected)
        workload, replicas = self._object(iterations)
        workload |= self._namespaces(iterations, replicas, workload.get("namespace"))
        load, deadlines = self._load(iterations * replicas)
        self._fields.found.document = {
            "apiVersion": API_VERSION,
            "name": scenario_name(text_of(self._job, "name") or self._path.stem),
            "workload": workload,
            "load": load,
            "deadlines": deadlines,
        }
        return self._fields.found

    def _object(self, iterations: int) -> tuple[dict[str, Any], int]:
        objects = self._job.get("objects")
        place = f"{self._place}.objects"
        if not isinstance(objects, list) or len(objects) != 1 or not isinstance(objects[0], dict):
            found = f"{len(objects)} objects" if isinstance(objects, list) else found_text(objects)
            self._fields.add(place, found, "exactly one object", "virtslo measures one kind a run")
            return {}, 1
        spec, place = with_flags(objects[0]), f"{place}[0]"
        self._fields.keys(spec, place, OBJECT_KEYS, REFUSED_IN_OBJECTS)
        if spec.get("wait") is False:
            expected = "true: nothing can be measured of what is not waited for"
            self._fields.add(f"{place}.wait", "false", expected)
        if spec.get("runOnce") and iterations > 1:
            self._fields.add(f"{place}.runOnce", "true", "false, or jobIterations: 1")
        if spec.get("churn") is False and self._job.get("churnConfig"):
            self._fields.add(
                f"{place}.churn", "false", "true: it is the only object that could churn"
            )
        replicas = self._fields.number("replicas", 1, spec, place)
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
            self._fields.add(where, found_text(name), "the path of a template")
            return {}
        template = self._located(name)
        if template is None:
            hint = f"looked in {self._path.parent} and the folders above it"
            self._fields.add(where, repr(name), "a file", hint)
            return {}
        sample = self._sample(template, where, workload["variables"])
        found: dict[str, Any] = {"template": str(template)}
        if sample is _UNREAD:
            return found
        kind = sample.get("kind") if isinstance(sample, dict) else None
        if kind not in KINDS:
            told = found_text(sample) if kind is None else f"the kind {found_text(kind)}"
            self._fields.add(where, told, f"a manifest of one of {', '.join(KINDS)}")
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
            if is_file(candidate):
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
                self._fields.add(place, problem.found, problem.expected, problem.hint)
        except YamlProblem as error:
            self._fields.add(f"{where}: line {error.line}", error.found, error.expected, error.hint)
        return _UNREAD

    def _variables(self, given: Any, place: str) -> dict[str, Any]:
        found = read_variables(given, f"{place}.inputVars")
        self._fields.found.problems += found.problems
        return found.values

    def _namespaces(self, iterations: int, replicas: int, fixed: Any) -> dict[str, Any]:
        """Where objects go: an iteration's together, unless the template itself says where."""
        if self._job.get("namespacedIterations", True) is False:
            namespace = fixed or text_of(self._job, "namespace") or text_of(self._job, "name")
            return {"namespace": str(namespace)} if namespace else {}
        each = self._fields.number("iterationsPerNamespace", 1)
        if fixed:
            return {"namespace": str(fixed)}
        count = math.ceil(iterations / each)
        if count == 1:
            return {}
        self._fields.found.notes.append(
            f"{self._place}.namespacedIterations: {count} namespaces of virtslo's own, filled in "
            f"the order of the iterations, {min(each, iterations)} in each"
        )
        return {"namespaces": count, "objectsPerNamespace": each * replicas}

    def _load(self, count: int) -> tuple[dict[str, Any], dict[str, Any]]:
        load: dict[str, Any] = {"pattern": "burst"}
        qps = self._fields.client_rate()
        burst = self._fields.client_burst()
        arrival: dict[str, Any] = {"process": "constant", "rate": f"{qps:g}/s"}
        if burst > 1:
            arrival["atOnce"] = min(burst, max(1, count))
        load["arrival"] = arrival
        churn = self._churn(count)
        if churn is not None:
            load |= {"pattern": "steady-state", "churn": churn}
        wait = self._fields.duration("maxWaitTimeout", MAX_WAIT) or MAX_WAIT
        return load, {"running": format_duration(wait), "gone": format_duration(wait)}

    def _churn(self, count: int) -> dict[str, Any] | None:
        given = self._job.get("churnConfig")
        place = f"{self._place}.churnConfig"
        if given is None:
            return None
        if not isinstance(given, Mapping):
            self._fields.add(place, found_text(given), "a mapping")
            return None
        self._churn_keys(given, place)
        cycles = self._fields.number("cycles", 0, given, place, least=0)
        length = self._fields.duration("duration", 0.0, given, place)
        if not (cycles or length):
            return None
        objects = self._churn_objects(given, place, count)
        every = self._fields.duration("delay", 0.0, given, place)
        if not every and not cycles:
            expected = "cycles, or a delay: without either there is no end but the duration"
            self._fields.add(f"{place}.duration", found_text(given.get("duration")), expected)
        every = every or LEAST_DELAY
        by_length = max(1, int(length / every)) if length else 0
        chosen = min(filter(None, (cycles, by_length)), default=1)
        self._fields.found.notes.append(
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
                self._fields.add(f"{place}.{key}", "an unknown key", expected, hint)

    def _churn_objects(self, given: Mapping[str, Any], place: str, count: int) -> int:
        """How many objects a cycle replaces: the share rounded down, at least one."""
        percent = self._fields.number("percent", 0, given, place, least=0)
        if percent > 100:
            self._fields.add(f"{place}.percent", str(percent), "at most 100")
        if (given.get("mode") or "namespaces") != "objects":
            expected = "objects: virtslo replaces objects, not whole namespaces"
            self._fields.add(
                f"{place}.mode", found_text(given.get("mode") or "namespaces"), expected
            )
        if self._fields.duration("deleteDelay", 0.0, given, place):
            expected = "0: a victim and its replacement are intended together"
            self._fields.add(f"{place}.deleteDelay", found_text(given["deleteDelay"]), expected)
        return max(1, percent * count // 100)
