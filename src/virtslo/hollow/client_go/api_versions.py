"""The annotations in which virt-controller notes the API versions it has seen.

Invariant: an object that carries both is not written again.
"""

from functools import lru_cache
from typing import Final

from virtslo.model.identifiers import Object

_LATEST: Final = "kubevirt.io/latest-observed-api-version"
_STORAGE: Final = "kubevirt.io/storage-observed-api-version"
_VERSIONS: Final = {_LATEST: "v1", _STORAGE: "v1"}


def has_api_versions(target: Object) -> bool:
    """Whether virt-controller has noted the API versions it saw."""
    annotations = target["metadata"].get("annotations") or ()
    return _LATEST in annotations and _STORAGE in annotations


def with_api_versions(target: Object) -> Object:
    """The object with the API versions noted."""
    metadata = target["metadata"]
    noted = _noted(tuple((metadata.get("annotations") or {}).items()))
    return {**target, "metadata": {**metadata, "annotations": noted}}


@lru_cache(maxsize=16)
def _noted(annotations: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """One for all objects of a template: parts of objects are never changed."""
    return {**dict(annotations), **_VERSIONS}
