"""Feature gates that a build of KubeVirt knows.

Invariant: a build knows the names that its programs hold; a gate whose name is in neither of them
cannot be read by either, so that switching it would silently do nothing.
"""

import mmap
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from virtslo.base.errors import Problem, ScenarioError
from virtslo.plane.programs import VIRT_API, VIRT_CONTROLLER, Programs

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{2,63}\Z")


def refuse_unknown_gates(gates: Iterable[str], programs: Programs, version: str = "") -> None:
    """Raise ScenarioError for gates that are in neither component."""
    paths = [programs[name] for name in (VIRT_API, VIRT_CONTROLLER)]
    known = f"a feature gate of this build{f' ({version})' if version else ''}"
    problems = [
        Problem(
            f"gate {gate}",
            "no such name in virt-api and virt-controller",
            known,
            "names are case-sensitive: VMLiveUpdate",
        )
        for gate in gates
        if not _NAME.match(gate) or not any(_holds(path, gate) for path in paths)
    ]
    if problems:
        raise ScenarioError("feature gates", problems)


def _holds(path: Path, text: str) -> bool:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        return mapped.find(text.encode()) >= 0
