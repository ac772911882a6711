"""Build programs of a released KubeVirt from its Go module.

Invariant: nothing but public modules is read. A module has no staging folder, so what the release
replaces by a folder is required as the module of the same version; what virt-api and
virt-controller do not need and cannot be fetched is left empty.

    python tools/released_kubevirt.py v1.8.2 --output ~/kubevirt-v1.8.2
    virtslo cost ~/kubevirt-v1.8.2 default --count 100

    python tools/released_kubevirt.py v1.9.0 --tools --output ~/kubevirt-tools
    PATH=~/kubevirt-tools:$PATH python -m pytest --all tests/wire/test_kubevirt_tools.py

Needs Go and about four minutes of one processor.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from virtslo.plane.programs import KUBEVIRT, MANIFESTS
from virtslo.plane.sources.builds import go_command
from virtslo.plane.sources.generators import generator_of

MODULE: Final = "kubevirt.io/kubevirt"
STAGED: Final = ("api", "client-go")
"""Modules that the repository keeps in its staging folder, and releases beside itself."""
TOOLS: Final = {
    "perfscale-load-generator": f"{MODULE}/tools/perfscale-load-generator",
    "perfscale-audit": f"{MODULE}/tools/perfscale-audit",
    "virtctl": "./virtctl",
}
VIRTCTL: Final = Path(__file__).parent / "virtctl" / "main.go"
COMPONENTS: Final = {
    name: "./manifests" if name == MANIFESTS else f"{MODULE}/cmd/{name}" for name in KUBEVIRT
}
UNNEEDED: Final = "libguestfs.org/libnbd"
"""Needed by programs that run virtual machines; public proxies do not serve it."""
BUILD_SECONDS: Final = 1800


@click.command()
@click.argument("version", metavar="VERSION")
@click.option(
    "--output", type=click.Path(path_type=Path), required=True, help="Folder to build in."
)
@click.option("--tools", is_flag=True, help="Build KubeVirt's load generators and virtctl instead.")
@click.option(
    "--replace",
    metavar="MODULE=VERSION",
    multiple=True,
    help="Module to take in another version, such as one that Go has already.",
)
def main(version: str, output: Path, tools: bool, replace: tuple[str, ...]) -> None:
    """Build virt-api and virt-controller of KubeVirt VERSION (v1.8.2) for `virtslo cost`."""
    if not re.fullmatch(r"v\d+\.\d+\.\d+(-[\w.]+)?", version):
        raise click.UsageError(f"{version}: expected a released version, such as v1.8.2")
    go = go_command()
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="released-kubevirt-") as place:
        build = Path(place)
        source = module_folder(go, version, build)
        text = requirements(source, version) + "".join(map(_replacement, replace))
        (build / "go.mod").write_text(text, encoding="utf-8")
        shutil.copyfile(source / "go.sum", build / "go.sum")
        packages = TOOLS if tools else COMPONENTS
        write_packages(build, source, packages)
        run([go, "mod", "tidy", "-e"], build)
        for name, package in packages.items():
            click.echo(f"building {name} of KubeVirt {version}", err=True)
            linked = f"-s -w -X kubevirt.io/client-go/version.gitVersion={version}"
            command = [go, "build", "-mod=mod", "-trimpath", "-gcflags=all=-dwarf=false"]
            command += ["-ldflags", linked, "-o", str(build / f"{name}.built"), package]
            run(command, build)
            shutil.move(build / f"{name}.built", output / name)
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


def _replacement(text: str) -> str:
    module, is_there, version = text.partition("=")
    if not (module and is_there and version):
        raise click.UsageError(f"--replace {text}: expected MODULE=VERSION")
    return f"\nreplace {module} => {module} {version}\n"


def write_packages(build: Path, source: Path, packages: Mapping[str, str]) -> None:
    """The programs of our own, an empty package, and what names the packages that are built."""
    if packages is TOOLS:
        (build / "virtctl").mkdir()
        shutil.copyfile(VIRTCTL, build / "virtctl" / "main.go")
    else:
        (build / "manifests").mkdir()
        text = generator_of(source)
        (build / "manifests" / "main.go").write_text(text, encoding="utf-8")
    (build / "unneeded").mkdir()
    (build / "unneeded" / "go.mod").write_text(f"module {UNNEEDED}\n", encoding="utf-8")
    (build / "unneeded" / "empty.go").write_text("package libnbd\n", encoding="utf-8")
    named = [package for package in packages.values() if package.startswith(MODULE)]
    lines = "".join(f'\t_ "{package}"\n' for package in named)
    text = f"//go:build tools\n\npackage tools\n\nimport (\n{lines})\n"
    (build / "tools.go").write_text(text, encoding="utf-8")


def run(command: list[str], folder: Path, *, seconds: int = BUILD_SECONDS) -> str:
    """The output of a command of Go; ends the program with its last words where it fails."""
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOTOOLCHAIN": "auto"}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )
    if done.returncode:
        last = "\n".join(f"    {line}" for line in done.stderr.splitlines()[-15:])
        click.echo(f"{' '.join(command[:3])} failed; its last words:\n{last}", err=True)
        sys.exit(3)
    return done.stdout


if __name__ == "__main__":
    main()
