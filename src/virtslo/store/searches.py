"""A search on disk: `search.json` beside the records of its trials.

Invariant: replaced whole.
"""

from pathlib import Path
from typing import Final

import msgspec

from virtslo.base.errors import StoreError
from virtslo.model.whatif.search import SearchResult

SEARCH: Final = "search.json"


def write_search(directory: Path, result: SearchResult) -> None:
    """Replace `search.json`. Raises StoreError."""
    draft = directory / f".{SEARCH}.draft"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
        draft.replace(directory / SEARCH)
    except OSError as error:
        raise StoreError(
            f"cannot write {str(directory)!r}: {error.strerror}",
            hint="choose another folder with --searches",
        ) from error
