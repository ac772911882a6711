"""Odd answers of an API server or a Prometheus, and a server on loopback that gives them."""

import gzip
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from support.bombs import bomb

_DEEP: Final = 5000
_MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Answer:
    """A body, a code and headers; `repeat` writes the body so many times, without a length."""

    body: bytes
    code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    repeat: int = 1


def _status(**fields: Any) -> bytes:
    return json.dumps(
        {"kind": "Status", "apiVersion": "v1", "status": "Failure", **fields}
    ).encode()


def _items(*items: Any, **metadata: Any) -> bytes:
    return json.dumps({"kind": "List", "metadata": metadata, "items": list(items)}).encode()


def _object(**fields: Any) -> bytes:
    metadata = {"name": "a", "uid": "u", "resourceVersion": "5"}
    return json.dumps(
        {"kind": "VirtualMachineInstance", "apiVersion": "v1", "metadata": metadata} | fields
    ).encode()


BODIES: Final[Mapping[str, bytes]] = {
    "empty": b"", "no JSON": b"<html>hello</html>", "half": b'{"kind": "Pod', "null": b"null",
    "number": b"5", "text": b'"x"', "list": b"[]", "mapping": b"{}", "not UTF-8": b"\xff\xfe{}",
    "NUL": b"\x00", "byte order mark": b"\xef\xbb\xbf{}", "white space": b"  \n ",
    "deep list": b"[" * _DEEP + b"]" * _DEEP,
    "deep mapping": b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
    "half a deep list": b"[" * 100_000, "huge number": b'{"items": ' + b"9" * 5000 + b"}",
    "NaN": b'{"items": NaN}', "infinity": b'{"a": 1e999}', "surrogate": b'{"items": ["\\ud800"]}',
    "the same key twice": b'{"items": [], "items": 5}', "two documents": b"{}{}",
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(5000)) + b"}",
    "items null": b'{"items": null, "metadata": null}', "items text": b'{"items": "x"}',
    "items mapping": b'{"items": {"a": 1}}', "items numbers": _items(1, 2),
    "items nulls": _items(None), "items lists": _items([]), "items without metadata": _items({}),
    "items without names": _items({"metadata": {}}),
    "items with metadata null": _items({"metadata": None}),
    "items with odd names": _items({"metadata": {"name": 5, "uid": []}}),
    "items with long names": _items({"metadata": {"name": "a" * 100_000, "uid": "u"}}),
    "items with odd labels": _items({"metadata": {"name": "a", "labels": [1]}}),
    "items with odd owners": _items({"metadata": {"name": "a", "ownerReferences": [{}]}}),
    "items with odd status": _items({"metadata": {"name": "a"}, "status": 5, "spec": []}),
    "items with odd conditions": _items({"metadata": {"name": "a"}, "status": {"conditions": 5}}),
    "items with odd phases": _items({"metadata": {"name": "a"}, "status": {"phase": {"a": 1}}}),
    "items with escapes": _items({"metadata": {"name": "\x1b[31m\u202e", "uid": "\n"}}),
    "the same token for ever": _items(**{"continue": "again", "resourceVersion": "1"}),
    "an odd token": _items(**{"continue": {"a": 1}, "resourceVersion": [1]}),
    "an odd remainder": _items(remainingItemCount="x", resourceVersion="1"),
    "an odd version": _items(resourceVersion="\u0661.5"),
    "a version below 0": _items(resourceVersion="-1"),
    "a long version": _items(resourceVersion="9" * 5000),
    "an object without a uid": _object(metadata={"name": "a"}),
    "an object without a name": _object(metadata={"uid": "u"}),
    "an object of lists": _object(metadata=[], spec=[], status=[]),
    "an object of texts": _object(metadata="x", spec="y", status="z"),
    "an object with odd times": _object(metadata={
        "name": "a", "uid": "u", "creationTimestamp": "0000-13-45T99:99:99Z"}),
    "an object with odd transitions": _object(status={"phaseTransitionTimestamps": [5]}),
    "an object with odd numbers": _object(spec={"replicas": 1e999}, status={"replicas": "many"}),
    "an object that is another": _object(kind="Pod", metadata={"name": "other", "uid": "x"}),
    "failure under 200": _status(reason="Forbidden", code=403, message="\x1b[31mno\u202e"),
    "failure with odd details": _status(code="x", details=[1], message={"a": 1}, reason=5),
    "failure with odd causes": _status(code=422, details={"causes": [5, None, {"field": []}]}),
    "failure to wait for ever": _status(code=429, details={"retryAfterSeconds": 10**12}),
    "failure to wait NaN": b'{"kind":"Status","status":"Failure","code":429,'
                           b'"details":{"retryAfterSeconds":"NaN"}}',
    "failure of code 200": _status(code=200), "failure of a huge code": _status(code=10**30),
    "a long failure": _status(code=500, message="x" * 10**6),
    "success that is none": b'{"kind": "Status", "status": "Success"}',
    "a version of numbers": b'{"gitVersion": 5, "major": [], "minor": null}',
    "a version of words": b'{"gitVersion": "one point two", "major": "x", "minor": "-1"}',
    "a long version text": b'{"gitVersion": "v' + b"9" * 5000 + b'"}',
    "resources that are none": b'{"kind": "APIResourceList", "resources": [5, null, {"name": 1}]}',
    "groups that are none": b'{"kind": "APIGroupList", "groups": {"a": 1}}',
}  # fmt: skip
"""Bodies under 200."""


