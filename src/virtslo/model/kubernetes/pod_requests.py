"""What a pod asks a node for, as kube-scheduler counts it. Pure.

Invariant: amounts are whole numbers, rounded as the scheduler's own: thousandths of a CPU, units of
everything else.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from virtslo.base.quantity import Quantity, read_quantities

CPU: Final = "cpu"


def pod_requests(spec: Mapping[str, Any]) -> Mapping[str, int]:
    """What a pod of this spec asks for, by name.

    Containers and sidecars run together; the other init containers run one by one before, beside
    the sidecars that were started before them. Raises ValueError with the place of a quantity that
    cannot be read.
    """
    together = _total(_requests(spec.get("containers"), "spec.containers"))
    sidecars: dict[str, int] = {}
    most: dict[str, int] = {}
    firsts = spec.get("initContainers") or ()
    for container, asked in zip(firsts, _requests(firsts, "spec.initContainers"), strict=True):
        now = _total((sidecars, asked))
        if container.get("restartPolicy") == "Always":
            sidecars = now
        most = {name: max(most.get(name, 0), now.get(name, 0)) for name in {**most, **now}}
    together = _total((together, sidecars))
    wanted = {name: max(together.get(name, 0), most.get(name, 0)) for name in {**together, **most}}
    return _total((wanted, _amounts(spec.get("overhead"), "spec.overhead")))


def node_amounts(values: Any, place: str) -> Mapping[str, int]:
    """What a node has, by name. Raises ValueError with the place of what cannot be read."""
    return _amounts(values, place)


def amount_of(name: str, quantity: Quantity) -> int:
    """A quantity as the scheduler counts it."""
    return quantity.milli if name == CPU else quantity.units


def _requests(containers: Any, place: str) -> Iterable[dict[str, int]]:
    for index, container in enumerate(containers or ()):
        asked = (container.get("resources") or {}).get("requests")
        yield _amounts(asked, f"{place}[{index}].resources.requests")


def _amounts(values: Any, place: str) -> dict[str, int]:
    return {name: amount_of(name, found) for name, found in read_quantities(values, place)}


def _total(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, 0) + amount
    return total
