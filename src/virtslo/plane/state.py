"""Planes of this user, by name: which are up, and where.

Invariant: a plane is up as long as its lock is held, which the kernel gives back when its process
ends, whatever ended it; what is read of a plane that is not up is never taken for one that is. The
folder of a plane is private (mode 0700) and is gone when it is down.
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from platformdirs import user_state_path

from virtslo.base.bounded_files import UnreadableFile, read_bounded
from virtslo.base.errors import ClusterError, Problem, ScenarioError
from virtslo.base.limits import PLANE_FILE

DEFAULT: Final = "default"
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?\Z")
_FACTS: Final = "plane.json"


@dataclass(frozen=True, slots=True)
class PlaneFacts:
    """What is written of a plane that is up; nothing secret."""

    name: str
    pid: int
    url: str
    kubeconfig: str
    context: str
    audit_log: str
    version: str
    nodes: int
    started_at: str
    processes: dict[str, int]


def planes_folder() -> Path:
    """Where planes are kept: private to the user. Raises ClusterError where none can be."""
    folder = user_state_path("virtslo") / "planes"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    except (OSError, ValueError) as error:
        words = getattr(error, "strerror", None) or "this is no path"
        hint = "XDG_STATE_HOME names another place"
        raise ClusterError(f"cannot keep planes in {str(folder)!r}: {words}", hint=hint) from error
    return folder


def checked_name(name: str) -> str:
    """A plane's name. Raises ScenarioError."""
    if _NAME.match(name):
        return name
    expected = "lower-case letters, digits and hyphens, at most 40"
    raise ScenarioError("command line", [Problem("--name", repr(name), expected)])


def folder_of(name: str) -> Path:
    """The folder of a plane."""
    return planes_folder() / checked_name(name)


def log_of(name: str) -> Path:
    """Where a detached plane writes what it reports; it stays when the plane has failed."""
    return planes_folder() / f"{checked_name(name)}.log"


@contextmanager
def held(name: str) -> Iterator[Path]:
    """Hold the name of a plane: its folder, empty. Raises ClusterError where it is up already."""
    folder = folder_of(name)
    descriptor = os.open(_lock_of(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ClusterError(
                f"a plane {name!r} is up already",
                hint="another beside it: --name OTHER; to end it: virtslo plane down",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def holder_of(name: str) -> int | None:
    """The process that holds a plane; None: it is not up."""
    try:
        descriptor = os.open(_lock_of(name), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        text = os.pread(descriptor, 20, 0)
        return int(text) if text.isdigit() else None
    else:
        return None
    finally:
        os.close(descriptor)


def write_facts(folder: Path, facts: PlaneFacts) -> None:
    """Say that a plane is ready."""
    new = folder / f"{_FACTS}.new"
    new.write_text(json.dumps(asdict(facts), indent=2), encoding="utf-8")
    new.replace(folder / _FACTS)


def facts_of(name: str) -> PlaneFacts | None:
    """What is known of a plane that is up and ready; None: it is not."""
    if holder_of(name) is None:
        return None
    path = folder_of(name) / _FACTS
    try:
        return PlaneFacts(**json.loads(read_bounded(path, PLANE_FILE)))
    except UnreadableFile as error:
        if error.is_missing:
            return None
        raise ClusterError(f"cannot read {path}: {error.found}") from None
    except (ValueError, TypeError) as error:
        raise ClusterError(f"cannot read {path}: {error}") from error


def require(name: str) -> PlaneFacts:
    """What is known of a plane. Raises ClusterError where it is not up."""
    facts = facts_of(name)
    if facts is None:
        is_starting = holder_of(name) is not None
        words = "is not ready yet" if is_starting else "is not up"
        option = "" if name == DEFAULT else f" --name {name}"
        raise ClusterError(
            f"the plane {name!r} {words}", hint=f"virtslo plane up --detach{option} brings it up"
        )
    return facts


def names() -> tuple[str, ...]:
    """Every plane that is up."""
    found = (path.stem for path in planes_folder().glob("*.lock"))
    return tuple(sorted(name for name in found if holder_of(name) is not None))


def _lock_of(name: str) -> Path:
    return planes_folder() / f"{checked_name(name)}.lock"
