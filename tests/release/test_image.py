"""The image, where a builder without a daemon is there and can fetch the base image."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow
BASE = "docker.io/library/python:3.12-slim"


def buildah(*arguments: str, timeout: float = 900) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["buildah", *arguments], capture_output=True, text=True, check=False, timeout=timeout
    )


def test_the_image_is_built_and_starts() -> None:
    if shutil.which("buildah") is None:
        pytest.skip("buildah is not installed")
    fetched = buildah("pull", "--quiet", BASE, timeout=120)
    if fetched.returncode != 0:
        words = fetched.stderr.strip().splitlines()
        pytest.skip(
            f"the base image cannot be fetched: {words[-1][:200] if words else 'no reason'}"
        )
    built = buildah("build", "--quiet", "--isolation", "chroot", "-f", "Containerfile", str(ROOT))
    assert built.returncode == 0, built.stderr[-2000:]
    image = built.stdout.strip()
    started = buildah("from", "--quiet", image)
    container = started.stdout.strip()
    try:
        ran = buildah("run", "--isolation", "chroot", container, "--", "virtslo", "--version")
        labels = buildah("inspect", "--type", "image", image)
    finally:
        buildah("rm", container)
        buildah("rmi", image)

    assert ran.returncode == 0, ran.stderr
    assert "virtslo" in ran.stdout
    assert '"org.opencontainers.image.licenses": "Apache-2.0"' in labels.stdout
