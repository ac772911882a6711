"""Every call to an API server, with every odd answer to it, over HTTP.

Held: a value of the port's type or a ClusterError, in bounded memory; nothing else escapes.
"""

import asyncio
import contextlib
import tracemalloc
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

from support.attack.answers import EXPOSITIONS, WATCH_LINES, Answer, answers, attack_server
from support.attack.judging import Attempt
from virtslo.base.clock import SystemClock
from virtslo.base.errors import ClusterError
from virtslo.client.paging import list_all
from virtslo.kube.connector import Endpoint
from virtslo.kube.http_transport import open_api
from virtslo.model.kubernetes.resources import PODS, VMIS
from virtslo.observe.scrape import read_metrics
from virtslo.ports.kube_api import KubeApi, PatchType, Selection

MOST_MEMORY: Final = 800 << 20
"""Bytes that one call may take at its highest: an answer may be 256 MiB."""
SECONDS: Final = 120.0
HERE: Final = Selection(namespace="n")
_POD: Final[Mapping[str, Any]] = {"metadata": {"name": "a", "namespace": "n"}}
Call = Callable[[KubeApi], Awaitable[object]]


async def _watched(api: KubeApi) -> object:
    async with api.watch(VMIS, HERE, resource_version="1") as events:
        return [event async for event in events]


async def _scraped(api: KubeApi) -> object:
    body = await api.read_raw("/metrics")
    with contextlib.suppress(ValueError):  # what is no exposition, by its definition
        return read_metrics(body)
    return None


CALLS: Final[Mapping[str, Call]] = {
    "list": lambda api: list_all(api, VMIS),
    "get": lambda api: api.get(PODS, "a", namespace="n"),
    "create": lambda api: api.create(PODS, _POD, namespace="n"),
    "update": lambda api: api.update(PODS, _POD),
    "patch": lambda api: api.patch(PODS, "a", {}, patch_type=PatchType.MERGE, namespace="n"),
    "delete": lambda api: api.delete(PODS, "a", namespace="n"),
    "delete a collection": lambda api: api.delete_objects(PODS, HERE),
    "watch": _watched,
    "read": lambda api: api.read_raw("/version"),
    "scrape": _scraped,
}


def every_call() -> Iterator[Attempt]:
    """Each call with each answer, each watch body, each exposition."""
    with attack_server() as server:
        for name, answer in answers().items():
            server.chosen = answer
            for verb, call in CALLS.items():
                if answer.repeat > 1 and verb not in {"list", "watch", "scrape"}:
                    continue  # one reader serves them all, and each takes seconds
                yield attempt("answers", f"{verb}: {name}", server.url, call)
        for name, body in WATCH_LINES.items():
            server.chosen = Answer(body)
            yield attempt("watches", f"watch: {name}", server.url, CALLS["watch"])
        for name, body in EXPOSITIONS.items():
            server.chosen = Answer(body)
            yield attempt("metrics", f"scrape: {name}", server.url, CALLS["scrape"])


def attempt(promise: str, given: str, url: str, call: Call) -> Attempt:
    """Make a call to a server, and judge what comes of it."""
    return asyncio.run(attempted(promise, given, url, call))


async def attempted(promise: str, given: str, url: str, call: Call) -> Attempt:
    """As `attempt`, on a loop that runs."""
    tracemalloc.start()
    try:
        async with asyncio.timeout(SECONDS):
            async with open_api(Endpoint(url=url, user_agent="me/1"), SystemClock()) as api:
                with contextlib.suppress(ClusterError):
                    await call(api)
    except Exception as error:  # noqa: BLE001  whatever escapes is what is looked for
        return Attempt(promise, given, f"{type(error).__name__} escaped: {str(error)[:200]}")
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    if peak > MOST_MEMORY:
        return Attempt(promise, given, f"{peak >> 20} MiB at its highest")
    return Attempt(promise, given)
