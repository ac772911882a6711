"""What belongs to whom: keys by the uid of their owner.

Invariant: the keys of one owner keep the order in which they were added. A key that is its owner's
only one, as each VMI's pod, is kept without a dict of its own, which takes 250 bytes.
"""

from typing import Generic, TypeVar

K = TypeVar("K", bound=tuple[str, ...])


class Dependents(Generic[K]):
    """Keys of what is owned, by owner."""

    __slots__ = ("_of",)

    def __init__(self) -> None:
        self._of: dict[str, K | dict[K, None]] = {}

    def of(self, uid: str) -> tuple[K, ...]:
        """The keys of an owner, in the order in which they were added."""
        found = self._of.get(uid)
        if found is None:
            return ()
        return tuple(found) if isinstance(found, dict) else (found,)

    def add(self, uid: str, key: K) -> None:
        """From now on the key is one of an owner's."""
        found = self._of.get(uid)
        if found is None:
            self._of[uid] = key
        elif isinstance(found, dict):
            found[key] = None
        elif found != key:
            self._of[uid] = {found: None, key: None}

    def discard(self, uid: str, key: K) -> None:
        """The key is no longer one of an owner's, if it was."""
        found = self._of.get(uid)
        if isinstance(found, dict):
            found.pop(key, None)
            if not found:
                del self._of[uid]
        elif found == key:
            del self._of[uid]
