"""What a request asks for, as a decision about access sees it. Pure.

Invariant: it is read from method, path and query alone, before anything else of the request is
looked at, whether or not what it names is served.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from virtslo.base.errors import ServerFailure

_VERBS: Final = {
    "POST": "create",
    "GET": "get",
    "HEAD": "get",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_OF_NAMESPACES: Final = frozenset({"status", "finalize"})
_BY_PATH: Final = frozenset({"proxy", "watch"})
_FALSE: Final = frozenset({"false", "0"})
_NAMED: Final = re.compile(r"metadata\.name==?([^,=!]+)")


@dataclass(frozen=True, slots=True)
class Attributes:
    """A verb on a resource, or on a path that is none."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    """Of a request for no resource."""
    version: str = ""
    is_resource: bool = True
    """Whether it is on a resource, even one without a name; not of a path."""

    @property
    def combined(self) -> str:
        """Resource and subresource, as rules name them."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource

    @property
    def reference(self) -> Mapping[str, str]:
        """What it is about, as an audit log names it; nothing for a path."""
        told = {
            "resource": self.resource,
            "namespace": self.namespace,
            "name": self.name,
            "apiGroup": self.group,
            "apiVersion": self.version,
            "subresource": self.subresource,
        }
        return {key: value for key, value in told.items() if value} if self.is_resource else {}

    def with_verb(self, verb: str) -> "Attributes":
        """The same, asked with another verb."""
        return replace(self, verb=verb)


def attributes_of(method: str, path: str, query: Mapping[str, str]) -> Attributes:
    """What an HTTP request asks for. Raises ServerFailure for a path that cannot be read."""
    parts = path.strip("/").split("/")
    prefix = {"api": 2, "apis": 3}.get(parts[0], 0)
    if not prefix or len(parts) <= prefix:
        return Attributes(method.lower(), path=path, is_resource=False)
    group, version, rest = parts[1] if prefix > 2 else "", parts[prefix - 1], parts[prefix:]
    verb = _VERBS.get(method, "")
    if rest[0] in _BY_PATH:
        if len(rest) < 2:
            raise ServerFailure(
                f'Internal Server Error: "{path}": failed to create RequestInfo: unable to '
                f"determine kind and namespace from url, {path}"
            )
        verb, rest = rest[0], rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in _OF_NAMESPACES:
            rest = rest[2:]
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) > 2 and verb != "proxy" else ""
    if not name and verb == "get":
        verb, name = _of_a_collection(query)
    if not name and verb == "delete":
        verb = "deletecollection"
    return Attributes(verb, group, rest[0], subresource, namespace, name, version=version)


def _of_a_collection(query: Mapping[str, str]) -> tuple[str, str]:
    """Verb and name of a read of a collection; one that selects a name is of that name."""
    watch = query.get("watch")
    verb = "list" if watch is None or watch.lower() in _FALSE else "watch"
    for part in query.get("fieldSelector", "").split(","):
        match = _NAMED.fullmatch(part.strip())
        if match is not None and match[1] not in {".", ".."} and not {"/", "%"} & set(match[1]):
            return verb, match[1]
    return verb, ""
