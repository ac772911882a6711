"""Types of the history's columns that look at what a database gives.

Invariant: a value of another type than the column's, which SQLite stores without a word, becomes a
DamagedValue as it is read, and so a driver's error like any other; what is written passes as it is.
"""

from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Dialect, Integer, Text, TypeDecorator
from sqlalchemy.exc import SQLAlchemyError

LATEST_MS: Final = 253_402_300_800_000
"""The year 10000: what is stored is before it."""
_NAMES: Final = {str: "a text", bytes: "bytes", float: "a fraction", int: "a number"}


class DamagedValue(SQLAlchemyError):
    """A column holds what it cannot."""


def damaged(found: Any, expected: str) -> DamagedValue:
    """The error for a value."""
    name = "nothing" if found is None else _NAMES.get(type(found), "another type")
    return DamagedValue(f"a value is malformed: expected {expected}, found {name}")


class StoredText(TypeDecorator[str]):
    """A text."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        """What was read, looked at."""
        if value is not None and not isinstance(value, str):
            raise damaged(value, "a text")
        return value


class StoredWhole(TypeDecorator[int]):
    """A whole number."""

    impl = Integer
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """What was read, looked at."""
        if value is not None and not isinstance(value, int):
            raise damaged(value, "a whole number")
        return value


class StoredBigWhole(StoredWhole):
    """A whole number of 64 bits."""

    impl = BigInteger
    cache_ok = True


class StoredMoment(StoredBigWhole):
    """Milliseconds since 1970, in years that have four digits."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        """What was read, looked at."""
        found = super().process_result_value(value, dialect)
        if found is not None and not -LATEST_MS < found < LATEST_MS:
            raise damaged(value, "a moment before the year 10000")
        return found


class _Truth(Boolean):
    """Named BOOLEAN in every database; SQLite's values as they are stored."""

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        """None: values pass as the driver gives them."""
        return None


class StoredTruth(TypeDecorator[bool]):
    """True or false; SQLite has 1 and 0."""

    impl = _Truth
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> bool | None:
        """What was read, looked at."""
        if value is not None and value not in (0, 1):
            raise damaged(value, "true or false")
        return None if value is None else bool(value)
