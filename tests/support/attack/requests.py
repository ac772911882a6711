"""What is sent to `virtslo simulate` over HTTP: odd heads, paths, queries, bodies and objects.

Held: an answer that is no failure of the server's own (but for those that a real API server gives
too), nothing in the log, and a server that still brings a VMI to Running when everything was sent.
"""

import json
import random
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from support.attack.judging import Attempt
from support.attack.request_bodies import OBJECTS, TYPES, bodies, odd_patches
from support.attack.request_bytes import byte_streams
from support.attack.values import ODD, dotted, places, put, shown
from support.attack.wire import Reply, SimulatedServer, simulated_server
from virtslo.sim.api.versions import KNOWN

PROMISE: Final = "requests"
SECONDS: Final = 60.0
"""Until a VMI is Running after the attack."""
LOOKS: Final = 300
MOST_MEMORY: Final = 600
"""MiB of the server."""
AS_A_REAL_ONE: Final = (
    b"resourceVersion should not be set", b"unable to determine kind", b"unsupported role ref",
    b"nothing runs in the pods", b"error trying to reach service",
    b"no virt-handler answers", b"failed to create typed patch", b"from server for:",
)  # fmt: skip
"""Words of failures that a real API server answers too."""
NOT_IMPLEMENTED: Final = 501
VMI: Final = "/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances"


def odd_requests(folder: Path, most: int | None, chance: random.Random) -> Iterator[Attempt]:
    """Everything, or at most so many of each part, against one server."""
    with simulated_server(folder, "--nodes", "2", "--event-ttl", "5s") as server:
        for path, document in OBJECTS.items():
            body = json.dumps(document).encode()
            server.exchange(_head(server, "POST", path, body), body)
        parts = (
            byte_streams(server), _lines(server), _headers(server), _bodies(server),
            _patches(server), _objects(server),
        )  # fmt: skip
        for part in parts:
            trials = list(part)
            if most is not None and len(trials) > most:
                trials = chance.sample(trials, most)
            for given, send in trials:
                yield judged(server, given, send())
        yield _still_serves(server)
        held = server.most_memory()
        words = f"the server came to {held} MiB" if held > MOST_MEMORY else ""
        yield Attempt(PROMISE, "memory", words)


def judged(server: SimulatedServer, given: str, reply: Reply) -> Attempt:
    """Whether an answer, and what was logged of it, are as they should be."""
    words = server.logged()
    if not server.is_running():
        words = f"the server ended: {words}"
    elif not words and reply.body == b"timeout":
        words = "no answer"
    elif not words and reply.code >= 500 and not _is_expected(reply):
        words = f"{reply.code}: {reply.body[:200]!r}"
    return Attempt(PROMISE, given, words)


def _is_expected(reply: Reply) -> bool:
    """Whether a failure is one that a real server has too, or says that nothing runs in pods."""
    return reply.code == NOT_IMPLEMENTED or any(each in reply.body for each in AS_A_REAL_ONE)


def _still_serves(server: SimulatedServer) -> Attempt:
    """A VMI is created and comes to run."""
    body = json.dumps({
        "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance",
        "metadata": {"name": "afterwards"},
        "spec": {"domain": {"devices": {}, "memory": {"guest": "64Mi"}}},
    }).encode()  # fmt: skip
    made = server.exchange(_head(server, "POST", VMI, body), body)
    for _ in range(LOOKS):
        got = server.exchange(_head(server, "GET", f"{VMI}/afterwards"))
        if got.code == 200 and json.loads(got.body).get("status", {}).get("phase") == "Running":
            return Attempt(PROMISE, "afterwards")
        time.sleep(SECONDS / LOOKS)
    return Attempt(PROMISE, "afterwards", f"no VMI runs: {made.code}, then {got.body[:300]!r}")


