"""Raw samples from Prometheus' HTTP API.

Invariant: only range selectors (`metric[span]`) are asked for, never `increase()` or `rate()`, so
that every sample is as it was scraped. One query is one HTTP exchange: no retry. A warning or a
partial answer of the server is an error here, since it would be taken for the whole.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from virtslo.base.bounded_streams import is_compressed
from virtslo.base.errors import ClusterError, ConnectionLost
from virtslo.base.json_reader import JsonProblem, parse_json
from virtslo.base.plain_text import shown_text
from virtslo.ports.metric_source import Sample, ScrapedSeries
from virtslo.remote.bounded_answers import read_answer
from virtslo.remote.tls import tls_of

SPAN_SECONDS: Final = 3600.0
"""The longest range asked for at once: servers bound the samples of one query."""
ANSWER_SECONDS: Final = 120.0
SHOWN_CHARACTERS: Final = 256
_HINT: Final = "look at the Prometheus URL, and at its credentials"


@dataclass(frozen=True, slots=True)
class PrometheusAddress:
    """Where a Prometheus is, and how to speak to it."""

    url: str = field(repr=False)
    """Up to before `/api/v1`; user and password in it are used, and never shown."""
    bearer_token: str | None = field(default=None, repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    verify: bool = True
    """Whether the certificate is verified."""
    ca: bytes | None = None
    """An authority to trust, PEM; None: the system's."""

    @property
    def place(self) -> str:
        """The URL without what is secret."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))


class Prometheus:
    """A `MetricSource` over HTTP; a context manager that closes its connections."""

    def __init__(self, address: PrometheusAddress, *, user_agent: str) -> None:
        self._address = address
        self._user_agent = user_agent
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        if urlsplit(self._address.url).scheme not in {"http", "https"}:
            raise ClusterError(
                f"the Prometheus address {self.place!r} is not an http or https URL",
                hint="such as https://prometheus.example:9090",
            )
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=tls_of(
                    self._address.url,
                    self.place,
                    authority=self._address.ca,
                    verify=self._address.verify,
                )
            ),
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS),
            headers=self._headers(),
            auth=self._basic(),
            raise_for_status=False,
            auto_decompress=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return self._address.place

    async def raw_samples(
        self, selector: str, *, start: float, end: float
    ) -> tuple[ScrapedSeries, ...]:
        """Every sample with start < time <= end of the series that `selector` picks."""
        found: dict[tuple[tuple[str, str], ...], list[Sample]] = {}
        at = start
        while at < end:
            until = min(at + SPAN_SECONDS, end)
            # The span is whole milliseconds, never shorter than asked; the surplus is cut below.
            span_ms = int((until - at) * 1000) + 1
            answer = await self._query(f"{selector}[{span_ms}ms]", until)
            for labels, samples in answer:
                kept = [sample for sample in samples if at < sample[0] <= until]
                if kept:
                    found.setdefault(labels, []).extend(kept)
            at = until
        return tuple(
            ScrapedSeries(
                {key: value for key, value in labels if key != "__name__"},
                tuple(samples),
                dict(labels).get("__name__", ""),
            )
            for labels, samples in sorted(found.items())
        )

    async def _query(
        self, query: str, at: float
    ) -> list[tuple[tuple[tuple[str, str], ...], list[Sample]]]:
        assert self._session is not None
        url = f"{self._address.url.rstrip('/')}/api/v1/query"
        form = {"query": query, "time": f"{at:.3f}"}
        try:
            async with self._session.post(url, data=form, allow_redirects=False) as response:
                status, body = response.status, await _body(response, self.place)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ConnectionLost(f"{self.place}: {_words(error)}", hint=_HINT) from error
        return _matrix(_document(body, status, self.place), self.place)

    def _headers(self) -> Mapping[str, str]:
        headers = {"User-Agent": self._user_agent, "Accept": "application/json"}
        headers["Accept-Encoding"] = "identity"
        if self._address.bearer_token:
            headers["Authorization"] = f"Bearer {self._address.bearer_token}"
        return headers

    def _basic(self) -> aiohttp.BasicAuth | None:
        if self._address.bearer_token or not self._address.username:
            return None
        return aiohttp.BasicAuth(self._address.username, self._address.password or "")


async def _body(response: aiohttp.ClientResponse, place: str) -> bytes:
    """The bytes of an answer. Raises ClusterError for one that is too large or compressed."""
    if is_compressed(response.headers.get("Content-Encoding")):
        raise ClusterError(f"{place}: the answer is compressed, though identity was asked for")
    return await read_answer(response, place)


def _document(body: bytes, status: int, place: str) -> Mapping[str, Any]:
    try:
        document = parse_json(body)
    except JsonProblem:
        document = None
    if not isinstance(document, dict) or "status" not in document:
        raise ClusterError(f"{place}: answered {status}, and not as Prometheus does", hint=_HINT)
    if document["status"] != "success":
        words = str(document.get("error", ""))[:SHOWN_CHARACTERS]
        raise ClusterError(f"{place}: {document.get('errorType', status)}: {words}")
    if not 200 <= status < 300:
        raise ClusterError(f"{place}: answered {status} beside a result", hint=_HINT)
    warnings = document.get("warnings")
    if warnings:
        first = str(warnings[0] if isinstance(warnings, list) else warnings)
        raise ClusterError(
            f"{place}: the answer may be partial: {shown_text(first)}",
            hint="ask again when every part of the server can be reached",
        )
    return document


def _matrix(
    document: Mapping[str, Any], place: str
) -> list[tuple[tuple[tuple[str, str], ...], list[Sample]]]:
    try:
        data = document["data"]
        if data["resultType"] != "matrix":
            raise ClusterError(f"{place}: answered a {data['resultType']}, not raw samples")
        found = [
            (
                tuple(sorted(series["metric"].items())),
                _finite(series.get("values", ())),
            )
            for series in data["result"]
        ]
        twice = next(
            (labels for labels, n in Counter(row[0] for row in found).items() if n > 1), None
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        words = shown_text(repr(error))
        raise ClusterError(f"{place}: an answer that is no matrix of samples: {words}") from error
    if twice is not None:
        series = shown_text(", ".join(f"{key}={value!r}" for key, value in twice))
        raise ClusterError(
            f"{place}: the answer has one series twice, {{{series}}}: its samples would be taken "
            "for those of a counter that was reset",
            hint="look at how the sources behind this address are put together",
        )
    return found


def _finite(values: Iterable[tuple[float, str]]) -> list[Sample]:
    """Samples with a value: NaN and infinities are no data."""
    found = ((float(at), float(value)) for at, value in values)
    return [sample for sample in found if math.isfinite(sample[1])]


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    told: object = getattr(error, "os_error", error)
    return getattr(told, "strerror", None) or str(told) or type(told).__name__
