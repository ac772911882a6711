"""Build Kubernetes' own e2e tests of API machinery from its Go module.

Invariant: nothing but public modules is read; the tests are Kubernetes', and what is built of ours
is the program that starts them (`kubernetes_e2e/main.go`).

    python tools/kubernetes_e2e.py --output ~/kubernetes-e2e
    PATH=~/kubernetes-e2e:$PATH python -m pytest --all tests/wire/test_kubernetes_e2e.py

Needs Go, two minutes of one processor and a cache of modules of some 2 GB.
"""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Final

import click
from released_kubevirt import run

from virtslo.plane.sources.builds import go_command

ROOT: Final = Path(__file__).parents[1]
PROGRAM: Final = "kubernetes-e2e-api-machinery"
MAIN: Final = Path(__file__).parent / "kubernetes_e2e" / "main.go"
MODULES: Final = ROOT / "tests" / "control_plane" / "modules" / "kubernetes"
"""Which Kubernetes, and the versions that its release chose."""
BUILD_SECONDS: Final = 3600
_VERSION: Final = "k8s.io/component-base/version.git"


@click.command()
@click.option(
    "--output", type=click.Path(path_type=Path), required=True, help="Folder to build in."
)
def main(output: Path) -> None:
    """Build Kubernetes' e2e tests of API machinery as one program."""
    go = go_command()
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kubernetes-e2e-") as place:
        build = Path(place)
        text = (MODULES / "go.mod").read_text(encoding="utf-8")
        (build / "go.mod").write_text(_renamed(text), encoding="utf-8")
        shutil.copyfile(MODULES / "go.sum", build / "go.sum")
        shutil.copyfile(MAIN, build / "main.go")
        run([go, "mod", "tidy", "-e"], build, seconds=BUILD_SECONDS)
        version = version_in(text)
        click.echo(f"building the e2e tests of Kubernetes {version}", err=True)
        run(build_command(go, version, build / PROGRAM), build, seconds=BUILD_SECONDS)
        shutil.move(build / PROGRAM, output / PROGRAM)
    click.echo(output / PROGRAM)


def version_in(text: str) -> str:
    """The version of Kubernetes that a go.mod requires."""
    found = re.search(r"^\s*(?:require )?k8s\.io/kubernetes (v\S+)", text, re.MULTILINE)
    if found is None:
        raise click.ClickException(f"{MODULES / 'go.mod'} requires no k8s.io/kubernetes")
    return found[1]


def build_command(go: str, version: str, program: Path) -> list[str]:
    """The command that builds the program."""
    major, minor, _ = version.removeprefix("v").split(".", 2)
    values = {"Version": version, "Major": major, "Minor": minor}
    stamps = " ".join(f"-X {_VERSION}{key}={value}" for key, value in values.items())
    # Without what debuggers read, compiling takes a third less.
    flags = ["-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false"]
    return [go, "build", *flags, "-ldflags", f"-s -w {stamps}", "-o", str(program), "."]


def _renamed(text: str) -> str:
    return re.sub(r"^module .*$", "module virtslo.io/kubernetes-e2e", text, flags=re.MULTILINE)


if __name__ == "__main__":
    main()
