"""Objects that a component cannot work on: logged, counted, and left alone.

Invariant: no single object ends a process. What is caught here is what a malformed object causes
and nothing else; a failed request is not, and neither is a broken assertion.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from virtslo.model.identifiers import Object

LOG: Final = logging.getLogger(__name__)
UNREADABLE: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading a field that is missing, or of another type or form, raises."""
MOST_REMEMBERED: Final = 1000
"""Distinct failures that are logged; further ones are only counted."""


class BadObjects:
    """What one component could not work on."""

    def __init__(self, component: str) -> None:
        self._component = component
        self._logged: dict[tuple[str, str], None] = {}
        self.count = 0
        """How often work on an object failed."""

    @contextmanager
    def working_on(self, subject: str) -> Iterator[None]:
        """Note what a malformed object causes, and go on after the block."""
        try:
            yield
        except UNREADABLE as error:
            self.note(subject, error)

    def note(self, subject: str, error: BaseException) -> None:
        """Count a failure; log it the first time."""
        self.count += 1
        words = f"{type(error).__name__}: {error}"
        if (subject, words) in self._logged or len(self._logged) >= MOST_REMEMBERED:
            return
        self._logged[subject, words] = None
        LOG.warning("%s: cannot work on %s: %.256s", self._component, subject, words)


def name_of(target: Object | None) -> str:
    """An object as logs name it: `Kind namespace/name`."""
    metadata = (target or {}).get("metadata") or {}
    place = "/".join(filter(None, (metadata.get("namespace"), metadata.get("name"))))
    return f"{(target or {}).get('kind') or 'object'} {place}"
