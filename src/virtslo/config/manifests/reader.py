"""Reading many manifests that differ little.

Invariant: what is read is exactly what each text says; equal parts of manifests are one shared
value, because objects are immutable by contract.
"""

import re
from typing import Any, Final

from virtslo.base.yaml_reader import STRICT, Reading, YamlProblem, parse_yaml
from virtslo.base.yaml_scalars import Rules

REMEMBERED: Final = 4096
"""How many entries are kept in mind at most."""

MANIFEST: Final = Reading(rules=Rules.SIGS, one_document=True)
"""As Kubernetes' own tools read a manifest; another object beside it is refused."""
_TOP_LEVEL_KEY: Final = re.compile(r"^(?=[A-Za-z_][\w.-]*:(?:[ \t]|$))", re.MULTILINE)
_EDGES: Final = re.compile(r"\A(?:---[ \t]*\n)+|(?:^---[ \t]*\n?)+\Z", re.MULTILINE)
"""Markers before and after a document, which change nothing in it."""
_MARKER: Final = re.compile(r"^(?:---|\.\.\.|%)", re.MULTILINE)


class ManifestReader:
    """Reads texts that differ little: each top-level entry of a document is read once.

    A block mapping is the sum of its entries: where each entry, standing alone, is a mapping of
    one key, the whole text is the mapping of all of them. Any other text is read as a whole.
    """

    def __init__(self, reading: Reading = STRICT) -> None:
        self._reading = reading
        self._entries: dict[str, tuple[str, Any]] = {}
        self._shared: dict[Any, Any] = {}

    def read(self, text: str) -> Any:
        """The document of a text. Raises YamlProblem with a line of this text."""
        has_edges = self._reading.one_document and "---" in text
        bare = _EDGES.sub("", text) if has_edges else text
        split = None if _MARKER.search(bare) else self._by_entry(bare)
        return self._share(parse_yaml(text, self._reading)) if split is None else split

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
                if len(self._entries) >= REMEMBERED:
                    self._entries.clear()
                self._entries[entry] = known
            key, value = known
            if key in document:
                return None
            document[key] = value
        return document

    def _read_entry(self, entry: str) -> tuple[str, Any] | None:
        try:
            value = parse_yaml(entry, self._reading)
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
