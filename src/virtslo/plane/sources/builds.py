"""KubeVirt's components built from a source tree, or from a commit of one, kept by commit.

Invariant: the tree is never written to: the one file that a build needs besides is laid over it,
and a commit that is not checked out is taken from the repository's objects. What is built once for
a commit is built no more; a tree with changes is known by these.
"""

import asyncio
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from virtslo.base.bounded_streams import StreamTooLong
from virtslo.base.errors import ClusterError, Problem, ScenarioError
from virtslo.base.limits import SOURCE_SAID, SOURCE_TREE, Limit
from virtslo.plane.programs import KUBEVIRT, MANIFESTS, VIRT_API, VIRT_CONTROLLER, Programs
from virtslo.plane.programs import cache_folder as caches
from virtslo.plane.sources.files import digests_of, source_text, unpack
from virtslo.plane.sources.generators import generator_of

MODULE: Final = "kubevirt.io/kubevirt"
GO_PLACES: Final = ("/usr/local/go/bin/go", "/usr/lib/go/bin/go")
_VERSION: Final = "kubevirt.io/client-go/version"
_GENERATOR: Final = "cmd/virtslo-manifests/main.go"
_SHOWN_LINES: Final = 15
_CHUNK_BYTES: Final = 1 << 16
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Build:
    """What was built, and of what."""

    programs: Programs
    commit: str
    """Empty where the tree is no repository."""
    version: str
    is_changed: bool
    """Whether the tree has changes that no commit has."""


@dataclass(frozen=True, slots=True)
class _Source:
    tree: Path
    commit: str
    version: str
    key: str
    is_changed: bool


def refuse_other_trees(tree: Path) -> None:
    """Raise ScenarioError for what is no source tree of KubeVirt."""
    text = source_text(tree / "go.mod")
    if re.search(rf"^module {re.escape(MODULE)}\s*$", text, re.MULTILINE):
        return
    found = re.search(r"^module (\S+)", text, re.MULTILINE)
    problem = Problem(
        str(tree),
        f"the module {found[1]}" if found else "no go.mod",
        f"a source tree of KubeVirt (go.mod: module {MODULE})",
        "git clone https://github.com/kubevirt/kubevirt",
    )
    raise ScenarioError("--kubevirt", [problem])


def go_command() -> str:
    """The user's Go. Raises ScenarioError where there is none."""
    found = shutil.which("go") or next((each for each in GO_PLACES if Path(each).is_file()), None)
    if found is None:
        expected = "the go command: a source tree is built with it, nothing else needs it"
        hint = "https://go.dev/dl, or name built programs: --bin DIR, --virt-controller PATH"
        raise ScenarioError("--kubevirt", [Problem("go", "none on PATH", expected, hint)])
    return found


async def build_kubevirt(tree: Path, revision: str | None, tell: Tell) -> Build:
    """Build a tree, by its absolute path, as it is, or a commit of it.

    Raises ScenarioError, ClusterError.
    """
    refuse_other_trees(tree)
    go = go_command()
    source = await _source(tree, revision)
    folder = caches() / "kubevirt" / source.key
    programs = {name: folder / name for name in KUBEVIRT}
    build = Build(programs, source.commit, source.version, source.is_changed)
    if all(path.is_file() for path in programs.values()):
        tell(f"built before: {source.version}")
        return build
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="virtslo-build-", dir=folder.parent) as place:
        here = Path(place)
        root = tree if revision is None else await _checked_out(tree, source.commit, here)
        overlay = _overlay(root, here)
        for name, package in _packages().items():
            tell(f"building {name} of {source.version}")
            command = [go, "build", f"-overlay={overlay}", *_flags(source)]
            await said_by([*command, "-o", str(here / name), package], root, name)
        for name, path in programs.items():
            (here / name).replace(path)
    return build


def _packages() -> Mapping[str, str]:
    return {
        VIRT_CONTROLLER: "./cmd/virt-controller",
        VIRT_API: "./cmd/virt-api",
        MANIFESTS: f"./{_GENERATOR.rpartition('/')[0]}",
    }


def _flags(source: _Source) -> list[str]:
    values = {
        "gitVersion": source.version,
        "gitCommit": source.commit,
        "gitTreeState": "dirty" if source.is_changed else "clean",
    }
    linked = " ".join(f"-X {_VERSION}.{key}={value}" for key, value in values.items() if value)
    # Without what debuggers read, compiling takes a third less.
    debug = ("-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false")
    return [*debug, "-ldflags", f"-s -w {linked}"]


def _overlay(root: Path, here: Path) -> Path:
    """Lay the generator over a tree; returns the file that says so to go."""
    program = here / "manifests.go"
    program.write_text(generator_of(root), encoding="utf-8")
    overlay = here / "overlay.json"
    laid = {"Replace": {str(root / _GENERATOR): str(program)}}
    overlay.write_text(json.dumps(laid), encoding="utf-8")
    return overlay


