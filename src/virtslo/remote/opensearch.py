"""Documents into OpenSearch (or Elasticsearch) by its bulk API.

Invariant: a document has an id of its own, so that sending it again never doubles it; only what the
server says is too much for now (429, 502, 503, 504) or what got no answer is sent again, a bounded
number of times, each counted. Everything else is refused, and reported.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import aiohttp

from virtslo.base.clock import Clock, sleep
from virtslo.base.errors import ClusterError, ConnectionLost
from virtslo.ports.document_sink import Delivery, Document
from virtslo.remote.bounded_answers import read_answer
from virtslo.remote.tls import tls_of

BATCH: Final = 1_000
ATTEMPTS: Final = 6
FIRST_WAIT: Final = 0.5
ANSWER_SECONDS: Final = 60.0
LATER: Final = frozenset({429, 502, 503, 504})
SHOWN: Final = 200
_ODD: Final = (
    ValueError, KeyError, TypeError, AttributeError, StopIteration, OverflowError, RecursionError,
)  # fmt: skip
"""What reading an answer of another form raises."""

Item = tuple[str, Document]
"""(id, document)."""


class OpenSearch:
    """A `DocumentSink` over HTTP; a context manager that closes its connections."""

    def __init__(self, url: str, index: str, *, clock: Clock, user_agent: str) -> None:
        self._url = url
        self._index = index
        self._clock = clock
        self._headers = {"User-Agent": user_agent, "Content-Type": "application/x-ndjson"}
        self._session: aiohttp.ClientSession | None = None
        self._requests = 0
        self._retries = 0

    async def __aenter__(self) -> Self:
        parts = urlsplit(self._url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ClusterError(
                f"{self.place!r} is not the http or https URL of an OpenSearch",
                hint="such as https://opensearch.example:9200",
            )
        if parts.username:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            token = base64.b64encode(pair.encode()).decode()
            self._headers["Authorization"] = f"Basic {token}"
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=tls_of(self._url, self.place)),
            timeout=timeout,
            headers=self._headers,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    @property
    def place(self) -> str:
        """The URL without user and password."""
        parts = urlsplit(self._url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))

    async def send(self, documents: Sequence[Document]) -> Delivery:
        """Index documents in batches."""
        accepted, refused = 0, []
        for at in range(0, len(documents), BATCH):
            items = [(_identity(document), document) for document in documents[at : at + BATCH]]
            told = await self._deliver(items)
            refused += told
            accepted += len(items) - len(told)
        return Delivery(accepted, self._requests, self._retries, tuple(refused))

    async def _deliver(self, items: Sequence[Item]) -> list[str]:
        """Send a batch until nothing of it is to be sent again; the reasons of what is refused."""
        refused: list[str] = []
        left, wait = list(items), FIRST_WAIT
        for attempt in range(1, ATTEMPTS + 1):
            left, told, trouble = await self._once(left)
            refused += told
            if not left:
                return refused
            if attempt == ATTEMPTS:
                raise ClusterError(
                    f"{self.place}: gave up after {ATTEMPTS} attempts: {trouble}",
                    hint=f"{len(left)} documents of this batch are not there; sending the run "
                    "again does not double those that are",
                )
            self._retries += 1
            await sleep(self._clock, wait)
            wait *= 2
        return refused

    async def _once(self, items: Sequence[Item]) -> tuple[list[Item], list[str], str]:
        """One exchange: what is to be sent again, what is refused, and what the trouble was."""
        assert self._session is not None
        self._requests += 1
        url = f"{self._url_without_user()}/{quote(self._index, safe='')}/_bulk"
        try:
            async with self._session.post(url, data=_body(items), allow_redirects=False) as answer:
                status, text = answer.status, await read_answer(answer, self.place)
        except (aiohttp.ClientConnectionError, TimeoutError, OSError) as error:
            if self._requests == 1:
                raise ConnectionLost(
                    f"{self.place}: {_words(error)}", hint="look at the URL of the OpenSearch"
                ) from error
            return list(items), [], _words(error)
        if status in LATER:
            return list(items), [], f"it answered {status}"
        if status >= 300:
            raise ClusterError(
                f"{self.place}: refused with {status}: {_told(text)}",
                hint="look at the URL, the index and the credentials",
            )
        return _sorted_out(items, text, self.place)

    def _url_without_user(self) -> str:
        return self.place.rstrip("/")


def _sorted_out(
    items: Sequence[Item], text: bytes, place: str
) -> tuple[list[Item], list[str], str]:
    try:
        answers = [next(iter(item.values())) for item in json.loads(text)["items"]]
        statuses = [int(answer["status"]) for answer in answers]
    except _ODD as error:
        raise ClusterError(f"{place}: an answer that is no bulk answer: {_told(text)}") from error
    if len(statuses) != len(items):
        raise ClusterError(f"{place}: {len(statuses)} answers to {len(items)} documents")
    again = [item for item, status in zip(items, statuses, strict=True) if status in LATER]
    refused = [
        f"{status}: {_reason(answer)}"
        for answer, status in zip(answers, statuses, strict=True)
        if status >= 300 and status not in LATER
    ]
    return again, refused, "it has too much to do"


def _reason(answer: Mapping[str, Any]) -> str:
    error = answer.get("error")
    if isinstance(error, Mapping):
        return f"{error.get('type', '')}: {error.get('reason', '')}"[:SHOWN]
    return str(error)[:SHOWN]


def _identity(document: Document) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _body(items: Sequence[Item]) -> bytes:
    lines = []
    for identity, document in items:
        lines.append(json.dumps({"index": {"_id": identity}}))
        lines.append(json.dumps(document, ensure_ascii=False))
    return ("\n".join(lines) + "\n").encode()


def _told(text: bytes) -> str:
    return text.decode(errors="replace").strip()[:SHOWN]


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    told: object = getattr(error, "os_error", error)
    return getattr(told, "strerror", None) or str(told) or type(told).__name__
