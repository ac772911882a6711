"""Where documents go that others' dashboards read.

Invariant: every exchange and every retry is counted; what was refused is reported with its reason,
and nothing is dropped silently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of documents."""

    accepted: int
    requests: int
    retries: int = 0
    refused: tuple[str, ...] = ()
    """A reason for every document that was not taken."""


class DocumentSink(Protocol):
    """A store of documents. Raises ClusterError when nothing can be delivered at all."""

    @property
    def place(self) -> str:
        """Where it is, for people; no secret is in it."""
        ...

    async def send(self, documents: Sequence[Document]) -> Delivery:
        """Hand documents over."""
        ...
