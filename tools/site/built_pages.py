"""A built site, looked at as a browser would: what its pages load and lead to.

Invariant: nothing is fetched; a link of the site's own is followed to its file and to the element
it names.
"""

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}
"""Elements that make a browser load what they name; `link` counts where it is a style or icon."""
LOADED_LINKS = {"stylesheet", "icon", "preload", "modulepreload"}


class _Page(HTMLParser):
    """The names, links and loaded addresses of one page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in one element."""
        given = {name: value for name, value in attrs if value is not None}
        self.names |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        address = given.get(LOADED.get(tag, ""))
        if address is not None and (tag != "link" or given.get("rel") in LOADED_LINKS):
            self.loaded.append(address)


def problems_of(site: Path) -> Iterator[str]:
    """What is wrong with the pages of a site: links and files that are missing, other hosts."""
    pages = {path.resolve(): _read(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(site.resolve())
        if name.name == "404.html":
            continue
        for address in page.loaded:
            if urlsplit(address).netloc:
                yield f"{name}: loads {address}: a page must do without a network"
        for address in (*page.links, *page.loaded):
            problem = _problem(path, address, pages)
            if problem:
                yield f"{name}: {address}: {problem}"


def count_of(site: Path) -> tuple[int, int, int]:
    """Pages, links that stay on the site, and bytes."""
    pages = [_read(path) for path in site.rglob("*.html")]
    links = sum(1 for page in pages for link in page.links if not urlsplit(link).scheme)
    return len(pages), links, sum(path.stat().st_size for path in site.rglob("*") if path.is_file())


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _problem(path: Path, address: str, pages: dict[Path, _Page]) -> str:
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return ""
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return "no such file"
    if parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].names:
        return "no such heading"
    return ""


def main(site: Path) -> int:
    """Print every problem, or the counts; returns the exit code."""
    problems = list(problems_of(site))
    for problem in problems:
        print(problem)
    pages, links, size = count_of(site)
    print(f"{site}: {pages} pages, {links} links, {size / 1e6:.1f} MB, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
