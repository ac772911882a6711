"""From a template to manifests: rendered in a child process, read with bounds, checked.

Invariant: a manifest is one object of the workload's own kind that says nothing about where or
under whom it lives; equal parts of manifests are one shared value, because objects are immutable
by contract. Every manifest is exactly what its own rendered text says.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.config.yaml_document import YamlProblem, parse_yaml
from virtslo.model.identifiers import Object
from virtslo.model.resources import Resource
from virtslo.model.scenario import Template
from virtslo.model.workload import TRAITS, Kind

MAX_DOCUMENT: Final = 256 * 1024
MAX_TOTAL: Final = 256 * 1024 * 1024
DEADLINE_SECONDS: Final = 60.0
CHILD: Final = "virtslo.config.render_child"

_TOP_LEVEL_KEY: Final = re.compile(r"^(?=[A-Za-z_][\w.-]*:(?:[ \t]|$))", re.MULTILINE)
_MARKER: Final = re.compile(r"^(?:---|\.\.\.|%)", re.MULTILINE)
_FOREIGN_METADATA: Final = {
    "ownerReferences": "an object of a load test belongs to nobody: remove it",
    "finalizers": "a finalizer would keep the object when the run cleans up: remove it",
    "resourceVersion": "the server sets it: remove it",
    "uid": "the server sets it: remove it",
    "deletionTimestamp": "the server sets it: remove it",
}


def render_manifests(
    template: Template,
    contexts: Sequence[Mapping[str, Any]],
    variables: Mapping[str, Any],
    kind: Kind,
) -> list[Object]:
    """One manifest for every context. Raises ScenarioError with every problem that was found."""
    texts = render_texts(template, contexts, variables)
    reader = _ManifestReader()
    manifests: list[Object] = []
    for text, context in zip(texts, contexts, strict=True):
        problems: list[Problem] = []
        try:
            document = reader.read(text)
        except YamlProblem as error:
            place = f"template {template.name}, line {error.line} as rendered"
            problems = [Problem(place, error.found, error.expected, error.hint)]
        else:
            problems = manifest_problems(document, template.name, kind, context)
        if problems:
            raise ScenarioError(f"template {template.name}", problems)
        manifests.append(document)
    return manifests


def render_texts(
    template: Template, contexts: Sequence[Mapping[str, Any]], variables: Mapping[str, Any]
) -> list[str]:
    """The rendered texts, made in a child process. Raises ScenarioError."""
    request = {
        "dialect": template.dialect.value,
        "text": template.text,
        "variables": dict(variables),
        "contexts": [dict(context) for context in contexts],
        "max_document": MAX_DOCUMENT,
        "max_total": MAX_TOTAL,
    }
    command = [sys.executable, "-P", "-m", CHILD]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            command,
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _failed(template, f"no end within {DEADLINE_SECONDS:g} s") from error
    if done.returncode != 0:
        raise _failed(template, _how_it_ended(done.returncode, done.stderr))
    answer = json.loads(done.stdout)
    problem = answer.get("problem")
    if problem is None:
        return list(answer["texts"])
    place = f"template {template.name}, line {problem['line']}"
    raise ScenarioError(
        f"template {template.name}",
        [Problem(place, problem["found"], problem["expected"], problem["hint"])],
    )


def manifest_problems(
    document: Any, name: str, kind: Kind, context: Mapping[str, Any]
) -> list[Problem]:
    """What keeps a document from being a manifest of the workload's kind."""
    place = f"template {name}"
    resource = TRAITS[kind].resource
    if not isinstance(document, dict):
        hint = f"a manifest begins with apiVersion: {resource.api_version}"
        return [Problem(place, _describe(document), f"a manifest of a {resource.kind}", hint)]
    problems = _type_problems(document, place, resource)
    metadata = document.get("metadata", {})
    if not isinstance(metadata, dict):
        problems.append(Problem(f"{place}: metadata", _describe(metadata), "a mapping"))
        metadata = {}
    problems += _metadata_problems(metadata, place, context)
    spec = document.get("spec")
    if not isinstance(spec, dict):
        problems.append(Problem(f"{place}: spec", _describe(spec), "a mapping"))
        return problems
    for path in TRAITS[kind].template_paths:
        problems += _label_problems(document, place, path)
    return problems


