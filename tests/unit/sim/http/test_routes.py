"""Bodies of requests are read within limits; what is none is 400."""

import tracemalloc

import pytest

from virtslo.base.errors import BadRequest, RequestTooLarge
from virtslo.sim.http.routes import read_body

APPLY = "application/apply-patch+yaml"


def test_an_apply_patch_of_aliases_is_refused_before_it_takes_memory() -> None:
    lines = [b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [
        b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 12)
    ]
    tracemalloc.start()

    with pytest.raises(BadRequest, match="more than 500000 values"):
        read_body(b"\n".join(lines), APPLY)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 32 << 20


@pytest.mark.parametrize("kind", [APPLY, "application/json", ""])
@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"a":' * 300 + b"1" + b"}" * 300,
        b'{"a": "\xff"}',
        b"[" * 100_000,
        b"*a",
    ],
)
def test_what_is_no_body_is_a_bad_request(raw: bytes, kind: str) -> None:
    with pytest.raises(BadRequest):
        read_body(raw, kind)


def test_a_body_that_is_too_large_is_413() -> None:
    with pytest.raises(RequestTooLarge):
        read_body(b" " * (3 * 1024 * 1024 + 1), "application/json")


def test_yaml_is_read_as_kubernetes_reads_it() -> None:
    assert read_body(b"a: 2026-01-31\n1: yes\n---\nb: 2", APPLY) == {"a": "2026-01-31", "1": True}
