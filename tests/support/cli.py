"""Running the command line in process, as a person would, and reading what it left."""

import asyncio
import contextlib
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from virtslo.cli.main import exit_code_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


def virtslo(*arguments: str) -> Outcome:
    """Run `virtslo` with these arguments."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = exit_code_of(list(arguments))
    return Outcome(code, out.getvalue(), err.getvalue())


async def virtslo_in_thread(*arguments: str) -> Outcome:
    """Run `virtslo` while the loop of the test goes on, which may serve the cluster.

    Not what takes signals: only the main thread may.
    """
    return await asyncio.to_thread(virtslo, *arguments)


def only_run(runs: Path) -> Path:
    """The one record under a folder."""
    (directory,) = [path for path in runs.iterdir() if path.is_dir()]
    return directory


def contents(directory: Path) -> dict[str, bytes]:
    """A record's files, decompressed, but for those that may differ between equal runs."""
    return {
        path.name: gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for path in sorted(directory.iterdir())
        if path.name not in {"host.json", "log.txt"}
    }
