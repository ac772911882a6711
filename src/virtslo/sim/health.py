"""Whether the API server is well: `/healthz`, `/livez`, `/readyz` and their single checks. Pure.

Invariant: a server that answers is well, so every check passes; the forms are the real server's.
"""

from collections.abc import Mapping
from typing import Final

_CHECKS: Final[Mapping[str, tuple[str, ...]]] = {
    "/healthz": ("ping", "log", "etcd"),
    "/livez": ("ping", "log", "etcd"),
    "/readyz": ("ping", "log", "etcd", "informer-sync"),
}


def health_text(path: str, query: Mapping[str, str]) -> bytes | None:
    """What a path of health answers; None for another path."""
    endpoint, _, check = path[1:].partition("/")
    checks = _CHECKS.get(f"/{endpoint}")
    if checks is None or (check and check not in checks):
        return None
    if check or "verbose" not in query:
        return b"ok"
    lines = [f"[+]{name} ok" for name in checks if name != query.get("exclude")]
    return "\n".join([*lines, f"{endpoint} check passed", ""]).encode()
