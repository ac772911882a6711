"""What traces need of adapters."""

from pathlib import Path
from typing import TYPE_CHECKING

from virtslo.base.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from virtslo.model.plan.trace import TraceSource
    from virtslo.observe.simkube_trace import SimKubeTrace
    from virtslo.store.traces import TraceFile


def open_trace(path: Path, source: "TraceSource", *, label: str = "") -> "TraceFile":
    """A trace, open for writing. Raises StoreError."""
    from virtslo.store.traces import TraceFile

    return TraceFile(path, source, label=label)


def first_bytes(path: Path) -> bytes:
    """The first bytes of a file's contents, unfolded. Raises ScenarioError."""
    from virtslo.base.bounded_files import UnreadableFile
    from virtslo.store.traces import first_bytes as read

    try:
        return read(path)
    except UnreadableFile as error:
        raise ScenarioError(
            "command line",
            [
                Problem(
                    str(path),
                    error.found,
                    "an audit log, a trace of SimKube's or a folder of a run",
                )
            ],
        ) from error


def read_simkube(path: Path) -> "SimKubeTrace":
    """A trace that SimKube exported. Raises ScenarioError."""
    from virtslo.observe.simkube_trace import SimKubeTrace
    from virtslo.store.traces import read_msgpack

    return read_msgpack(
        path,
        SimKubeTrace,
        expected="an audit log of JSON lines, or a trace that SimKube exported (MessagePack)",
    )
