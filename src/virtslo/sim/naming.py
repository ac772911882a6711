"""Names and identifiers of stored objects.

Invariant: uids and generated names come from the seed alone; a name that Kubernetes would refuse is
refused in its words.
"""

import random
import re
from typing import Final

from virtslo.base.errors import Invalid
from virtslo.model.identifiers import Object
from virtslo.model.resources import Resource

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*")
_SUFFIX_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
SUFFIX_LENGTH: Final = 5
_LABEL_ONLY: Final = frozenset({"namespaces"})


class Names:
    """A seeded source of uids and of suffixes for `generateName`."""

    def __init__(self, seed: int) -> None:
        self._uids = random.Random(f"{seed}:uids")
        self._suffixes = random.Random(f"{seed}:names")

    def uid(self) -> str:
        """A version 4 UUID."""
        bits = self._uids.getrandbits(128)
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[bits & 3]}{text[17:20]}-{text[20:]}"

    def suffix(self) -> str:
        """Five characters as the API server appends them."""
        return "".join(self._suffixes.choices(_SUFFIX_ALPHABET, k=SUFFIX_LENGTH))


def check_name(resource: Resource, name: str) -> None:
    """Refuse a name that is none. Raises Invalid."""
    is_label = resource.plural in _LABEL_ONLY
    pattern, longest = (_LABEL, 63) if is_label else (_SUBDOMAIN, 253)
    if len(name) > longest:
        raise invalid(
            resource, name, [("metadata.name", "FieldValueInvalid", _too_long(name, longest))]
        )
    if pattern.fullmatch(name) is None:
        what = (
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
            "'-', and must start and end with an alphanumeric character"
            if is_label
            else "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
            "characters, '-' or '.', and must start and end with an alphanumeric character"
        )
        detail = f'Invalid value: "{name}": {what}'
        raise invalid(resource, name, [("metadata.name", "FieldValueInvalid", detail)])


def _too_long(name: str, longest: int) -> str:
    return f'Invalid value: "{name}": must be no more than {longest} characters'


def invalid(resource: Resource, name: str, causes: list[tuple[str, str, str]]) -> Invalid:
    """422 with causes, worded as the API server does: (field, reason, message)."""
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    told = [f"{field}: {message}" for field, _, message in causes]
    text = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    return Invalid(
        f'{kind} "{name}" is invalid: {text}',
        details={
            "name": name,
            "group": resource.group,
            "kind": resource.kind,
            "causes": [
                {"reason": reason, "message": message, "field": field}
                for field, reason, message in causes
            ],
        },
    )


def details_of(resource: Resource, name: str) -> Object:
    """The details of a Status about one object."""
    return {"name": name, "group": resource.group, "kind": resource.plural}