def _head(
    server: SimulatedServer, method: str, target: str, body: bytes = b"", *more: str
) -> bytes:
    has_kind = any(line.lower().startswith("content-type") for line in more)
    kind = () if has_kind or not body else ("Content-Type: application/json",)
    length = (f"Content-Length: {len(body)}",) if body or method in {"POST", "PUT"} else ()
    return server.head(f"{method} {target} HTTP/1.1", *length, *kind, *more)


Trial = tuple[str, Any]
VERBS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get")
LONG: Final = "a" * 6000
PATHS: Final = (
    "/", "//", "/api", "/apis", "/api/v1", "/api/v1/", "/api//v1", "/api/v9/pods", "/apis/x/v1/y",
    "/api/v1/namespaces", "/api/v1/namespaces/", "/api/v1/namespaces//pods", "/api/v1/watch",
    "/api/v1/watch/pods", "/api/v1/proxy", "/api/v1/proxy/a/b", "/api/v1/namespaces/default/pods",
    "/api/v1/namespaces/default/pods/%00", "/api/v1/namespaces/default/pods/%ff",
    "/api/v1/namespaces/%2e%2e/pods/%2f", "/api/v1/namespaces/default/pods/a/b/c/d",
    "/api/v1/namespaces/default/pods/x/exec", "/api/v1/namespaces/default/pods/x:1/proxy/",
    f"/api/v1/namespaces/default/pods/x:{'9' * 5000}/proxy/", f"/api/v1/namespaces/{LONG}/pods",
    "/api/v1/namespaces/default/pods/x:/proxy/%0a", "/api/v1/nodes/node-00000/proxy/metrics",
    "/api/v1/nodes/node-00000", "/api/v1/nodes/node-00000/status/x", f"{VMI}/one",
    f"{VMI}/one/status", f"{VMI}/{LONG}", "/apis/subresources.kubevirt.io/v1",
    "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachineinstances/one/pause",
    "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/one/start",
    "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/one/migrate",
    "/apis/subresources.kubevirt.io/v1/namespaces/default/x/y/z", "/healthz", "/livez/x",
    f"/readyz/{LONG}", "/metrics", "/metrics/cadvisor", "/version", "/openapi/v2", "/openapi/v3",
    "/openapi/v3/api/v1?hash=x", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "/logs", "/debug/pprof", "/%",
    "/%zz", "/?", "/#", "/api/v1/pods?#", "*", "http://other/api/v1/pods", "//evil/api/v1/pods",
)  # fmt: skip
QUERIES: Final = tuple(
    f"{key}={quote(value)}"
    for key, values in {
        "limit": ("0", "-1", "x", "9" * 5000, "1.5", "", "\u0661"),
        "continue": ("x", "e30", "eyJ2IjoxfQ", "A" * 6000, "%", "AAAA", "bnVsbA==", "W10="),
        "resourceVersion": ("-1", "x", "9" * 5000, "1.5", "", "\u0661", "0", "1"),
        "resourceVersionMatch": ("x", "Exact", "NotOlderThan", ""),
        "timeoutSeconds": ("-1", "x", "9" * 5000, "\u00b2", "\u0661", "1.5", "", "9" * 30, "0"),
        "timeout": ("x", "9" * 5000, "1s1", "-1s", "1e400s", ""),
        "watch": ("x", "0"),
        "sendInitialEvents": ("x", "true", "false", ""),
        "allowWatchBookmarks": ("x", "1"),
        "labelSelector": ("!", ",", "=", "a in (", "a in ()", "a==b==c", "(" * 5000, "a" * 5000,
                          "a notin (b,,c)", "!!a", "a>1", "a>x", "a in (\x00)", "\u202e=\u0661"),
        "fieldSelector": ("!", ",", "=", "x=y", "metadata.name", "metadata.name=" + "a" * 5000,
                          "status.phase!=", "a.b.c==d,", "spec.nodeName=\\", "metadata.name=a\\"),
        "fieldManager": ("a" * 5000, "\x00", "\u202e", ""),
        "fieldValidation": ("x", "", "Strict"),
        "dryRun": ("x", "All", "", "All,All"),
        "force": ("x", "true", ""),
        "gracePeriodSeconds": ("x", "-1", "9" * 5000, "1.5", ""),
        "propagationPolicy": ("x", "Orphan", ""),
        "orphanDependents": ("x", "true"),
        "includeObject": ("x", "Object", "None"),
        "pretty": ("x",), "verbose": ("x",), "exclude": ("x", "etcd"), "": ("", "x"), "a": ("b",),
    }.items()
    for value in values
)  # fmt: skip
QUERIED: Final = (
    ("GET", "/api/v1/namespaces/default/pods"), ("GET", VMI), ("GET", f"{VMI}/one"),
    ("GET", "/api/v1/nodes"), ("POST", VMI), ("PATCH", f"{VMI}/one"), ("PUT", f"{VMI}/one"),
    ("DELETE", f"{VMI}/none"), ("DELETE", "/api/v1/namespaces/default/configmaps"),
    ("GET", "/readyz"), ("GET", "/api/v1/namespaces/default/events"),
)  # fmt: skip
WATCHED: Final = (
    "timeoutSeconds=1", "timeoutSeconds=0", "resourceVersion=1&timeoutSeconds=1",
    "resourceVersion=99999999999999999999&timeoutSeconds=1", "resourceVersion=x",
    "sendInitialEvents=true&timeoutSeconds=1", "limit=1&timeoutSeconds=1",
    "timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan",
    "continue=x&timeoutSeconds=1", "resourceVersionMatch=Exact&timeoutSeconds=1",
)  # fmt: skip


