"""Build virt-api and virt-controller of a released KubeVirt from its Go module.

Invariant: nothing but public modules is read. A module has no staging folder, so what the release
replaces by a folder is required as the module of the same version; what virt-api and
virt-controller do not need and cannot be fetched is left empty.

    python tools/released_kubevirt.py v1.8.2 --output ~/kubevirt-v1.8.2
    virtslo cost ~/kubevirt-v1.8.2 default --count 100

Needs Go and about four minutes of one processor.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import click

from virtslo.plane.generators import generator_of
from virtslo.plane.programs import KUBEVIRT, MANIFESTS
from virtslo.plane.source_builds import go_command

MODULE: Final = "kubevirt.io/kubevirt"
STAGED: Final = ("api", "client-go")
"""Modules that the repository keeps in its staging folder, and releases beside itself."""
UNNEEDED: Final = "libguestfs.org/libnbd"
"""Needed by programs that run virtual machines; public proxies do not serve it."""
BUILD_SECONDS: Final = 1800


@click.command()
@click.argument("version", metavar="VERSION")
@click.option(
    "--output", type=click.Path(path_type=Path), required=True, help="Folder to build in."
)
def main(version: str, output: Path) -> None:
    """Build virt-api and virt-controller of KubeVirt VERSION (v1.8.2) for `virtslo cost`."""
    if not re.fullmatch(r"v\d+\.\d+\.\d+(-[\w.]+)?", version):
        raise click.UsageError(f"{version}: expected a released version, such as v1.8.2")
    go = go_command()
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="released-kubevirt-") as place:
        build = Path(place)
        source = module_folder(go, version, build)
        (build / "go.mod").write_text(requirements(source, version), encoding="utf-8")
        shutil.copyfile(source / "go.sum", build / "go.sum")
        write_packages(build, source)
        run([go, "mod", "tidy", "-e"], build)
        for name in KUBEVIRT:
            package = "./manifests" if name == MANIFESTS else f"{MODULE}/cmd/{name}"
            click.echo(f"building {name} of KubeVirt {version}", err=True)
            linked = f"-s -w -X kubevirt.io/client-go/version.gitVersion={version}"
            command = [go, "build", "-mod=mod", "-trimpath", "-gcflags=all=-dwarf=false"]
            command += ["-ldflags", linked, "-o", str(build / name), package]
            run(command, build)
            shutil.move(build / name, output / name)
    click.echo(output)


def module_folder(go: str, version: str, build: Path) -> Path:
    """Where Go keeps the module of a version, fetched if need be."""
    shown = run([go, "mod", "download", "-json", f"{MODULE}@{version}"], build)
    return Path(json.loads(shown)["Dir"])


def requirements(source: Path, version: str) -> str:
    """A go.mod that requires the release, with the release's own choice of versions."""
    text = (source / "go.mod").read_text(encoding="utf-8")
    text = re.sub(r"^module .*$", "module virtslo.io/released-kubevirt", text, flags=re.MULTILINE)
    for name in STAGED:
        text = re.sub(
            rf"^(\s*)(kubevirt\.io/{name}) => \./\S+$",
            rf"\1\2 => \2 {version}",
            text,
            flags=re.MULTILINE,
        )
    text = re.sub(rf"^\s*{re.escape(UNNEEDED)} .*$", "", text, flags=re.MULTILINE)
    return f"{text}\nrequire {MODULE} {version}\n\nreplace {UNNEEDED} => ./unneeded\n"


def write_packages(build: Path, source: Path) -> None:
    """The generator of manifests, an empty package, and what names the packages that are built."""
    (build / "manifests").mkdir()
    (build / "manifests" / "main.go").write_text(generator_of(source), encoding="utf-8")
    (build / "unneeded").mkdir()
    (build / "unneeded" / "go.mod").write_text(f"module {UNNEEDED}\n", encoding="utf-8")
    (build / "unneeded" / "empty.go").write_text("package libnbd\n", encoding="utf-8")
    packages = [f"{MODULE}/cmd/{name}" for name in KUBEVIRT if name != MANIFESTS]
    lines = "".join(f'\t_ "{package}"\n' for package in packages)
    text = f"//go:build tools\n\npackage tools\n\nimport (\n{lines})\n"
    (build / "tools.go").write_text(text, encoding="utf-8")


def run(command: list[str], folder: Path) -> str:
    """The output of a command of Go; ends the program with its last words where it fails."""
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOTOOLCHAIN": "auto"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=BUILD_SECONDS,
    )
    if done.returncode:
        last = "\n".join(f"    {line}" for line in done.stderr.splitlines()[-15:])
        click.echo(f"{' '.join(command[:3])} failed; its last words:\n{last}", err=True)
        sys.exit(3)
    return done.stdout


if __name__ == "__main__":
    main()
