"""Where a run's own log goes: the run's `log.txt` and, when asked for, the terminal.

Invariant: nothing here configures logging at import; the library logs to `virtslo` loggers and
only the command line attaches handlers. What the log says is harmless on a terminal.
"""

import logging
from pathlib import Path

from virtslo.base.plain_text import harmless

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def log_to_file(path: Path) -> logging.Handler:
    """Append virtslo's log to `path`; the caller removes the handler when the run ends."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(_Harmless(FORMAT))
    logger = logging.getLogger("virtslo")
    logger.addHandler(handler)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    return handler


class _Harmless(logging.Formatter):
    """Says what a server said without control characters; tracebacks have lines."""

    def format(self, record: logging.LogRecord) -> str:
        return harmless(super().format(record), lines=True)


def stop_logging_to(handler: logging.Handler) -> None:
    """Detach and close a handler made by `log_to_file`."""
    logging.getLogger("virtslo").removeHandler(handler)
    handler.close()
