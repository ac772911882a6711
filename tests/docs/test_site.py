"""The documentation site: what its check finds, and a build where the generator is installed."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECK = ROOT / "tools" / "site" / "built_pages.py"
HAS_GENERATOR = all(importlib.util.find_spec(name) for name in ("mkdocs", "material"))


def check(site: Path) -> tuple[int, str]:
    """The exit code and output of the check of a built site."""
    done = subprocess.run(
        [sys.executable, str(CHECK), str(site)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_the_check_finds_what_a_reader_would_miss(tmp_path: Path) -> None:
    (tmp_path / "here.html").write_text('<h2 id="known">x</h2><a href="#known">k</a>')
    (tmp_path / "index.html").write_text(
        '<script src="https://elsewhere.example/x.js"></script><link rel="canonical" href="gone">'
        '<a href="gone.html">a</a><a href="here.html#unknown">b</a><a href="here.html#known">c</a>'
        '<a href="https://kubevirt.io">d</a><img src="picture.png">'
    )

    code, out = check(tmp_path)

    assert code == 1
    assert out.splitlines()[:-1] == [
        "index.html: loads https://elsewhere.example/x.js: a page must do without a network",
        "index.html: gone.html: no such file",
        "index.html: here.html#unknown: no such heading",
        "index.html: picture.png: no such file",
    ]


@pytest.mark.slow
@pytest.mark.skipif(not HAS_GENERATOR, reason="the site's generator is not installed: make site")
def test_the_site_is_built_whole_and_can_be_searched(tmp_path: Path) -> None:
    site = tmp_path / "site"
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(site)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    code, out = check(site)
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    found = {entry["location"].split("#")[0] for entry in index["docs"]}
    pages = {
        path.relative_to(ROOT / "docs").with_suffix(".html").as_posix()
        for path in (ROOT / "docs").rglob("*.md")
        if path.name != "README.md"
    }

    assert code == 0, out
    assert pages - found - {"index.html"} == set()
    assert (site / "project" / "CHANGELOG.html").is_file()
    assert (site / "source" / "deploy" / "rbac.yaml").is_file()
