"""The programs of a plane: where they are looked for, and what is missing.

Invariant: what is named wins over folders that are named, those over KUBEBUILDER_ASSETS, that over
PATH, and that over what was built; every missing program is listed with all of these places.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.paths import is_file

ETCD: Final = "etcd"
API_SERVER: Final = "kube-apiserver"
MANAGER: Final = "kube-controller-manager"
SCHEDULER: Final = "kube-scheduler"
VIRT_API: Final = "virt-api"
VIRT_CONTROLLER: Final = "virt-controller"
MANIFESTS: Final = "kubevirt-manifests"
"""Prints what virt-operator would install, as JSON; built with virt-controller."""
KUBERNETES: Final = (ETCD, API_SERVER, MANAGER, SCHEDULER)
KUBEVIRT: Final = (VIRT_API, VIRT_CONTROLLER, MANIFESTS)
ASSETS: Final = "KUBEBUILDER_ASSETS"

_SERVER_BINARIES: Final = (
    "kubernetes-server-linux-ARCH.tar.gz of a Kubernetes release has it; then --bin DIR"
)
_OF_SOURCE: Final = "--kubevirt SOURCE builds it from a source tree, with Go"
HOW_TO_GET: Final[Mapping[str, str]] = {
    ETCD: "a release of etcd has it, and setup-envtest; then --bin DIR",
    API_SERVER: f"{_SERVER_BINARIES} (setup-envtest has it too)",
    MANAGER: _SERVER_BINARIES,
    SCHEDULER: _SERVER_BINARIES,
    VIRT_API: f"{_OF_SOURCE}; the image virt-api has it as /usr/bin/virt-api",
    VIRT_CONTROLLER: f"{_OF_SOURCE}; the image virt-controller has it as /usr/bin/virt-controller",
    MANIFESTS: f"{_OF_SOURCE}; it prints that version's definitions, roles and webhooks",
}
Programs = Mapping[str, Path]
"""Paths by name."""


def built_folder() -> Path:
    """Where `make control-plane` leaves links to what it built."""
    return cache_folder() / "control-plane" / "bin"


def cache_folder() -> Path:
    """Where builds are kept."""
    return user_cache_path("virtslo")


@dataclass(frozen=True, slots=True)
class ProgramPlaces:
    """Where programs are looked for."""

    named: Programs = field(default_factory=dict)
    """Given one by one."""
    folders: tuple[Path, ...] = ()
    """Given as folders."""
    assets: str = ""
    """The value of KUBEBUILDER_ASSETS."""
    search_path: str = ""
    """The value of PATH."""
    built: Path | None = None

    @classmethod
    def of_environment(
        cls, *, named: Programs | None = None, folders: Sequence[Path] = ()
    ) -> "ProgramPlaces":
        """The places that the environment adds."""
        return cls(
            named=named or {},
            folders=tuple(folders),
            assets=os.environ.get(ASSETS, ""),
            search_path=os.environ.get("PATH", ""),
            built=built_folder(),
        )

    def find(self, name: str) -> Path | None:
        """Where a program is; None where it is in none of the places."""
        if name in self.named:
            return _program(self.named[name])
        for folder, _ in self._folders():
            found = _program(folder / name)
            if found is not None:
                return found
        on_path = shutil.which(name, path=self.search_path) if self.search_path else None
        if on_path is not None:
            return Path(on_path).absolute()
        return _program(self.built / name) if self.built is not None else None

    def looked_in(self, name: str) -> tuple[str, ...]:
        """The places that were looked at, for people."""
        if name in self.named:
            return (str(self.named[name]),)
        places = [told for _, told in self._folders()]
        if not self.assets:
            places.append(f"{ASSETS} (not set)")
        places.append("PATH")
        if self.built is not None:
            places.append(str(self.built))
        return tuple(places)

    def _folders(self) -> Iterator[tuple[Path, str]]:
        for folder in self.folders:
            yield folder, f"--bin {folder}"
        if self.assets:
            yield Path(self.assets), f"{ASSETS} ({self.assets})"


def locate(names: Sequence[str], places: ProgramPlaces) -> Programs:
    """Where these programs are. Raises ScenarioError that lists every missing one."""
    found = {name: places.find(name) for name in names}
    problems = [
        Problem(
            name,
            f"none in {', '.join(places.looked_in(name))}",
            "a program that can be executed",
            HOW_TO_GET[name],
        )
        for name, path in found.items()
        if path is None
    ]
    if problems:
        raise ScenarioError("programs of the control plane", problems)
    return {name: path for name, path in found.items() if path is not None}


def _program(path: Path) -> Path | None:
    return path.absolute() if is_file(path) and os.access(path, os.X_OK) else None
