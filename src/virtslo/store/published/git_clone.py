"""Results in a git clone, bare or not, with their history.

Invariant: nothing of the clone is changed and nothing in it or named by its configuration is
executed; a file that a later commit removed is read as it last was and marked as deleted.
"""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO, Final

from virtslo.base.limits import PUBLISHED_FILE
from virtslo.base.paths import is_file, is_folder, is_there
from virtslo.model.history.runs import OddInput
from virtslo.store.published.git_command import git_process, said_by_git, unreadable
from virtslo.store.published.kubevirt_ci import run_folder
from virtslo.store.published.sources import RESULTS, Source, nothing_in

_KINDS: Final = {"120000": "a symbolic link", "160000": "a submodule"}


@dataclass(frozen=True, slots=True)
class _Kept:
    path: str
    blob: str
    rewritten: int
    is_deleted: bool
    kind: str = ""
    """What it is other than a file; empty for a file."""


def is_clone(path: Path) -> bool:
    """Whether a folder is a git clone's top, bare or not."""
    if is_there(path / ".git"):
        return True
    return is_file(path / "HEAD") and is_folder(path / "objects")


def sources(path: Path) -> Iterator[Source | OddInput]:
    """Every results file that the clone's branch has or had. Raises StoreError."""
    kept = _kept(path)
    yield from _others(path)
    with git_process(path, "cat-file", "--batch", stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for item in kept:
            if item.kind:
                yield OddInput(item.path, f"{item.kind}, expected a file")
                continue
            try:
                process.stdin.write(f"{item.blob}\n".encode())
                process.stdin.flush()
            except OSError:
                raise unreadable(path, "git cat-file has ended") from None
            yield _answer(item, process.stdout)
        process.stdin.close()


def _kept(path: Path) -> Sequence[_Kept]:
    """The last contents of each path, from the newest commit to the oldest."""
    log = said_by_git(
        path, "log", "--first-parent", "-m", "--raw", "--no-abbrev", "--no-renames",
        "--no-ext-diff", "--no-textconv", "--no-show-signature", "--format=", "-z", "HEAD", "--",
        ":(glob)**/results.json",
    )  # fmt: skip
    try:
        return _without_renamed(_last_contents(log))
    except ValueError:
        raise unreadable(path, "what git lists is no list of changes") from None


def _last_contents(log: bytes) -> dict[str, _Kept]:
    """By path; the log is from the newest commit to the oldest."""
    found: dict[str, _Kept] = {}
    parts = [part for part in log.decode("utf-8", "surrogateescape").split("\0") if part]
    for head, name in zip(parts[::2], parts[1::2], strict=False):
        old_mode, mode, old, new, status = head.lstrip("\n:").split(" ")
        known = found.get(name)
        if known is None:
            deleted = status == "D"
            kind = _KINDS.get(old_mode if deleted else mode, "")
            found[name] = _Kept(name, old if deleted else new, 0, deleted, kind)
            rewritten = status == "M"
        else:
            rewritten = status == "M"
        if rewritten:
            kept = found[name]
            found[name] = replace(kept, rewritten=kept.rewritten + 1)
    return {name: item for name, item in found.items() if item.blob.strip("0")}


def _without_renamed(found: Mapping[str, _Kept]) -> Sequence[_Kept]:
    """Without files that a commit moved to another job's folder: they are read there."""
    present = {(_run_of(item.path), item.blob) for item in found.values() if not item.is_deleted}
    return [
        item
        for item in found.values()
        if not (item.is_deleted and (_run_of(item.path), item.blob) in present)
    ]


def _run_of(path: str) -> str:
    return PurePosixPath(path).parent.name


def _others(path: Path) -> Iterator[OddInput]:
    """What the newest commit has in the place of results: submodules, and runs without any."""
    tree = said_by_git(path, "ls-tree", "-r", "-z", "HEAD")
    runs: dict[PurePosixPath, list[str]] = {}
    for line in tree.decode("utf-8", "surrogateescape").split("\0"):
        name = PurePosixPath(line.partition("\t")[2])
        if line.startswith("160000 "):
            yield OddInput(str(name), "a submodule: not read; import its own clone")
        elif (run := run_folder(name)) is not None:
            runs.setdefault(PurePosixPath(run), []).append(name.name)
    for folder, names in runs.items():
        if RESULTS not in names:
            yield OddInput(str(folder), nothing_in(names))


def _answer(item: _Kept, output: IO[bytes]) -> Source | OddInput:
    head = output.readline().split()
    if len(head) != 3:
        return OddInput(item.path, "the clone does not hold its contents")
    size = int(head[2])
    if size > PUBLISHED_FILE.most:
        _skip(output, size + 1)
        return OddInput(item.path, f"{size:,} bytes: larger than {PUBLISHED_FILE.most:,}")
    data = output.read(size)
    output.read(1)
    return Source(item.path, data, item.rewritten, item.is_deleted)


def _skip(output: IO[bytes], size: int) -> None:
    while size > 0:
        size -= len(output.read(min(size, 1 << 20))) or size
