"""Of which version a program of KubeVirt is, by what Go's linker wrote into it.

Invariant: nothing is executed, and a file that is no Go program has no version; what differs is
said and never refused, since a build of a change differs from the release that it is tried with.
Source of the format: the package debug/buildinfo of Go's library, from version 1.18 on.
"""

import mmap
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

MAGIC: Final = b"\xff Go buildinf:"
_ALIGNED: Final = 16
_HEADER: Final = 32
_INLINE: Final = 2
"""The flag of a header after which the texts follow; they are elsewhere before Go 1.18."""
_SENTINEL: Final = 16
"""Bytes around the modules' text."""
_MOST_TEXT: Final = 1 << 20
_MODULE: Final = re.compile(
    r"^(?:mod|dep)\tkubevirt\.io/kubevirt\t([^\t\n]*)(?!.*\n=>)", re.MULTILINE
)
"""Of KubeVirt, or of a program made with it; not where another folder stands in for it."""
_LINKED: Final = re.compile(r"kubevirt\.io/client-go/version\.gitVersion=([^\s'\"]+)")
_REVISION: Final = re.compile(r"^build\tvcs\.revision=([0-9a-f]+)", re.MULTILINE)


def version_of_program(path: Path) -> str:
    """KubeVirt's version in a program; empty where the program does not say it."""
    text = _modules(path)
    module = _MODULE.search(text)
    if module is None:
        return ""
    linked = _LINKED.search(text)
    if linked is not None:
        return linked[1]
    if module[1] not in {"", "(devel)"}:
        return module[1]
    revision = _REVISION.search(text)
    return revision[1][:12] if revision is not None else ""


def difference(programs: Mapping[str, Path]) -> str:
    """A sentence that says how these programs' versions differ; empty where they do not.

    Programs that say no version are left out.
    """
    versions = {name: version_of_program(path) for name, path in programs.items()}
    known = {name: version for name, version in versions.items() if version}
    if len(set(known.values())) < 2:
        return ""
    each = ", ".join(f"{name} {version}" for name, version in sorted(known.items()))
    return f"programs of different versions, which may not belong together: {each}"


def _modules(path: Path) -> str:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return next((text for place in _places(data) if (text := _text_at(data, place))), "")
    except (OSError, ValueError):
        return ""


def _places(data: mmap.mmap) -> Iterator[int]:
    place = data.find(MAGIC)
    while place >= 0:
        if place % _ALIGNED == 0:
            yield place
        place = data.find(MAGIC, place + 1)


def _text_at(data: mmap.mmap, place: int) -> str:
    """The modules' text of the header at a place; empty where there is none."""
    header = data[place : place + _HEADER]
    if len(header) < _HEADER or not header[15] & _INLINE:
        return ""
    go_version, following = _counted_text(data, place + _HEADER)
    if not go_version.startswith(b"go"):
        return ""
    modules, _ = _counted_text(data, following)
    return modules[_SENTINEL:-_SENTINEL].decode("utf-8", "replace")


def _counted_text(data: mmap.mmap, place: int) -> tuple[bytes, int]:
    """A text with its length before it, seven bits a byte, and where it ends."""
    length = shift = 0
    for byte in data[place : place + 4]:
        place += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    if length > _MOST_TEXT:
        return b"", place
    return data[place : place + length], place + length
