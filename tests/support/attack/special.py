"""What is no file: pipes, devices, sockets, folders and links, wherever a path can be named.

Held: nothing waits for ever, nothing is read from or written to a device, a link is not written
through, and the refusal is one message.
"""

import os
import random
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final
from unittest import mock

import click
import yaml

from support.attack.files import EXAMPLES, WAYS_IN, kubeconfig
from support.attack.judging import DOCUMENTED, REFUSED, Attempt, judged
from support.cli import Outcome, virtslo
from virtslo.base.limits import Limit
from virtslo.cli.main import main

WAIT: Final = 300
"""Seconds of a command that takes no time, after which it waits for what never comes."""
MOST_LINES: Final = 25
"""Lines of a message: that of an unknown word names the known ones."""
_DRY: Final = ("--dry-run",)
_ONE: Final = ("--count", "1", "--repeat", "1", "--simulate", "instant", "--quiet")
_AUDIT: Final = ("audit", "--prometheus", "http://127.0.0.1:1", "--start", "2026-01-31T10:00:00Z")
_CHANGES: Final = ("history", "changes", "--history", "h.db")
_SITE: Final = ("history", "site", "--history", "h.db", "-o")
_VARY: Final = ("--vary", "count=1,2")
_HERE: Final = ("--kubeconfig", "kubeconfig.yaml", "--yes")
_JOB: Final = str(EXAMPLES / "kube-burner" / "density.yml")
READ: Final = (
    ("run", "{}", *_DRY), ("run", "burst", "--template", "{}", *_DRY),
    ("run", "burst", "--objectives", "{}", *_DRY), ("run", "burst", "--simulate", "{}", *_DRY),
    ("run", "replay", "--trace", "{}", *_DRY), ("run", _JOB, "--user-data", "{}", *_DRY),
    ("run", "burst", "--resume", "{}"),
    ("run", "burst", "--count", "1", "--yes", "--runs", "runs", "--kubeconfig", "{}"),
    ("preflight", "{}", "--kubeconfig", "kubeconfig.yaml"), ("preflight", "--kubeconfig", "{}"),
    ("report", "{}"), ("report", "whole", "--objectives", "{}"), ("tables", "{}"),
    ("list", "--runs", "{}"), ("show", "{}", "--no-browser"), ("audit", "{}"),
    (*_AUDIT, "--duration", "1m", "--bearer-token-file", "{}"),
    ("history", "import", "{}", "--history", "h.db"), ("history", "list", "--history", "{}"),
    (*_CHANGES, "--acknowledged", "{}"), (*_SITE, "site", "--annotations", "{}"),
    (*_SITE, "site", "--acknowledged", "{}"),
    ("compare", "{}", "whole"), ("compare", "a", "b", "--history", "{}"), ("plan", "{}"),
    ("plan", "job", "--history", "{}"), ("sweep", "{}", *_VARY, *_DRY),
    ("sweep", "burst", "--simulate", "{}", *_VARY, *_DRY), ("sweep", "--resume", "{}"),
    ("search", "--objectives", "{}", *_HERE), ("search", "--template", "{}", *_HERE),
    ("search", "--kubeconfig", "{}", "--yes"), ("calibrate", "{}"),
    ("calibrate", "whole", "--hold-out", "{}"), ("predict", "{}", "--count", "2"),
    ("predict", "whole", "--count", "2", "--hold-out", "{}"), ("record", "{}", "-o", "made.jsonl"),
    ("record", "-o", "made.jsonl", "--duration", "1s", "--kubeconfig", "{}"),
    ("profile", "check", "{}"), ("profile", "show", "{}"),
    ("hollow", "--yes", "--kubeconfig", "{}"),
    ("clean", "--all", "--yes", "--kubeconfig", "{}"),
    ("checkup", "--namespace", "n", "--config-map", "c", "--kubeconfig", "{}"),
    *(("plane", "up", option, "{}") for option in (
        "--bin", "--kubevirt", "--virt-controller", "--virt-api", "--audit-policy")),
    *(("cost", "default", "default", option, "{}") for option in (
        "--bin", "--kubevirt", "--virt-controller", "--virt-api", "--audit-policy")),
)  # fmt: skip
"""Commands that read what {} names."""
WRITE: Final = (
    ("report", "whole", "-o", "{}"), ("report", "whole", "--format", "html", "-o", "{}"),
    ("report", "whole", "--format", "vep411", "--allow-simulated", "-o", "{}"),
    ("tables", "whole", "-o", "{}"), ("show", "whole", "--no-browser", "-o", "{}"),
    ("history", "import", "whole", "--history", "{}"), (*_SITE, "{}"),
    ("history", "acknowledge", "29e71c44", "--reason", "x", "--history", "h.db", "--file", "{}"),
    ("compare", "whole", "whole", "-o", "{}"), ("calibrate", "whole", "-o", "{}"),
    ("record", "whole", "-o", "{}"), ("run", "burst", *_ONE, "--runs", "{}"),
    ("run", "burst", *_ONE, "--runs", "runs", "-o", "{}"),
    ("run", "burst", *_ONE, "--runs", "runs", "--history", "{}"),
    ("sweep", "burst", *_VARY, "--simulate", "instant", "--quiet", "--workers", "1",
     "--seeds", "1", "--sweeps", "{}"),
    ("search", "--of", "count", "--start", "2", "--at-most", "2", "--simulate", "instant",
     "--quiet", "--searches", "{}"),
    ("audit", "audit.json", "-o", "{}"), ("cost", "default", "default", "-o", "{}"),
    ("history", "confirm", "29e71c44", "--history", "h.db", "--log", "{}"),
    ("simulate", "--kubeconfig", "{}"),
    ("simulate", "--kubeconfig", "/dev/null/kubeconfig", "--audit-log", "{}"),
)  # fmt: skip
"""Commands that write where {} is."""
INTO_FOLDERS: Final = frozenset({"--runs", "--sweeps", "--searches"})
"""Options of what is written into a folder, so that one is right there."""
APPENDED: Final = frozenset({"--audit-log", "--log"})
"""Options of what is written at the end of a file, which a link may lead to."""
_MAY_BE_PATH: Final = re.compile("FILE|PATH|FOLDER")
LENIENT: Final = frozenset({"import", "list", "--runs"})
"""What says that nothing is there, and is no failure."""


