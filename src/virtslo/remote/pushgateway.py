"""A run's metrics into a Prometheus Pushgateway.

Invariant: one PUT a run, under its own group, so that a run replaces itself and nothing else; no
retry.
"""

from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import aiohttp

from virtslo.base.errors import ClusterError, ConnectionLost
from virtslo.base.plain_text import shown_text
from virtslo.remote.bounded_answers import read_answer
from virtslo.remote.tls import tls_of

ANSWER_SECONDS: Final = 30.0
TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
SHOWN: Final = 200


async def push(url: str, run: str, text: str, *, user_agent: str) -> str:
    """Put the metrics of a run; where they are then. Raises ClusterError."""
    parts = urlsplit(url)
    place = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ClusterError(
            f"{place!r} is not the http or https URL of a Pushgateway",
            hint="such as http://pushgateway.example:9091",
        )
    auth = aiohttp.BasicAuth(parts.username, parts.password or "") if parts.username else None
    group = f"{place.rstrip('/')}/metrics/job/virtslo/run/{quote(run, safe='')}"
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    headers = {"User-Agent": user_agent, "Content-Type": TYPE}
    try:
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=tls_of(url, place)),
                timeout=timeout,
                headers=headers,
                auth=auth,
            ) as session,
            session.put(group, data=text.encode(), allow_redirects=False) as answer,
        ):
            status, body = answer.status, await read_answer(answer, place)
    except (aiohttp.ClientConnectionError, TimeoutError, OSError) as error:
        words = str(getattr(error, "os_error", error)) or type(error).__name__
        raise ConnectionLost(f"{place}: {words}", hint="look at the Pushgateway's URL") from error
    if status >= 300:
        words = shown_text(body.decode(errors="replace"))[:SHOWN].strip()
        raise ClusterError(f"{place}: refused with {status}: {words}")
    return group
