"""A report in one output format.

Invariant: pure; the same report gives the same bytes.
"""

from typing import Protocol

from virtslo.model.report import Report


class Renderer(Protocol):
    """Turns a report into a document."""

    def render(self, report: Report) -> str:
        """The document's text."""
        ...
