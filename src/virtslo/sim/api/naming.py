"""Names, identifiers, labels and annotations of stored objects.

Invariant: uids and generated names come from the seed alone; what Kubernetes would refuse of an
object's metadata is refused in its words.
"""

import random
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from virtslo.model.kubernetes.access_resources import RBAC
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.api.refusals import (
    TOO_LONG,
    Cause,
    forbidden_field,
    invalid,
    invalid_value,
    required,
)

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*")
_QUALIFIED: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_SUFFIX_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
SUFFIX_LENGTH: Final = 5
LONGEST_PREFIX: Final = 63 - SUFFIX_LENGTH
LARGEST_ANNOTATIONS_BYTES: Final = 256 * 1024
_PATHS: Final = frozenset({".", ".."})
_LABEL_ONLY: Final = frozenset({"namespaces"})
_LABEL_WORDS: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    f"for validation is '{_LABEL.pattern}')"
)
_SUBDOMAIN_WORDS: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    f"for validation is '{_LABEL.pattern}(\\.{_LABEL.pattern})*')"
)
_VALUE_WORDS: Final = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
    "or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_NAME_PART_WORDS: Final = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_NONE: Final[Mapping[str, Any]] = {}
_OWNER_FIELDS: Final = {
    "apiVersion": "version must not be empty",
    "kind": "must not be empty",
    "name": "must not be empty",
    "uid": "must not be empty",
}


class Names:
    """A seeded source of uids and of suffixes for `generateName`."""

    def __init__(self, seed: int) -> None:
        self._uids = random.Random(f"{seed}:uids")
        self._suffixes = random.Random(f"{seed}:names")

    def uid(self) -> str:
        """A version 4 UUID."""
        bits = self._uids.getrandbits(128)
        text = bits.to_bytes(16).hex()
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[bits & 3]}{text[17:20]}-{text[20:]}"

    def generated(self, prefix: str) -> str:
        """A name that begins with `prefix`, with five characters appended."""
        suffix = "".join(self._suffixes.choices(_SUFFIX_ALPHABET, k=SUFFIX_LENGTH))
        return prefix[:LONGEST_PREFIX] + suffix


def check_metadata(
    resource: Resource, metadata: Mapping[str, Any], before: Mapping[str, Any] = _NONE
) -> None:
    """Refuse metadata that Kubernetes would. Raises Invalid with every cause.

    `before`: that of the stored object, checked already; the very same parts are not looked at.
    """
    name = metadata.get("name") or ""
    causes: list[Cause] = []
    if name is not before.get("name", _NONE):
        if resource.group == RBAC:
            causes += _segment_causes(name)
        else:
            causes += _name_causes(name, is_label=resource.plural in _LABEL_ONLY)
    labels = metadata.get("labels")
    if labels and labels is not before.get("labels"):
        causes += _label_causes(labels, before.get("labels") or _NONE)
    annotations = metadata.get("annotations")
    if annotations and annotations is not before.get("annotations"):
        causes += _annotation_causes(annotations)
    owners = metadata.get("ownerReferences")
    for owner in owners if owners and owners is not before.get("ownerReferences") else ():
        causes += [
            invalid_value(f"metadata.ownerReferences.{field}", "", words)
            for field, words in _OWNER_FIELDS.items()
            if not (isinstance(owner, dict) and owner.get(field))
        ]
    if before.get("deletionTimestamp"):
        causes += _late_finalizer_causes(metadata, before)
    if causes:
        raise invalid(resource, name, causes)


def _late_finalizer_causes(
    metadata: Mapping[str, Any], before: Mapping[str, Any]
) -> Iterator[Cause]:
    """What is wrong with the finalizers of an object that is being deleted already."""
    known = before.get("finalizers") or ()
    wanted = (name or "" for name in metadata.get("finalizers") or ())  # null is no text in Go
    added = sorted({name for name in wanted if name not in known})
    if added:
        listed = ", ".join(f'"{name}"' for name in added)
        yield forbidden_field(
            "metadata.finalizers",
            "no new finalizers can be added if the object is being deleted, found new finalizers "
            f"[]string{{{listed}}}",
        )


def _segment_causes(name: str) -> Iterator[Cause]:
    """What is wrong with a name that need only fit into a path: that of a role or a binding."""
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif name in _PATHS:
        yield invalid_value("metadata.name", name, f"may not be '{name}'")
    for character in "/%":
        if character in name:
            yield invalid_value("metadata.name", name, f"may not contain '{character}'")


def _name_causes(name: str, *, is_label: bool) -> tuple[Cause, ...]:
    if not name:
        return (required("metadata.name", "name or generateName is required"),)
    pattern, longest = (_LABEL, 63) if is_label else (_SUBDOMAIN, 253)
    if len(name) > longest:
        return (invalid_value("metadata.name", name, f"must be no more than {longest} characters"),)
    if pattern.fullmatch(name) is None:
        words = _LABEL_WORDS if is_label else _SUBDOMAIN_WORDS
        return (invalid_value("metadata.name", name, words),)
    return ()


def _label_causes(labels: Mapping[str, Any], before: Mapping[str, Any]) -> list[Cause]:
    causes: list[Cause] = []
    for key, stated in labels.items():
        if before.get(key, _NONE) is stated:
            continue
        causes += _label_key(key)
        value = stated if isinstance(stated, str) else str(stated)
        if value and (len(value) > 63 or _QUALIFIED.fullmatch(value) is None):
            words = "must be no more than 63 characters" if len(value) > 63 else _VALUE_WORDS
            causes.append(invalid_value("metadata.labels", value, words))
    return causes


@lru_cache(maxsize=4096)
def _label_key(key: str) -> tuple[Cause, ...]:
    return tuple(_key_causes("metadata.labels", key))


def _annotation_causes(annotations: Mapping[str, Any]) -> list[Cause]:
    causes: list[Cause] = []
    size = 0
    for key, value in annotations.items():
        causes += _annotation_key(key)
        size += len(key) + len(str(value))
    if size > LARGEST_ANNOTATIONS_BYTES:
        words = f"Too long: may not be more than {LARGEST_ANNOTATIONS_BYTES} bytes"
        causes.append(Cause("metadata.annotations", TOO_LONG, words))
    return causes


@lru_cache(maxsize=4096)
def _annotation_key(key: str) -> tuple[Cause, ...]:
    return tuple(_key_causes("metadata.annotations", key.lower()))


def _key_causes(field: str, key: str) -> list[Cause]:
    prefix, slash, name = key.rpartition("/")
    causes: list[Cause] = []
    if slash and (not prefix or len(prefix) > 253 or _SUBDOMAIN.fullmatch(prefix) is None):
        words = "prefix part must be non-empty" if not prefix else f"prefix part {_SUBDOMAIN_WORDS}"
        causes.append(invalid_value(field, key, words))
    if not name:
        causes.append(invalid_value(field, key, "name part must be non-empty"))
    elif len(name) > 63:
        causes.append(invalid_value(field, key, "name part must be no more than 63 characters"))
    elif _QUALIFIED.fullmatch(name) is None:
        causes.append(invalid_value(field, key, _NAME_PART_WORDS))
    return causes
