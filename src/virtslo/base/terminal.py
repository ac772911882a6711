"""What the environment says of a terminal's size.

Invariant: only a size that a terminal may have is taken; another is as if it were not there.
"""

import os
from collections.abc import Mapping
from typing import Final

from virtslo.base.units import whole_number

_SIZES: Final = ("COLUMNS", "LINES")
_MOST: Final = 9999


def terminal_environment(environment: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """The environment without sizes that are none: libraries convert them whatever they are."""
    found = os.environ if environment is None else environment
    return {name: value for name, value in found.items() if name not in _SIZES or _is_size(value)}


def _is_size(text: str) -> bool:
    return 0 < (whole_number(text) or 0) <= _MOST