def _send(server: SimulatedServer, method: str, target: str, body: bytes = b"", *more: str) -> Any:
    return lambda: server.exchange(_head(server, method, target, body, *more), body, method=method)


def _lines(server: SimulatedServer) -> Iterator[Trial]:
    """Verbs on paths, queries on them, and watches."""
    for verb, path in product(VERBS, PATHS):
        yield f"{verb} {path[:60]}", _send(server, verb, path)
    for (verb, path), query in product(QUERIED, QUERIES):
        yield f"{verb} {path}?{query[:60]}", _send(server, verb, f"{path}?{query}")
    for query in WATCHED:
        for path in (VMI, "/api/v1/events", "/api/v1/nodes", f"{VMI}/one"):
            yield f"watch {path}?{query}", _send(server, "GET", f"{path}?watch=1&{query}")


HEADERS: Final = {
    "Accept": ("x", "*/*", "text/html", "application/json;as=Table;g=meta.k8s.io;v=v9", ";;;", ",",
               "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1", "a" * 6000,
               "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
               "application/json;as=Table;g=meta.k8s.io;v=v1", "application/json;q=x",
               "application/vnd.kubernetes.protobuf",
               "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"),
    "Content-Type": ("x", "", ";", "application/json; charset=utf-16", "text/plain", "a" * 6000,
                     "application/vnd.kubernetes.protobuf", "application/yaml",
                     "multipart/form-data",
                     "application/x-www-form-urlencoded", "application/json; charset=nonsense"),
    "Content-Encoding": ("gzip", "deflate", "br", "zstd", "x", "gzip, gzip"),
    "Accept-Encoding": ("gzip", "x;q=9", "identity;q=0"),
    "Authorization": ("x", "Bearer", "Bearer ", "Basic eDp5", "Bearer \xff", f"Bearer {'a' * 6000}",
                      "bearer x y", "Bearer a.b.c", "Bearer eyJhbGciOiJub25lIn0.e30."),
    "User-Agent": ("", "/", "a" * 6000, "\xff\xfe", "x/1 (y) z"),
    "Impersonate-User": ("x", "", "\xff", "system:serviceaccount:a:b", "system:node:x", "a" * 6000),
    "Impersonate-Group": ("x", "", "system:masters"),
    "Impersonate-Uid": ("x", ""),
    "Impersonate-Extra-%": ("x",),
    "Impersonate-Extra-%ff%00": ("x",),
    "Expect": ("100-continue", "x"),
    "Upgrade": ("websocket", "SPDY/3.1", "h2c"),
    "Connection": ("upgrade", "close", "x"),
    "Range": ("bytes=0-0", "x"),
    "If-None-Match": ("x", '"'),
    "Host": ("", "a b", "x:99999", "[::1"),
    "Cookie": ("a=b; c", "\x7f"),
    "Audit-Id": ("x" * 6000,),
    "X-Forwarded-For": ("x",),
}  # fmt: skip


