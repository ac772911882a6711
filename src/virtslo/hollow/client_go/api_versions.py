"""The annotations in which virt-controller notes the API versions it has seen.

Invariant: an object that carries both is not written again.
"""

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
    annotations = {**(metadata.get("annotations") or {}), **_VERSIONS}
    return {**target, "metadata": {**metadata, "annotations": annotations}}
