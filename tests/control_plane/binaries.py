"""The programs of a real control plane: where they are, and how they are built.

Invariant: what is on PATH or in KUBEBUILDER_ASSETS is used as it is; what is built is kept outside
of the tree, by version, and built once. Run as a program, it builds what is missing, and leaves
links where the product looks.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import click

from virtslo.plane.programs import (
    KUBERNETES,
    KUBEVIRT,
    ProgramPlaces,
    Programs,
    built_folder,
    cache_folder,
)

MODULES: Final = Path(__file__).parent / "modules"
GO_PLACES: Final = ("/usr/local/go/bin", "/usr/lib/go/bin")


@dataclass(frozen=True, slots=True)
class Program:
    """A program, and the Go package that it is built from."""

    name: str
    module: str
    package: str
    versioned: tuple[str, ...] = ()
    """Variables of the linker that hold the version."""


_BASE: Final = "k8s.io/component-base/version.git"
PROGRAMS: Final = (
    Program("etcd", "etcd", "go.etcd.io/etcd/server/v3"),
    *(
        Program(name, "kubernetes", f"k8s.io/kubernetes/cmd/{name}", (_BASE,))
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
    ),
    Program("kubevirt-manifests", "kubevirt", "./manifests"),
    *(
        Program(
            name,
            "kubevirt",
            f"kubevirt.io/kubevirt/cmd/{name}",
            ("kubevirt.io/client-go/version.git",),
        )
        for name in ("virt-controller", "virt-api")
    ),
)
_REQUIRED: Final = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kubernetes": "k8s.io/kubernetes",
    "kubevirt": "kubevirt.io/kubevirt",
}


def find(name: str) -> Path | None:
    """Where a program is; None where it is not built."""
    program = next(program for program in PROGRAMS if program.name == name)
    places = replace(ProgramPlaces.of_environment(), built=_folder(program))
    return places.find(name)


def programs() -> Programs:
    """Every program of a plane."""
    found = {name: find(name) for name in (*KUBERNETES, *KUBEVIRT)}
    assert None not in found.values(), f"not built: {missing()}"
    return {name: path for name, path in found.items() if path is not None}


def missing() -> tuple[str, ...]:
    """The programs that are nowhere."""
    return tuple(program.name for program in PROGRAMS if find(program.name) is None)


def version_of(module: str) -> str:
    """The version that a module pins."""
    text = (MODULES / module / "go.mod").read_text(encoding="utf-8")
    found = re.search(
        rf"^\s*(?:require )?{re.escape(_REQUIRED[module])} (v\S+)", text, re.MULTILINE
    )
    assert found is not None, f"{module}/go.mod requires no {_REQUIRED[module]}"
    return found[1]


def go() -> str | None:
    """The Go command."""
    return shutil.which("go") or next(
        (f"{place}/go" for place in GO_PLACES if Path(f"{place}/go").is_file()), None
    )


def build() -> int:
    """Build what is missing, one program after another; returns an exit code."""
    wanted = [program for program in PROGRAMS if find(program.name) is None]
    command = go()
    if wanted and command is None:
        click.echo("control plane: not built, there is no Go here; its tests will be skipped")
        return 0
    for program in wanted:
        started = time.monotonic()  # noqa: TID251  a build is told about, not measured
        done = subprocess.run(
            go_arguments(str(command), program, _folder(program) / program.name),
            cwd=MODULES / program.module,
            env=go_environment(),
            check=False,
        )
        if done.returncode:
            click.echo(f"control plane: {program.name} could not be built", err=True)
            return 1
        seconds = time.monotonic() - started  # noqa: TID251
        click.echo(f"control plane: {program.name} {version_of(program.module)} in {seconds:.0f} s")
    _link()
    places = sorted({str(find(program.name)) for program in PROGRAMS})
    click.echo("control plane: complete\n  " + "\n  ".join(places))
    return 0


def _link() -> None:
    """Links to what is built here, where `virtslo plane up` looks last."""
    built_folder().mkdir(parents=True, exist_ok=True)
    for program in PROGRAMS:
        path = _folder(program) / program.name
        link = built_folder() / program.name
        if path.is_file():
            link.unlink(missing_ok=True)
            link.symlink_to(path)


def go_arguments(command: str, program: Program, output: Path) -> list[str]:
    """The command that builds a program."""
    version = version_of(program.module)
    major, minor, *_ = version.removeprefix("v").split(".")
    values = {"Version": version, "Major": major, "Minor": minor, "TreeState": "clean"}
    flags = [
        f"-X {prefix}{key}={value}" for prefix in program.versioned for key, value in values.items()
    ]
    # Without what debuggers read, compiling takes a third less.
    return [
        *(command, "build", "-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false"),
        *("-ldflags", " ".join(["-s", "-w", *flags])),
        *("-o", str(output), program.package),
    ]


def go_environment() -> dict[str, str]:
    """The environment of a build."""
    return {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "auto", "GOWORK": "off"}


def _folder(program: Program) -> Path:
    digest = hashlib.sha256()
    for path in sorted((MODULES / program.module).rglob("*")):
        if path.is_file():
            digest.update(path.read_bytes())
    key = f"{program.module}-{version_of(program.module)}-{digest.hexdigest()[:8]}"
    return cache_folder() / "control-plane" / key


if __name__ == "__main__":
    sys.exit(build())
