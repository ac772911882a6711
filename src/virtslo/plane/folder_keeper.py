"""Removes a plane's folders when the plane has ended, also where it was killed.

Run as a program: `folder_keeper.py FOLDER…`, with a pipe as its standard input that the plane keeps
open. Invariant: nothing is removed while the pipe is open; they hold keys, and what was
killed cannot remove them.
"""

import contextlib
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Final

ATTEMPTS: Final = 50
PAUSE_SECONDS: Final = 0.2
"""Between attempts: programs that are being killed still write."""


def keep(folders: list[Path]) -> None:
    """Wait for the end of the plane, then remove its folders."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        sys.stdin.buffer.read()
    for _ in range(ATTEMPTS):
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        if not any(folder.exists() for folder in folders):
            return
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    keep([Path(text) for text in sys.argv[1:]])
