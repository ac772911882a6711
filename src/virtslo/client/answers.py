"""Documents that an API server serves outside of its resources, read as JSON mappings.

Invariant: what is no mapping of JSON is a ClusterError that names the path; nothing that a server
answers ends in another error.
"""

from collections.abc import Mapping
from typing import Any

from virtslo.base.errors import ClusterError
from virtslo.base.json_reader import JsonProblem, parse_json
from virtslo.base.limits import ANSWER_DEPTH
from virtslo.ports.kube_api import KubeApi


async def read_document(
    api: KubeApi, path: str, *, query: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    """The JSON mapping at a path. Raises ClusterError."""
    try:
        document = parse_json(await api.read_raw(path, query=query or {}), ANSWER_DEPTH)
    except JsonProblem as error:
        raise ClusterError(f"GET {path}: the answer cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise ClusterError(f"GET {path}: expected a mapping, found another JSON value")
    return document


def text_of(document: Mapping[str, Any], key: str) -> str | None:
    """The text of a key; None where there is no text."""
    value = document.get(key)
    return value if isinstance(value, str) and value else None


def mappings_of(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The mappings in the list of a key; what is no mapping is left out."""
    value = document.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping_of(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The mapping of a key; empty where there is none."""
    value = document.get(key)
    return value if isinstance(value, dict) else {}