def answers() -> dict[str, Answer]:
    """Every odd answer, by name."""
    made = {name: Answer(body) for name, body in BODIES.items()}
    away = {"Location": "http://127.0.0.1:1/"}
    for code in (201, 202, 204, 205, 206, 226, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403,
                 404, 405, 406, 408, 409, 410, 413, 415, 418, 422, 429, 431, 451, 499, 500, 501,
                 502, 503, 504, 507, 511, 599, 999):  # fmt: skip
        made[f"{code} with {{}}"] = Answer(b"{}", code, away)
    for code in (400, 404, 410, 429, 500, 503):
        made[f"{code} with HTML"] = Answer(b"<html>\x1b[31m", code)
        made[f"{code} empty"] = Answer(b"", code)
        made[f"{code} of odd details"] = Answer(_status(code="x", details=5), code)
    return made | {
        "compressed": Answer(gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}),
        "a bomb": Answer(bomb(b" ", 64 * _MIB), headers={"Content-Encoding": "gzip"}),
        "compressed twice": Answer(b"x", headers={"Content-Encoding": "gzip, br"}),
        "compressed oddly": Answer(b"x", headers={"Content-Encoding": "zstd"}),
        "not as compressed": Answer(b"{}", headers={"Content-Encoding": "deflate"}),
        "wait long": Answer(b"", 503, {"Retry-After": "9" * 30}),
        "wait until a date": Answer(b"", 503, {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}),
        "wait below 0": Answer(b"", 429, {"Retry-After": "-1"}),
        "wait oddly": Answer(b"", 429, {"Retry-After": "\u0661".encode().decode("latin-1")}),
        "shorter than said": Answer(b"{}", headers={"Content-Length": "500"}),
        "a length that is none": Answer(b"{}", headers={"Content-Length": "x"}),
        "many headers": Answer(b"{}", headers={f"X-{n}": "x" for n in range(500)}),
        "a long header": Answer(b"{}", headers={"X-Long": "x" * 200_000}),
        "an odd type": Answer(b"{}", headers={"Content-Type": "text/html; charset=no-such"}),
        "endless": Answer(b"[" * _MIB, repeat=300),
        "endless spaces": Answer(b" " * _MIB, repeat=300),
    }


def _matrix(*values: Any, **labels: Any) -> bytes:
    base = {"pod": "virt-controller-0", "verb": "CREATE", "resource": "pods", "code": "201"}
    series = {"metric": {"__name__": "kubevirt_rest_client_requests_total", **base, **labels}}
    data = {"resultType": "matrix", "result": [{**series, "values": list(values)}]}
    return json.dumps({"status": "success", "data": data}).encode()


_FROM, _TO = 1769853540, 1769854260
MATRICES: Final[Mapping[str, bytes]] = {
    "error": b'{"status": "error", "error": {"a": 1}, "errorType": 5}',
    "warnings": b'{"status": "success", "warnings": ["x"], "data": {}}',
    "vector": b'{"status":"success","data":{"resultType":"vector","result":[]}}',
    "scalar": b'{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}',
    "no result": b'{"status":"success","data":{"resultType":"matrix"}}',
    "result of texts": b'{"status":"success","data":{"resultType":"matrix","result":["x"]}}',
    "nothing": b'{"status":"success","data":{"resultType":"matrix","result":[]}}',
    "odd values": _matrix(1, [2], "x"), "odd labels": _matrix(verb=5),
    "null": _matrix([_FROM, None]), "text": _matrix([_FROM, "many"]),
    "odd time": _matrix(["now", "5"]), "a time beyond": _matrix([1e300, "5"]),
    "NaN": _matrix([_FROM, "NaN"], [_TO, "+Inf"]), "below 0": _matrix([_FROM, "-9"], [_TO, "-5"]),
    "falls": _matrix([_FROM, "9000"], [_FROM + 360, "1"], [_TO, "2"]),
    "one component": _matrix([_FROM, "0"], [_TO, "0"]),
    "no labels": _matrix([_FROM, "0"], [_TO, "9"], verb="", resource=""),
    "labels of older versions": _matrix([_FROM, "0"], [_TO, "9"], verb="", method="POST"),
    "backwards": _matrix([_TO, "0"], [_FROM, "9"]),
    "the same time twice": _matrix([_FROM, "0"], [_FROM, "9"], [_TO, "9"]),
    "huge": _matrix([_FROM, "0"], [_TO, "1e308"]), "a fraction": _matrix([_FROM, "0"], [_TO, ".5"]),
    "a native histogram": b'{"status":"success","data":{"resultType":"matrix","result":'
                          b'[{"metric":{},"histograms":[[1,{"count":"1"}]]}]}}',
}  # fmt: skip
"""Answers of a Prometheus to a range query, none of which says that 5 requests were enough."""

