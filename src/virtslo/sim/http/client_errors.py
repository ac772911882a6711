"""What a client did wrong before a request could be read: it is answered 400, and not logged.

Invariant: what is wrong with virtslo itself is logged, with its traceback; bytes of a client that
are no HTTP fill no log.
"""

import logging
from typing import Final

from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

LOGGER: Final = logging.getLogger("virtslo.sim.http")


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether a record tells of anything but a client's bytes."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | RequestPayloadError)


LOGGER.addFilter(_is_ours)
