"""A run's own log says nothing that harms the terminal it is read on."""

import logging
from pathlib import Path

from virtslo.cli.running.run_log import log_to_file, stop_logging_to


def test_what_a_server_said_is_written_without_escapes(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    handler = log_to_file(path)
    try:
        logging.getLogger("virtslo.test").info("tried again: %s", "\x1b[2Jno\u202e\x9b")
    finally:
        stop_logging_to(handler)

    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert line.endswith("tried again: \\x1b[2Jno\\u202e\\x9b")
