"""The kubeconfig of a simulated cluster.

Invariant: only a file that was written here is ever replaced, whole or not at all, and only its
owner can read it.
"""

import base64
import os
import tempfile
from pathlib import Path
from typing import Any, Final

import yaml

from virtslo.base.errors import StoreError
from virtslo.base.paths import is_file, is_there

CONTEXT: Final = "virtslo-simulated"
MARK: Final = "# Written by virtslo simulate; replaced when it starts again.\n"


def check_replaceable(path: Path) -> None:
    """Refuse to replace a file that is not ours. Raises StoreError."""
    try:
        if not (is_there(path) or path.is_symlink()):
            return
        if path.is_symlink() or not is_file(path):
            raise _refusal(path)
        with path.open(encoding="utf-8", errors="replace") as file:
            if file.readline(len(MARK) + 1) != MARK:
                raise _refusal(path)
    except OSError as error:
        raise StoreError(f"cannot read {str(path)!r}: {error.strerror}") from error


def write_kubeconfig(path: Path, *, url: str, token: str, ca: bytes) -> None:
    """Write the kubeconfig that leads to the server at `url`. Raises StoreError."""
    check_replaceable(path)
    text = MARK + yaml.safe_dump(_document(url, token, ca), sort_keys=False)
    try:
        _replace(path, text)
    except OSError as error:
        raise StoreError(
            f"cannot write {str(path)!r}: {error.strerror}",
            hint="choose another place with --kubeconfig",
        ) from error


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _document(url: str, token: str, ca: bytes) -> dict[str, Any]:
    cluster = {"server": url, "certificate-authority-data": base64.b64encode(ca).decode()}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": cluster}],
        "users": [{"name": CONTEXT, "user": {"token": token}}],
        "contexts": [
            {
                "name": CONTEXT,
                "context": {"cluster": CONTEXT, "user": CONTEXT, "namespace": "default"},
            }
        ],
        "current-context": CONTEXT,
    }


def _refusal(path: Path) -> StoreError:
    return StoreError(
        f"{str(path)!r} exists and was not written by virtslo simulate; it is left alone",
        hint="choose another place with --kubeconfig",
    )
