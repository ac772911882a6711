"""A call of KubeVirt's subresource API, and its answer.

Invariant: the API server passes calls on to virt-api and answers back as they are; neither holds
what only one of the two knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

OK: Final = 200
ACCEPTED: Final = 202


@dataclass(frozen=True, slots=True)
class SubresourceCall:
    """What is asked for; where nothing is named, of the API itself."""

    method: str
    action: str
    plural: str = ""
    namespace: str = ""
    name: str = ""
    options: Any = None
    """The body, as it was read."""


@dataclass(frozen=True, slots=True)
class SubresourceAnswer:
    """What is answered: a code, and a document, a text or nothing."""

    code: int = OK
    document: Mapping[str, Any] | None = None
    text: str = ""
