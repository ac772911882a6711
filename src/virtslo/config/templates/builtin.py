"""The templates that come with virtslo.

Invariant: a built-in template renders without any variable set, and says which it has.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from virtslo.model.plan.scenario import Template
from virtslo.model.plan.workload import Kind

_CIRROS: Final = ("image", "cpu", "memory")
_FEDORA: Final = ("image", "cores", "memory")

_VARIABLES: Final[Mapping[tuple[str, Kind], tuple[str, ...]]] = {
    ("cirros", Kind.VMI): _CIRROS,
    ("cirros", Kind.VM): _CIRROS,
    ("cirros", Kind.VMPOOL): _CIRROS,
    ("cirros", Kind.VMIRS): _CIRROS,
    ("fedora", Kind.VMI): _FEDORA,
    ("fedora", Kind.VM): _FEDORA,
    ("instancetype", Kind.VM): ("image", "instancetype", "preference"),
}


def builtin_templates() -> Mapping[str, tuple[Kind, ...]]:
    """The names of the built-in templates, and the kinds each is there for."""
    kinds: dict[str, tuple[Kind, ...]] = {}
    for name, kind in _VARIABLES:
        kinds[name] = (*kinds.get(name, ()), kind)
    return kinds


def builtin_variables(name: str, kind: Kind) -> tuple[str, ...]:
    """The variables that a built-in template takes; each has a default."""
    return _VARIABLES[name, kind]


def builtin_template(name: str, kind: Kind) -> Template | None:
    """A built-in template for a kind; None where there is none."""
    if (name, kind) not in _VARIABLES:
        return None
    source = files("virtslo.config") / "builtin" / f"{name}-{kind.value}.yaml.j2"
    return Template(name, source.read_text(encoding="utf-8"))
