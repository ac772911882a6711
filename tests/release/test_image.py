"""The image: built without a daemon and started as the checkup's Job starts it.

The base is the one that the Containerfile names, where it can be fetched; else a system of Debian's
packages with Debian's Python.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow
BASE = "docker.io/library/python:3.12-slim"
DEBIAN = "localhost/virtslo-test-base:latest"
PACKAGES = ("python3", "python3-venv", "ca-certificates")
VERSION = "0.0.0-test"
# Where a machine has its own authorities, pip inside the build needs them as pip outside does.
AUTHORITIES = ("PIP_CERT", "SSL_CERT_FILE")


def buildah(*arguments: str, timeout: float = 900) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["buildah", *arguments], capture_output=True, text=True, check=False, timeout=timeout
    )


def output_of(*arguments: str) -> str:
    ran = buildah(*arguments)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return ran.stdout.strip()


def last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:200] if lines else "no reason given"


def debian_base(folder: Path) -> str:
    """Make a base image of Debian's packages.

    The test is skipped, with the reason, where this is not possible.
    """
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        pytest.skip("the base image cannot be fetched, and debootstrap is not there or not allowed")
    made = subprocess.run(
        [
            *("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"),
            *("stable", str(folder / "system")),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if made.returncode != 0:
        pytest.skip(f"neither base can be had: debootstrap: {last_line(made.stdout)}")
    container = output_of("from", "--quiet", "scratch")
    output_of("add", "--quiet", container, str(folder / "system"), "/")
    ran = buildah("run", "--isolation=chroot", container, "--", "true")
    if ran.returncode != 0:
        buildah("rm", container)
        pytest.skip(f"no container can be run here: {last_line(ran.stderr)}")
    output_of("commit", "--quiet", "--rm", container, DEBIAN)
    return DEBIAN


def mounts(folder: Path) -> list[str]:
    """Mounts by which pip inside the build does as pip outside, but for its folders."""
    settings = {
        name.removeprefix("PIP_").lower().replace("_", "-"): value
        for name, value in os.environ.items()
        if name.startswith("PIP_") and name not in {"PIP_CERT", "PIP_FIND_LINKS"} and value
    }
    authorities = next((os.environ[name] for name in AUTHORITIES if os.environ.get(name)), None)
    if authorities is not None:
        settings["cert"] = "/etc/authorities.pem"
    configuration = folder / "pip.conf"
    lines = [f"{name} = {value}\n" for name, value in settings.items()]
    configuration.write_text("".join(["[global]\n", *lines]))
    found = [f"--volume={configuration}:/etc/pip.conf:ro"]
    if authorities is not None:
        found.append(f"--volume={authorities}:/etc/authorities.pem:ro")
    return found


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if shutil.which("buildah") is None:
        pytest.skip("buildah is not installed")
    folder = tmp_path_factory.mktemp("image")
    fetched = buildah("pull", "--quiet", BASE, timeout=120)
    base = BASE if fetched.returncode == 0 else debian_base(folder)
    built = output_of(
        *("build", "--quiet", "--isolation=chroot", "--pull-never", f"--build-arg=BASE={base}"),
        *(f"--build-arg=VERSION={VERSION}", *mounts(folder)),
        *("-f", str(ROOT / "Containerfile"), str(ROOT)),
    )
    yield built
    buildah("rmi", "--force", built)
    if base == DEBIAN:
        buildah("rmi", "--force", DEBIAN)


@pytest.fixture
def container(image: str) -> Iterator[str]:
    name = output_of("from", "--quiet", image)
    yield name
    buildah("rm", name)


def test_the_image_runs_a_simulated_burst_as_a_user_without_rights(container: str) -> None:
    ran = buildah(
        *("run", "--isolation=chroot", "--user=10001", container),
        *("--", "virtslo", "run", "burst", "--count", "5", "--repeat", "1"),
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.rstrip().splitlines()[-1].startswith("valid:")


def test_the_image_runs_under_a_user_id_that_the_cluster_chooses(container: str) -> None:
    ran = buildah(
        *("run", "--isolation=chroot", "--user=1000660000", container),
        *("--", "virtslo", "run", "burst", "--count", "2", "--repeat", "1"),
    )

    assert ran.returncode == 0, ran.stderr


def test_the_image_starts_virtslo_as_an_unprivileged_user_and_says_what_it_is(image: str) -> None:
    described = json.loads(output_of("inspect", "--type", "image", image))
    settings = described["OCIv1"]["config"]

    assert settings["User"] == "10001:10001"
    assert settings["Entrypoint"] == ["virtslo"]
    assert settings["WorkingDir"] == "/work"
    assert settings["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert settings["Labels"]["org.opencontainers.image.version"] == VERSION
