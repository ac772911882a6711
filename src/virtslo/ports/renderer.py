"""A report in one output format.

Invariant: pure; the same report gives the same bytes.
"""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from virtslo.model.report.document import Report


class Renderer(Protocol):
    """Turns a report into a document."""

    def render(self, report: Report) -> str:
        """The document's text."""
        ...


@runtime_checkable
class FolderRenderer(Renderer, Protocol):
    """A format that is a folder of files where it is written, one text where it is printed."""

    def files(self, report: Report) -> Mapping[str, str]:
        """The text of every file, by its name."""
        ...
