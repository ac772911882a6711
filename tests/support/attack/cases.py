"""The inputs that this project was attacked with, where they stand beside the checkout.

Invariant: nothing of them is carried out but their definitions: the names that they give to bodies
and manipulations. They are scripts of others, which open sockets and start processes when run.
"""

import ast
import asyncio
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

FOLDER: Final = Path(__file__).parents[4] / "shared" / "cases" / "attack"
needed: Final = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"{FOLDER.parent} is not beside the checkout"
)


def meddlers() -> dict[str, Any]:
    """The manipulations of `transforms.py`, by name; each takes a state and a mode."""
    names: dict[str, Any] = {}
    exec(compile((FOLDER / "transforms.py").read_bytes(), "transforms.py", "exec"), names)
    found: dict[str, Any] = names["T"]
    return {name: meddler for name, meddler in found.items() if name != "Base"}


def proxied(*wanted: str) -> Mapping[str, Any]:
    """What `proxy.py` defines under these names, and what they need of it."""
    tree = ast.parse((FOLDER / "proxy.py").read_bytes())
    names: dict[str, Any] = {
        "asyncio": asyncio, "json": json, "gzip": gzip, "MODE": {},
        "web": SimpleNamespace(HTTPException=OSError),
    }  # fmt: skip
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            is_wanted = node.name in {"deep", "GB", *wanted}
        elif isinstance(node, ast.Assign):
            targets = {each.id for each in node.targets if isinstance(each, ast.Name)}
            is_wanted = bool(targets & {"_gb", *wanted})
        else:
            is_wanted = False
        if is_wanted:
            code = compile(ast.Module([node], []), "proxy.py", "exec")
            exec(code, names)
    return {name: names[name] for name in wanted}
