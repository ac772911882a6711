"""A search on disk: `search.json` beside the records of its trials.

Invariant: replaced whole.
"""

from pathlib import Path
from typing import Final

from virtslo.base.errors import StoreError
from virtslo.model.whatif.search import SearchResult
from virtslo.store.documents import write_value

SEARCH: Final = "search.json"


def write_search(directory: Path, result: SearchResult) -> None:
    """Replace `search.json`. Raises StoreError."""
    try:
        write_value(directory / SEARCH, result)
    except OSError as error:
        raise StoreError(
            f"cannot write {str(directory)!r}: {error.strerror}",
            hint="choose another folder with --searches",
        ) from error
