"""Artefacts as a user gets them: built, listed, and installed where nothing else is."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import virtslo

ROOT = Path(__file__).parents[2]
VERSION = virtslo.__version__
pytestmark = pytest.mark.slow


def run(*command: str, cwd: Path, **environment: str) -> str:
    """A command's standard output; its standard error is the reason of a failure."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, timeout=900,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, (
        f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    )
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of this tree, and the wheel that is made of the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    hatchling = (sys.executable, "-m", "hatchling", "build", "-d", str(folder))
    run(*hatchling, "-t", "sdist", cwd=ROOT)
    with tarfile.open(folder / f"virtslo-{VERSION}.tar.gz") as archive:
        archive.extractall(folder / "unpacked", filter="data")
    run(*hatchling, "-t", "wheel", cwd=folder / "unpacked" / f"virtslo-{VERSION}")
    return folder


def test_the_sdist_has_what_building_and_testing_need(dist: Path) -> None:
    with tarfile.open(dist / f"virtslo-{VERSION}.tar.gz") as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}

    for name in ("pyproject.toml", "Makefile", "LICENSE", "requirements/dev.lock", "CITATION.cff"):
        assert name in names
    assert any(name.startswith("tests/unit/") for name in names)
    assert not [name for name in names if "__pycache__" in name or (name.startswith(("runs/", "."))
                and name != ".gitignore")]  # fmt: skip


def test_the_wheel_has_the_package_and_nothing_else(dist: Path) -> None:
    with zipfile.ZipFile(dist / f"virtslo-{VERSION}-py3-none-any.whl") as wheel:
        names = wheel.namelist()
        sizes = {entry.filename: entry.file_size for entry in wheel.infolist()}

    folders = {name.split("/", 1)[0] for name in names}
    in_tree = {
        str(path.relative_to(ROOT / "src"))
        for path in (ROOT / "src" / "virtslo").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert folders == {"virtslo", f"virtslo-{VERSION}.dist-info"}
    assert {name for name in names if name.startswith("virtslo/")} == in_tree
    assert sum(sizes.values()) < 8_000_000


def test_a_fresh_environment_runs_from_the_wheel(dist: Path, tmp_path: Path) -> None:
    """What `pipx install virtslo` and `uvx virtslo` do, with this wheel."""
    wheel = str(dist / f"virtslo-{VERSION}-py3-none-any.whl")
    fresh = tmp_path / "fresh"
    run(sys.executable, "-m", "venv", str(fresh), cwd=tmp_path)
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv:
        run(uv, "pip", "install", "--quiet", wheel, cwd=tmp_path, VIRTUAL_ENV=str(fresh))
    else:
        run(str(fresh / "bin" / "pip"), "install", "--quiet", wheel, cwd=tmp_path)
    command = str(fresh / "bin" / "virtslo")

    assert VERSION in run(command, "--version", cwd=tmp_path, PYTHONPATH="")
    shown = run(
        command, "run", "burst", "--count", "5", "--repeat", "1", "--format", "markdown",
        cwd=tmp_path, PYTHONPATH="",
    )  # fmt: skip
    assert "simulated" in shown
    assert [path for path in (tmp_path / "runs").iterdir() if path.is_dir()]


def test_kubectl_finds_the_plugin() -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    scripts = str(Path(sys.executable).parent)

    shown = run(kubectl, "virtslo", "--version", cwd=ROOT, PATH=f"{scripts}:{os.environ['PATH']}")

    assert VERSION in shown
