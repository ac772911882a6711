"""The documentation site's pages and links, for mkdocs.

Invariant: what a link in the repository leads to is on the site too, so that the site needs no
network; a link that leads nowhere is a warning, and a warning ends the build.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
SECTIONS = {
    "Tutorials": "tutorials",
    "How-to": "how-to",
    "Reference": "reference",
    "Explanation": "explanation",
    "Decisions": "adr",
    "Gallery": "gallery",
}
FIRST = (
    "tutorials/first-run.md",
    "tutorials/measure-your-cluster.md",
    "tutorials/gate-a-pull-request.md",
    "tutorials/publish-a-release.md",
    "tutorials/plan-a-larger-cluster.md",
    "reference/cli.md",
    "reference/scenario.md",
    "reference/definitions.md",
)
"""Pages that stand first in their sections, in this order; others follow by title."""
PROJECT = (
    "CHANGELOG.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "ROADMAP.md",
    "SECURITY.md",
    "ADOPTERS.md",
)
"""Pages of the repository's root that are pages of the site."""
LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?(\))")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The navigation: a section a folder, so that a new page needs no entry."""
    docs = Path(config.docs_dir)
    nav: list[dict[str, Any]] = [{"virtslo": "index.md"}]
    for title, folder in SECTIONS.items():
        nav.append({title: [str(page) for page in _pages(docs, folder)]})
    nav.append({"Project": [f"project/{name}" for name in PROJECT]})
    config.nav = nav
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages of the root, and every file that a page links to."""
    for name in PROJECT:
        files.append(_added(config, f"project/{name}", ROOT / name))
    wanted: set[Path] = set()
    for file in list(files.documentation_pages()):
        home = _home(file.src_uri)
        wanted |= {target for target in _targets(home, file.content_string) if _is_source(target)}
    for target in sorted(wanted):
        files.append(_added(config, f"source/{target.relative_to(ROOT)}", target))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Links as they are in the repository, turned to where their targets are on the site."""
    home = _home(page.file.src_uri)
    here = PurePosixPath(page.file.src_uri).parent

    def turned(match: re.Match[str]) -> str:
        opening, link, anchor, closing = match.groups()
        on_site = _place(home, link)
        if on_site is None:
            return match.group()
        return f"{opening}{os.path.relpath(on_site, here)}{anchor or ''}{closing}"

    return LINK.sub(turned, markdown)


def _pages(docs: Path, folder: str) -> list[PurePosixPath]:
    found = [path.relative_to(docs) for path in (docs / folder).rglob("*.md")]
    ranks = {name: rank for rank, name in enumerate(FIRST)}

    def order(path: Path) -> tuple[bool, int, str]:
        is_index = path.name in {"README.md", "index.md"}
        title = path.name if folder == "adr" else _title(docs / path)
        return (not is_index, ranks.get(path.as_posix(), len(ranks)), title)

    return [PurePosixPath(path) for path in sorted(found, key=order)]


def _title(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return next(lines).lstrip("# ").strip()


def _home(uri: str) -> Path:
    """The folder in the repository that a page's links start from."""
    if uri.startswith("project/"):
        return ROOT
    return (ROOT / "docs" / uri).parent


def _targets(home: Path, markdown: str) -> Iterator[Path]:
    for _, link, _, _ in LINK.findall(markdown):
        if ":" not in link:
            yield (home / link).resolve()


def _is_source(target: Path) -> bool:
    """Whether it is a file that the site has no page of."""
    if not target.is_file() or target.is_relative_to(ROOT / "docs"):
        return False
    return target.relative_to(ROOT).as_posix() not in {*PROJECT, "README.md"}


def _place(home: Path, link: str) -> str | None:
    """Where a link's target is on the site; None: the link is left as it is."""
    if ":" in link:
        return None
    target = (home / link).resolve()
    if not target.is_relative_to(ROOT):
        return None
    name = target.relative_to(ROOT).as_posix()
    if target.is_relative_to(ROOT / "docs"):
        inner = target.relative_to(ROOT / "docs")
        first = next(iter(_pages(ROOT / "docs", inner.as_posix())), inner)
        return str(first if target.is_dir() else inner)
    if name == "README.md":
        return "index.md"
    if name in PROJECT:
        return f"project/{name}"
    return f"source/{name}" if target.is_file() else None


def _added(config: MkDocsConfig, uri: str, path: Path) -> File:
    return File.generated(config, uri, abs_src_path=str(path))