class _ManifestReader:
    """Reads texts that differ little: each top-level entry of a document is read once.

    A block mapping is the sum of its entries: where each entry, standing alone, is a mapping of
    one key, the whole text is the mapping of all of them. Any other text is read as a whole.
    """

    def __init__(self) -> None:
        self._entries: dict[str, tuple[str, Any]] = {}
        self._shared: dict[Any, Any] = {}

    def read(self, text: str) -> Any:
        """The document of a text. Raises YamlProblem with a line of this text."""
        split = None if _MARKER.search(text) else self._by_entry(text)
        return self._share(parse_yaml(text)) if split is None else split

    def _by_entry(self, text: str) -> dict[str, Any] | None:
        head, *entries = _TOP_LEVEL_KEY.split(text)
        if not entries or head.strip(" \n"):
            return None
        document: dict[str, Any] = {}
        for entry in entries:
            known = self._entries.get(entry)
            if known is None:
                known = self._read_entry(entry)
                if known is None:
                    return None
                self._entries[entry] = known
            key, value = known
            if key in document:
                return None
            document[key] = value
        return document

    def _read_entry(self, entry: str) -> tuple[str, Any] | None:
        try:
            value = parse_yaml(entry)
        except YamlProblem:
            return None  # read as a whole it is either well-formed or has the right line
        if not isinstance(value, dict) or len(value) != 1:
            return None
        key, below = next(iter(value.items()))
        return key, self._share(below)

    def _share(self, value: Any) -> Any:
        """The one value that stands for all equal ones."""
        if isinstance(value, dict):
            shared: Any = {key: self._share(below) for key, below in value.items()}
            identity: Any = (dict, *((key, id(below)) for key, below in shared.items()))
        elif isinstance(value, list):
            shared = [self._share(below) for below in value]
            identity = (list, *(id(below) for below in shared))
        else:
            shared = value
            identity = (type(value), value)
        return self._shared.setdefault(identity, shared)


def _type_problems(document: Object, place: str, resource: Resource) -> list[Problem]:
    problems = []
    for key, expected in (("apiVersion", resource.api_version), ("kind", resource.kind)):
        found = document.get(key)
        accepted = {expected}
        if key == "apiVersion" and isinstance(found, str) and "/" in found:
            group = expected.partition("/")[0]
            if re.fullmatch(rf"{re.escape(group)}/v\d+(?:(?:alpha|beta)\d+)?", found):
                accepted.add(found)
        if not isinstance(found, str) or found not in accepted:
            hint = f"the workload's kind is {resource.kind}"
            problems.append(Problem(f"{place}: {key}", _describe(found), expected, hint))
    known = {"apiVersion", "kind", "metadata", "spec", "status"}
    problems += [
        Problem(f"{place}: {key}", "an unknown key", "apiVersion, kind, metadata or spec")
        for key in document
        if key not in known
    ]
    if "status" in document:
        problems.append(Problem(f"{place}: status", "a status", "none", "the cluster sets it"))
    return problems


def _metadata_problems(
    metadata: Mapping[str, Any], place: str, context: Mapping[str, Any]
) -> list[Problem]:
    problems = []
    namespace = metadata.get("namespace")
    wanted = context.get("namespace")
    if namespace is not None and namespace != wanted:
        hint = "leave it out, or write it as the variable `namespace`"
        where = f"{place}: metadata.namespace"
        problems.append(Problem(where, _describe(namespace), f"{wanted!r} or nothing", hint))
    for key, hint in _FOREIGN_METADATA.items():
        if metadata.get(key):
            problems.append(Problem(f"{place}: metadata.{key}", "a value", "none", hint))
    return problems


def _label_problems(document: Object, place: str, path: tuple[str, ...]) -> list[Problem]:
    value: Any = document
    for depth, key in enumerate((*path, "labels"), start=1):
        below = value.get(key)
        if below is None:
            return []
        if not isinstance(below, dict):
            where = ".".join((*path, "labels")[:depth])
            return [Problem(f"{place}: {where}", _describe(below), "a mapping")]
        value = below
    return []


def _describe(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


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
