"""Numbers in the lines of a record, with their bounds.

Invariant: what is read back is no more than any run has, so that figures are made without
overflow; a line with another number is damage. The bounds are checked where lines are decoded.
"""

from typing import Annotated, Final

import msgspec

LONGEST_NS: Final = 2**62
"""146 years."""
MOST: Final = 2**31 - 1

Nanoseconds = Annotated[int, msgspec.Meta(ge=-LONGEST_NS, le=LONGEST_NS)]
"""A moment of a run, since its start."""
Number = Annotated[int, msgspec.Meta(ge=0, le=MOST)]
"""The place of an object or a cycle among its like, or an HTTP status."""
