"""Checkups whose ConfigMap is odd, on a server that gives it to every request.

Invariant: nothing answers as a cluster does, so that no checkup may succeed.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from support.attack.answers import Answer, attack_server
from support.attack.files import WAYS_IN, kubeconfig
from support.attack.judging import NOT_VALID, Attempt, judged
from support.attack.values import NUMBERS, ODD, shown
from support.cli import virtslo

DATA: Final = {
    "spec.timeout": "1m", "spec.param.test": "burst", "spec.param.kind": "vmi",
    "spec.param.count": "2", "spec.param.arrival": "constant", "spec.param.rate": "1/s",
    "spec.param.maxInFlight": "5", "spec.param.template": "cirros", "spec.param.objectives": "ci",
    "spec.param.settle": "1s", "spec.param.churn": "1", "spec.param.every": "1m",
    "spec.param.cycles": "2", "spec.param.victims": "oldest", "spec.param.duration": "5s",
    "status.succeeded": "true", "status.result.a": "b", "status.startTimestamp": "now",
}  # fmt: skip
WHOLE: Final[tuple[Any, ...]] = (
    None, [], "text", 5, {"": ""}, {"spec.timeout": None}, {"spec.param.count": [1]},
    {f"spec.param.{n}": "x" for n in range(5000)}, {"spec.param." + "a" * 100_000: "x"},
    {"spec.param.\x1b[31m\u202e": "x"}, {"spec.timeout": "1m" * 100_000},
)  # fmt: skip


def odd_checkups(folder: Path, most: int, chance: random.Random) -> Iterator[Attempt]:
    """Odd values under each key, at most so many of each; then odd data."""
    with attack_server() as server:
        file = folder / "kubeconfig.yaml"
        file.write_text(yaml.safe_dump(kubeconfig(server.url, WAYS_IN["token"])))
        texts = [value if isinstance(value, str) else json.dumps(value) for value in ODD]
        texts += [str(number) for number in NUMBERS if len(str(number)) < 4000]
        for key in DATA:
            for text in chance.sample(texts, min(most, len(texts))):
                data: Any = {**DATA, "status.succeeded": "", key: text}
                yield _tried(server, file, f"{key} = {shown(text)}", data)
        for number, whole in enumerate(WHOLE):
            yield _tried(server, file, f"data ({number})", whole)


def _tried(server: Any, file: Path, given: str, data: Any) -> Attempt:
    metadata = {"name": "c", "namespace": "n", "uid": "u", "resourceVersion": "1"}
    found = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": data}
    server.chosen = Answer(json.dumps(found).encode())
    command = ("checkup", "--namespace", "n", "--config-map", "c", "--kubeconfig", str(file))
    return judged("checkups", given, lambda: virtslo(*command), codes=NOT_VALID)
