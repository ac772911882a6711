"""Where a run's own log goes: the run's `log.txt` and, when asked for, the terminal.

Invariant: nothing here configures logging at import; the library logs to `virtslo` loggers and
only the command line attaches handlers.
"""

import logging
from pathlib import Path

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def log_to_file(path: Path) -> logging.Handler:
    """Append virtslo's log to `path`; the caller removes the handler when the run ends."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter(FORMAT))
    logger = logging.getLogger("virtslo")
    logger.addHandler(handler)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    return handler


def stop_logging_to(handler: logging.Handler) -> None:
    """Detach and close a handler made by `log_to_file`."""
    logging.getLogger("virtslo").removeHandler(handler)
    handler.close()