WATCH_LINES: Final[Mapping[str, bytes]] = {
    "nothing": b"", "empty lines": b"\n\n\n", "no JSON": b"hello\n", "null": b"null\n",
    "a list": b"[]\n", "no object": b'{"type":"ADDED"}\n', "no type": b'{"object":{}}\n',
    "an odd type": b'{"type":"CHANGED","object":{"metadata":{"name":"a"}}}\n',
    "a type of numbers": b'{"type":5,"object":{}}\n',
    "object null": b'{"type":"ADDED","object":null}\n',
    "object text": b'{"type":"ADDED","object":"x"}\n',
    "object empty": b'{"type":"ADDED","object":{}}\n',
    "metadata null": b'{"type":"MODIFIED","object":{"metadata":null}}\n',
    "no uid": b'{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"1"}}}\n',
    "no version": b'{"type":"ADDED","object":{"metadata":{"name":"a","uid":"u"}}}\n',
    "a bookmark of nothing": b'{"type":"BOOKMARK","object":{}}\n',
    "an odd bookmark": b'{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":5}}}\n',
    "an error of nothing": b'{"type":"ERROR","object":{}}\n',
    "an odd error": b'{"type":"ERROR","object":{"code":"x","details":[1],"message":5}}\n',
    "gone": b'{"type":"ERROR","object":{"kind":"Status","status":"Failure","code":410}}\n',
    "deep": b'{"type":"ADDED","object":' + b'{"a":' * _DEEP + b"1" + b"}" * _DEEP + b"}\n",
    "half a line": b'{"type":"ADDED","object":{"meta', "not UTF-8": b"\xff\xfe\n",
    "a surrogate": b'{"type":"ADDED","object":{"metadata":{"name":"\\ud800","uid":"u",'
                   b'"resourceVersion":"1"}}}\n',
    "a huge number": b'{"type":"ADDED","object":{"a":' + b"9" * 5000 + b"}}\n",
    "a deletion of what never was": b'{"type":"DELETED","object":{"kind":"VirtualMachineInstance",'
                                    b'"metadata":{"name":"x","uid":"x","resourceVersion":"1"}}}\n',
    "a phase of numbers": b'{"type":"MODIFIED","object":{"metadata":{"name":"a","uid":"u",'
                          b'"resourceVersion":"1"},"status":{"phase":5}}}\n',
}  # fmt: skip
"""Bodies of a watch."""

_COUNT: Final = "rest_client_requests_total"
EXPOSITIONS: Final[Mapping[str, bytes]] = {
    "nothing": b"", "no exposition": b"<html>", "not UTF-8": b"\xff\xfe\n", "NUL": b"\x00\n",
    "comments": b"# HELP\n# TYPE\n#\n", "no value": f"{_COUNT}{{a=\"b\"}}\n".encode(),
    "a text": f"{_COUNT} many\n".encode(), "half a label": f"{_COUNT}{{code=\"200".encode(),
    "an open brace": f"{_COUNT}{{ 5\n".encode(), "infinity": f"{_COUNT} +Inf\n".encode(),
    "NaN": f"{_COUNT} NaN\n".encode(), "below 0": f"{_COUNT} -5\n".encode(),
    "a fraction": f"{_COUNT} 0.5\n".encode(), "huge": f"{_COUNT} 1e308\n".encode(),
    "digits": f"{_COUNT} {'9' * 5000}\n".encode(),
    "the same twice": f"{_COUNT}{{code=\"200\"}} 5\n{_COUNT}{{code=\"200\"}} 6\n".encode(),
    "a label twice": f"{_COUNT}{{code=\"200\",code=\"201\"}} 5\n".encode(),
    "escapes": f"{_COUNT}{{code=\"\x1b[31m\"}} 5\n".encode(),
    "a long line": f"{_COUNT}{{code=\"{'x' * 10**6}\"}} 5\n".encode(),
    "a start of nothing": b"process_start_time_seconds NaN\n",
    "a start beyond": b"process_start_time_seconds 1e300\n",
    "no line feed": f"{_COUNT}{{code=\"200\"}} 5".encode(),
}  # fmt: skip
"""Metrics of a component."""


class AttackServer:
    """Answers every request with what is chosen."""

    def __init__(self) -> None:
        self.chosen = Answer(b"")
        self.url = ""


@contextmanager
def attack_server() -> Iterator[AttackServer]:
    """The server, for as long as the context is open."""
    server = AttackServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            odd = server.chosen
            self.send_response(odd.code)
            self.send_header("Connection", "close")
            for name, value in odd.headers.items():
                self.send_header(name, value)
            if odd.repeat == 1 and "Content-Length" not in odd.headers:
                self.send_header("Content-Length", str(len(odd.body)))
            self.end_headers()
            for _ in range(odd.repeat):
                self.wfile.write(odd.body)
            self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()
