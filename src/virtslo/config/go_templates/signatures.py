"""What a function takes, by Go's types.

Invariant: an argument is taken where Go assigns it: an int64 is no int, a text is no number; a
constant takes the type that is asked for where it can.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from virtslo.config.go_templates import nodes
from virtslo.config.go_templates.problems import CallProblem
from virtslo.config.go_templates.values import GivenMap, type_name

_PLAIN: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,),
    "int": (int,),
    "float64": (float,),
    "bool": (bool,),
    "map": (dict, GivenMap),
}


class Function(NamedTuple):
    """A function: the types it takes, and the type of what may follow them."""

    call: Callable[..., Any]
    takes: tuple[str, ...]
    more: str = ""
    is_lazy: bool = False

    def type_at(self, place: int) -> str:
        """The type of an argument."""
        return self.takes[place] if place < len(self.takes) else self.more

    def described(self, name: str) -> str:
        """The function's form, for a message."""
        more = (f"{self.more}…",) if self.more else ()
        return " ".join((name, *self.takes, *more))


def function(call: Callable[..., Any], signature: str = "", more: str = "") -> Function:
    """A function of the types that a signature lists."""
    return Function(call, tuple(signature.split()), more)


def accepted(value: Any, kind: str) -> Any:
    """A value as an argument of a type. Raises CallProblem where Go does not assign it."""
    if kind == "any":
        return value
    if type(value) not in _PLAIN[kind]:
        raise CallProblem(f"a {type_name(value)} as {kind}")
    return value


def constant_for(node: nodes.Constant | nodes.NumberConstant, kind: str) -> Any:
    """A constant as an argument of a type. Raises CallProblem."""
    if isinstance(node, nodes.Constant):
        return accepted(node.value, kind)
    number = node.number
    if kind == "any":
        return number.ideal
    if kind == "int" and number.whole is not None:
        return number.whole
    if kind == "float64" and number.real is not None:
        return number.real
    raise CallProblem(f"{number.text} as {kind}")