async def _source(tree: Path, revision: str | None) -> _Source:
    if not (tree / ".git").exists():
        if revision is not None:
            expected = "a git repository, of which a commit can be taken"
            raise ScenarioError("--kubevirt", [Problem(str(tree), "no repository", expected)])
        key = f"tree-{hashlib.sha256(str(tree).encode()).hexdigest()[:12]}"
        shutil.rmtree(caches() / "kubevirt" / key, ignore_errors=True)
        return _Source(tree, "", "v0.0.0-unversioned", key, is_changed=True)
    try:
        wanted = f"{revision or 'HEAD'}^{{commit}}"
        commit = (await _git(tree, "rev-parse", "--verify", "--end-of-options", wanted)).strip()
    except ClusterError as error:
        problem = Problem(str(revision), "no such commit", f"a commit of {tree}")
        raise ScenarioError("--kubevirt", [problem]) from error
    version = (await _git(tree, "describe", "--tags", "--always", commit)).strip()
    version = version if version.startswith("v") else f"v0.0.0-{version}"
    changes = "" if revision is not None else await _changes(tree)
    if not changes:
        return _Source(tree, commit, version, commit[:20], is_changed=False)
    digest = hashlib.sha256(changes.encode()).hexdigest()[:12]
    return _Source(tree, commit, f"{version}-dirty", f"{commit[:20]}-{digest}", is_changed=True)


async def _changes(tree: Path) -> str:
    """What the tree has that its commit has not; empty: nothing."""
    changed = await _git(tree, "diff", "HEAD", "--binary")
    others = await _git(tree, "ls-files", "--others", "--exclude-standard", "-z", "--", "*.go")
    new = digests_of(tree, filter(None, others.split("\0")))
    return "\n".join(filter(None, [changed, *new]))


async def _checked_out(tree: Path, commit: str, here: Path) -> Path:
    """A commit's files, apart from the tree. Raises ScenarioError, ClusterError."""
    archive, root = here / "source.tar", here / "source"
    command = ["git", "-C", str(tree), "archive", "--format=tar", commit]
    try:
        with archive.open("wb") as file:
            await said_by(command, tree, "git archive", into=file, limit=SOURCE_TREE)
        await asyncio.to_thread(unpack, archive, root)
        archive.unlink()
    except OSError as error:
        raise _unwritable("git archive", str(error.filename or archive), error) from None
    return root


async def _git(tree: Path, *arguments: str) -> str:
    return await said_by(["git", "-C", str(tree), *arguments], tree, f"git {arguments[0]}")


async def said_by(
    command: list[str],
    folder: Path,
    name: str,
    *,
    into: BinaryIO | None = None,
    limit: Limit = SOURCE_SAID,
) -> str:
    """The output of a command, unless it goes `into` a file. Raises ClusterError with its last
    words, where it says more than the limit, or where the file cannot be written."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env={**os.environ, "CGO_ENABLED": "0"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    said, last = io.BytesIO(), bytearray()
    failure: ClusterError | None = None
    try:
        async with asyncio.TaskGroup() as reading:
            reading.create_task(_take(process.stdout, into or said, limit))
            reading.create_task(_keep_last(process.stderr, last))
        await process.wait()
    except* StreamTooLong:
        failure = ClusterError(f"{name} says more than {limit.amount}")
    except* OSError as errors:
        failure = _unwritable(name, str(getattr(into, "name", "memory")), errors.exceptions[0])
    finally:
        if process.returncode is None:
            process.kill()
            # Waiting alone would have no end: what is in its pipe must be read first.
            await process.communicate()
    if failure is not None:
        raise failure
    if process.returncode != 0:
        words = last.decode(errors="replace").splitlines()[-_SHOWN_LINES:]
        told = "\n".join(f"    {line}" for line in words)
        raise ClusterError(f"{name} failed with code {process.returncode}; its last words:\n{told}")
    return said.getvalue().decode(errors="replace")


async def _take(stream: asyncio.StreamReader, file: BinaryIO, limit: Limit) -> None:
    """Write a stream to a file, beside the event loop. Raises StreamTooLong, OSError."""
    size = 0
    while chunk := await stream.read(_CHUNK_BYTES):
        size += len(chunk)
        if size > limit.most:
            raise StreamTooLong(f"it says more than {limit.amount}")
        await asyncio.to_thread(file.write, chunk)
    await asyncio.to_thread(file.flush)


def _unwritable(name: str, place: str, error: BaseException) -> ClusterError:
    words = getattr(error, "strerror", None) or str(error)
    return ClusterError(f"{name}: what it says cannot be written to {place!r}: {words}")


async def _keep_last(stream: asyncio.StreamReader, last: bytearray) -> None:
    """Read a stream to its end, and keep the last of it."""
    while chunk := await stream.read(_CHUNK_BYTES):
        last += chunk
        del last[:-_CHUNK_BYTES]
