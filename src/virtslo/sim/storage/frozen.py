"""A guard for tests: objects that refuse to be changed.

Invariant: with the guard on, code that changes an object that the store returned fails at that very
line. It costs a copy a write, so it is off outside tests.
"""

from typing import Any, NoReturn


class MutationRefused(TypeError):
    """A shared object was to be changed."""


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise MutationRefused("objects of the store are immutable: copy what you change")


class FrozenDict(dict[str, Any]):
    """A dict that cannot be changed."""

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


class FrozenList(list[Any]):
    """A list that cannot be changed."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse


def frozen(value: Any) -> Any:
    """A copy of a JSON value, whole, that cannot be changed."""
    if isinstance(value, FrozenDict | FrozenList):
        return value
    if isinstance(value, dict):
        return FrozenDict({key: frozen(below) for key, below in value.items()})
    if isinstance(value, list | tuple):
        return FrozenList(frozen(below) for below in value)
    return value