def options_with_paths() -> set[tuple[str, str]]:
    """Every option that a path can be given to, and every argument and output of a command."""
    return {
        _place(command, parameter.opts[-1] if parameter.opts[-1].startswith("-") else "")
        for command, parameter in _parameters(main, ())
        if isinstance(parameter.type, click.Path) or _MAY_BE_PATH.search(str(parameter.metavar))
    }


def named_in_commands() -> set[tuple[str, str]]:
    """What of these is tried."""
    found = set()
    for template in (*READ, *WRITE):
        words = template[: 2 if template[0] in {"history", "profile", "plane"} else 1]
        before = template[template.index("{}") - 1]
        found.add(_place(words, before if before.startswith("-") else ""))
    return found


def _place(command: tuple[str, ...], option: str) -> tuple[str, str]:
    option = {"-o": "--output", "--results-file": "--output"}.get(option, option)
    return (" ".join(command) if option in {"", "--output"} else "", option)


def _parameters(
    command: click.Command, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Parameter]]:
    if not isinstance(command, click.Group):
        yield from ((words, parameter) for parameter in command.params)
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from _parameters(found, (*words, name))


def special_files(folder: Path, most: int, chance: random.Random) -> Iterator[Attempt]:
    """Each command with at most so many kinds of what is no file."""
    (folder / "kubeconfig.yaml").write_text(
        yaml.safe_dump(kubeconfig("http://127.0.0.1:1", WAYS_IN["token"]))
    )
    kept = folder / "kept"
    kept.write_text("kept")
    # No program that was built here is found: a plane that comes up stays until Ctrl-C.
    nowhere = {"XDG_CACHE_HOME": str(folder / "cache"), "KUBEBUILDER_ASSETS": str(folder)}
    briefly = Limit("the time until a pipe named as a file ends", 1, "seconds")
    with (
        _stood_up(folder) as kinds,
        mock.patch.dict(os.environ, nowhere),
        mock.patch("virtslo.base.bounded_files.PIPE_TIME", briefly),
    ):
        for command in (*READ, *WRITE):
            for kind in chance.sample(sorted(kinds), min(most, len(kinds))):
                yield _tried(command, kind, kinds[kind])
                if kept.read_text() != "kept" and command[-2] not in APPENDED:
                    yield Attempt("special", f"{command}: {kind}", "written through a link")
                kept.write_text("kept")


@contextmanager
def _stood_up(folder: Path) -> Iterator[dict[str, str]]:
    """Paths of what is no file, by kind."""
    os.mkfifo(folder / "pipe")
    (folder / "to-pipe").symlink_to("pipe")
    (folder / "to-file").symlink_to("kept")
    (folder / "loop").symlink_to("loop")
    (folder / "empty").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(folder / "socket"))
        yield {
            "pipe": "pipe", "link to a pipe": "to-pipe", "loop": "loop", "socket": "socket",
            "full": "/dev/full", "zero": "/dev/zero", "folder": "empty",
            "link to a file": "to-file", "no folder": "kept/x",
        }  # fmt: skip


def _tried(command: tuple[str, ...], kind: str, path: str) -> Attempt:
    arguments = [part.replace("{}", path) for part in command]
    return judged(
        "special", f"{' '.join(command)[:100]}: {kind}",
        lambda: _within(WAIT, lambda: virtslo(*arguments)),
        codes=REFUSED if _is_refused(command, kind) else DOCUMENTED,
    )  # fmt: skip


def _is_refused(command: tuple[str, ...], kind: str) -> bool:
    """Whether a command must refuse what is there, and not only end well."""
    if command in READ:
        return not LENIENT.intersection(command) and kind not in {"folder", "link to a file"}
    if kind == "folder":
        into = command[-2] in INTO_FOLDERS or command[:2] == ("history", "site")
        return not into and "vep411" not in command
    return kind != "link to a file" or command[-2] not in {"--history", *APPENDED}


class _Waits(BaseException):
    """The command did not end: no error that is handled."""


def _within(seconds: int, run: Callable[[], Outcome]) -> Outcome:
    """Run, unless it waits: a command that waits takes no CPU time."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise _Waits(f"no end within {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        done = run()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    if len(done.err.splitlines()) > MOST_LINES:
        raise AssertionError(f"a message of {len(done.err.splitlines())} lines")
    return done
