"""Kubeconfigs, read as kubectl reads them.

Invariant: a file is read only if every field has the type that kubectl decodes
(`kubeconfig_shapes`). Messages name places and kinds of values, never a value of a user's section,
of a certificate or of a URL's user information. What is given is typed: nothing after it looks into
a file's structure.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from virtslo.base.bounded_files import UnreadableFile, read_bounded
from virtslo.base.errors import ClusterError
from virtslo.base.limits import CREDENTIAL_FILE, KUBECONFIG_FILE
from virtslo.base.paths import is_there
from virtslo.base.yaml_reader import Reading, YamlProblem, name_of, parse_yaml, shorten
from virtslo.base.yaml_scalars import Rules
from virtslo.kube.kubeconfig_shapes import decoded, shape_problems

DEFAULT_KUBECONFIG: Final = "~/.kube/config"
_READING: Final = Reading(rules=Rules.SIGS)
QUOTE: Final = "'"
"""What the place of a whole file ends with."""
_KINDS: Final = {"contexts": "context", "clusters": "cluster", "users": "user"}


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping of a kubeconfig, with the place that messages name and the folder of its file."""

    place: str
    values: Mapping[str, Any]
    folder: Path
    is_secret: bool = False
    """Whether it is a user's: then no message shows any of its values, not even a path."""

    def text(self, key: str) -> str:
        """The text of a key; empty where there is none. Raises ClusterError."""
        value = self.values.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.refusal(key, f"a {name_of(value)}", "a text")
        return value

    def flag(self, key: str) -> bool:
        """The truth of a key. Raises ClusterError."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.refusal(key, f"a {name_of(value)}", "true or false")
        return bool(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts of a list. Raises ClusterError."""
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.refusal(key, f"a {name_of(value)}", "a list of texts")
        for index, item in enumerate(value):
            if item is not None and not isinstance(item, str):
                raise self.refusal(f"{key}[{index}]", f"a {name_of(item)}", "a text")
        return tuple(item or "" for item in value)

    def section(self, key: str) -> "Section":
        """The mapping of a key; empty where there is none. Raises ClusterError."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, dict):
            raise self.refusal(key, f"a {name_of(value)}", "a mapping")
        return self._below(key, value or {})

    def sections(self, key: str) -> "tuple[Section, ...]":
        """The mappings of a list. Raises ClusterError."""
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.refusal(key, f"a {name_of(value)}", "a list of mappings")
        for index, item in enumerate(value):
            if item is not None and not isinstance(item, dict):
                raise self.refusal(f"{key}[{index}]", f"a {name_of(item)}", "a mapping")
        return tuple(self._below(f"{key}[{index}]", item or {}) for index, item in enumerate(value))

    def content(self, key: str) -> bytes | None:
        """The bytes that `KEY-data` holds in base64, or the file that `KEY` names.

        Raises ClusterError, as kubectl does where both are there.
        """
        data, named = self.text(f"{key}-data"), self.text(key)
        if data and named:
            raise self.refusal(key, f"a file beside {key}-data", "one of the two")
        if data:
            content = decoded(data)
            if content is None:
                raise self.refusal(f"{key}-data", "something else", "base64")
            return content
        if not named:
            return None
        try:
            return read_bounded(self.folder / named, CREDENTIAL_FILE)
        except UnreadableFile as error:
            what = "a file" if self.is_secret else repr(named)
            found = f"{what} that cannot be read: {error.found}"
            raise self.refusal(key, found, error.expected) from None

    def _below(self, key: str, values: Mapping[str, Any]) -> "Section":
        is_secret = self.is_secret or key.startswith("users[")
        return Section(self._place(key), values, self.folder, is_secret)

    def _place(self, key: str) -> str:
        if not key:
            return self.place
        return f"{self.place}{': ' if self.place.endswith(QUOTE) else '.'}{key}"

    def refusal(self, key: str, found: str, expected: str, hint: str = "") -> ClusterError:
        """The error that a value of this section is."""
        words = f"{self._place(key)}: expected {expected}, found {found}"
        return ClusterError(words, hint=hint)


@dataclass(frozen=True, slots=True)
class Target:
    """What a context means: its cluster and its user."""

    context: str
    place: str
    """The files and the context, for messages."""
    cluster: Section
    user: Section


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """Contexts, clusters and users of all files; the first file that names one wins."""

    paths: tuple[Path, ...]
    current: str
    contexts: Mapping[str, Section]
    clusters: Mapping[str, Section]
    users: Mapping[str, Section]

    @property
    def place(self) -> str:
        """The files, for messages."""
        return ", ".join(repr(str(path)) for path in self.paths)

    def target(self, context: str | None) -> Target:
        """What a context means; the current one if none is named. Raises ClusterError."""
        there = ", ".join(shorten(name) for name in self.contexts) or "none"
        wanted = context or self.current
        found = self.contexts.get(wanted)  # an entry without a name has the empty one
        if found is None and not wanted:
            raise ClusterError(
                f"{self.place}: no current context; contexts there: {there}", hint="use --context"
            )
        if found is None:
            words = f"no context {shorten(wanted)!r}; contexts there: {there}"
            raise ClusterError(f"{self.place}: {words}")
        place = f"{self.place}: context {shorten(wanted)!r}"
        cluster = self.clusters.get(found.text("cluster"))
        if cluster is None:
            raise found.refusal("cluster", "a name that no cluster has", "the name of a cluster")
        named = found.text("user")
        user = self.users.get(named)
        if user is None and not named:
            user = Section(place, {}, found.folder)
        if user is None:
            raise found.refusal("user", "a name that no user has", "the name of a user")
        return Target(wanted, place, cluster, user)


def kubeconfig_paths(kubeconfig: Path | None) -> tuple[Path, ...]:
    """The kubeconfig files that exist. Raises ClusterError naming those that do not."""
    if kubeconfig is not None:
        wanted = [_expanded(kubeconfig)]
    elif text := os.environ.get("KUBECONFIG"):
        wanted = [Path(part) for part in text.split(os.pathsep) if part]  # ~ is a shell's
    else:
        wanted = [_expanded(Path(DEFAULT_KUBECONFIG))]
    found = tuple(path for path in wanted if _exists(path))
    if not found:
        told = ", ".join(repr(str(path)) for path in wanted)
        raise ClusterError(
            f"no kubeconfig at {told}",
            hint="name one with --kubeconfig or KUBECONFIG; without a target, the simulated "
            "cluster is used",
        )
    return found


def read_kubeconfig(paths: Sequence[Path]) -> Kubeconfig:
    """The files, merged. Raises ClusterError."""
    current = ""
    merged: dict[str, dict[str, Section]] = {key: {} for key in _KINDS}
    for path in paths:
        document = _read(path)
        current = current or document.text("current-context")
        for key, kind in _KINDS.items():
            for name, section in _named(document, key, kind).items():
                merged[key].setdefault(name, section)
    return Kubeconfig(tuple(paths), current, **merged)


def _read(path: Path) -> Section:
    place = f"{QUOTE}{path}{QUOTE}"
    try:
        value = parse_yaml(read_bounded(path, KUBECONFIG_FILE), _READING)
    except UnreadableFile as error:
        raise ClusterError(f"cannot read the kubeconfig {place}: {error.found}") from None
    except YamlProblem as error:
        # What YAML says of a fault may quote the line, which may be a secret.
        raise ClusterError(
            f"cannot read the kubeconfig {place}: line {error.line} is not valid YAML"
        ) from None
    if value is not None and not isinstance(value, dict):
        raise ClusterError(f"{place} is not a kubeconfig: it is a {name_of(value)}")
    for key, wanted in (("kind", "Config"), ("apiVersion", "v1")):
        if (value or {}).get(key) not in (None, "", wanted):
            raise ClusterError(f"{place} is not a kubeconfig: its {key} is not {wanted}")
    if problems := shape_problems(value or {}):
        raise ClusterError(f"{place}: {'; '.join(problems)}")
    return Section(place, value or {}, path.absolute().parent)


def _named(document: Section, key: str, kind: str) -> dict[str, Section]:
    """The sections of a list by their names, each of which comes once."""
    return {entry.text("name"): entry.section(kind) for entry in document.sections(key)}


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        return path  # no home folder is known


def _exists(path: Path) -> bool:
    try:
        return is_there(path)
    except (OSError, ValueError):
        return False