def _headers(server: SimulatedServer) -> Iterator[Trial]:
    """Odd values of each header, on a read and on a write."""
    body = b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"h-"}}'
    space = "/api/v1/namespaces/default/configmaps"
    for name, values in HEADERS.items():
        for value in values:
            line, given = f"{name}: {value}", f"{name}: {value[:40]}"
            yield f"GET {given}", _send(server, "GET", f"{VMI}?limit=2", b"", line)
            yield f"POST {given}", _send(server, "POST", space, body, line)


def _bodies(server: SimulatedServer) -> Iterator[Trial]:
    """Odd bodies of every media type, with every verb that takes one."""
    aimed = (
        ("POST", VMI), ("PUT", f"{VMI}/one"), ("DELETE", f"{VMI}/none"), ("POST", "/api/v1/pods"),
        ("POST", "/api/v1/namespaces/default/pods/none/eviction"),
        ("POST", "/api/v1/namespaces/default/serviceaccounts/default/token"),
        ("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews"),
        ("PUT", "/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/one/stop"),
    )  # fmt: skip
    for (verb, path), kind, (name, body) in product(aimed, TYPES, bodies().items()):
        line = f"Content-Type: {kind}"
        yield f"{verb} {path[-40:]} {kind}: {name}", _send(server, verb, path, body, line)
    for kind, (name, body) in product(TYPES, bodies().items()):
        line = f"Content-Type: {kind}"
        target = f"{VMI}/one?fieldManager=x&force=true" if "apply" in kind else f"{VMI}/one"
        yield f"PATCH {kind}: {name}", _send(server, "PATCH", target, body, line)


def _patches(server: SimulatedServer) -> Iterator[Trial]:
    """Patches of every type whose contents are hostile."""
    for path in OBJECTS:
        name = f"{path}/{OBJECTS[path]['metadata']['name']}"
        for given, kind, body in odd_patches(OBJECTS[path]):
            target = f"{name}?fieldManager=x&force=true" if "apply" in kind else name
            send = _send(server, "PATCH", target, body, f"Content-Type: {kind}")
            yield f"PATCH {name[-50:]} {given}", send


def _objects(server: SimulatedServer) -> Iterator[Trial]:
    """Objects of every kind with an odd value in each place, created and put."""
    for path, document in OBJECTS.items():
        made = server.exchange(_head(server, "GET", f"{path}/{document['metadata']['name']}"))
        stored = json.loads(made.body) if made.code == 200 else document
        for place, value in product(places(document), ODD):
            body = _json({**put(document, place, value)})
            given = f"{document['kind']}: {dotted(place)} = {shown(value)}"
            yield f"POST {given}", _send(server, "POST", path, body)
        for place, value in product(places(stored), ODD):
            body = _json(put(stored, place, value))
            given = f"{document['kind']}: {dotted(place)[:80]} = {shown(value)}"
            target = f"{path}/{document['metadata']['name']}"
            status = "/status" if place[0] == "status" else ""
            yield f"PUT {given}", _send(server, "PUT", f"{target}{status}", body)
    for resource in KNOWN:
        path = resource.path(namespace="default")
        for value in ODD:
            body = _json({
                "apiVersion": resource.api_version, "kind": resource.kind,
                "metadata": {"generateName": "x-"}, "spec": value,
            })  # fmt: skip
            yield (
                f"POST {resource.plural}: spec = {shown(value)}",
                _send(server, "POST", path, body),
            )


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=True).encode()
