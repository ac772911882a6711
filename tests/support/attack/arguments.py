"""Odd texts as options and arguments of every command but `run`, and as environment variables.

Invariant: no command that is tried here could change a cluster: what it names is not there.
"""

import os
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from unittest import mock

import yaml

from support.attack.files import WAYS_IN, kubeconfig
from support.attack.judging import SECRET, Attempt, judged
from support.cli import virtslo

TEXTS: Final = (
    "", "0", "-1", "1e999", "nan", "inf", "9" * 400, "9" * 5000, "1ns", "100000000000000h",
    "1e-400", "\x1b[31m\u202e", "a\nb", "\u0661",
    "²", "null", "[1]", "..", "a" * 3000, "\udcff", ":", "=",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "/dev/zero", "http://u:p@h:99999/",
)  # fmt: skip
AWAY: Final = ("--context", "no-such-context")
NOWHERE: Final = ("--kubeconfig", "/nonexistent/kubeconfig")
_AUDIT: Final = ("audit", "--prometheus", "http://127.0.0.1:1", "--start", "2026-01-31T10:00:00Z")
_DRY: Final = ("--dry-run",)
COMMANDS: Final = (
    ("{}",), ("--{}",), ("run", "{}", *_DRY), ("run", "burst", "--resume", "{}"),
    ("run", "steady-state", "--every", "{}", *_DRY),
    ("run", "steady-state", "--churn", "{}", *_DRY),
    ("run", "steady-state", "--cycles", "{}", *_DRY),
    ("run", "constant-churn", "--churn", "{}", *_DRY),
    ("run", "constant-churn", "--churn-ladder", "{}", *_DRY),
    ("run", "constant-churn", "--duration", "{}", *_DRY), ("run", "burst", "--format", "{}", *_DRY),
    ("run", "burst", "--context", "{}", "--yes", "--fault", "latency"),
    ("run", "replay", "--trace", "{}", *_DRY),
    ("run", "replay", "--trace", "trace.jsonl", "--speed", "{}", *_DRY),
    ("run", "replay", "--trace", "trace.jsonl", "--sample", "{}", *_DRY),
    ("run", "replay", "--trace", "trace.jsonl", "--sample-seed", "{}", *_DRY),
    *(("sweep", "burst", "--vary", vary, *_DRY) for vary in (
        "{}", "{}=1", "count={}", "nodes={}", "simulate={}", "kubevirt.virtController.qps={}")),
    *(("sweep", "burst", option, "{}", *_DRY) for option in ("--seeds", "--seed", "--workers")),
    ("sweep", "--resume", "{}"),
    *(("search", option, "{}", *AWAY, "--yes") for option in (
        "--within", "--loss", "--width", "--duration", "--start", "--at-least", "--at-most",
        "--kind", "--template", "--objectives", "--trials")),
    ("search", "--members", "{}", "--kind", "vmpool", *AWAY, "--yes"),
    (*_AUDIT, "--duration", "{}"), (*_AUDIT, "--end", "{}"),
    (*_AUDIT, "--duration", "1m", "--bearer-token-file", "{}"),
    ("audit", "--prometheus", "http://127.0.0.1:1", "--start", "{}", "--duration", "1m"),
    ("audit", "--prometheus", "{}", "--start", "2026-01-31T10:00:00Z", "--duration", "1m"),
    ("record", *AWAY, "--duration", "{}"), ("record", *AWAY, "--namespace", "{}"),
    ("record", "{}", "-o", "made.jsonl"), ("clean", "--run", "{}", *AWAY, "--yes"),
    ("clean", "--all", "--yes", "--context", "{}"),
    ("clean", "--all", "--yes", "--kubeconfig", "{}"),
    ("preflight", "--context", "{}"), ("checkup", "--namespace", "{}", "--config-map", "c", *AWAY),
    ("checkup", "--namespace", "n", "--config-map", "{}", *AWAY),
    *(("hollow", *AWAY, option, "{}", "--yes") for option in ("--cpu", "--memory", "--profile")),
    *(("simulate", option, "{}", *NOWHERE) for option in (
        "--event-ttl", "--etcd-compaction-interval", "--nodes", "--profile", "--fault", "--set")),
    ("list", "--runs", "{}"), ("list", "--limit", "{}"), ("report", "{}"), ("tables", "{}"),
    ("report", "latest", "--runs", "{}"), ("show", "{}", "--no-browser"), ("compare", "{}", "{}"),
    ("plan", "{}"), ("calibrate", "{}"), ("predict", "{}", "--count", "5"),
    ("predict", "whole", "--count", "{}"),
    *(("history", command, "{}", "--history", "h.db") for command in (
        "import", "check", "show", "compare")),
    ("history", "changes", "--history", "h.db", "--job", "{}"),
    ("history", "changes", "--history", "h.db", "--acknowledged", "{}"),
    ("history", "list", "--history", "{}"),
    ("history", "list", "--history", "postgresql://u:" + SECRET + "@{}/x"),
    ("cost", "{}", "{}"), ("cost", "gate:{}", "default"), ("cost", "config:{}", "default"),
    *(("plane", command, "{}") for command in ("status", "down", "kubeconfig")),
    ("plane", "up", "--name", "{}"), ("plane", "up", "--kubevirt", "{}"),
    ("plane", "up", "--bin", "{}"), ("completion", "{}"), ("profile", "show", "{}"),
    ("profile", "check", "{}"), ("profile", "settings", "{}"), ("schema", "{}"),
)  # fmt: skip
"""With {} for the text."""

_HERE: Final = ("--kubeconfig", "kubeconfig.yaml")
_LIST: Final = ("list", "--runs", "whole")
_HISTORY: Final = ("history", "list", "--history", "h.db")
VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("COLUMNS", "LINES", "TERM", "NO_COLOR", "FORCE_COLOR", "LANG", "LC_ALL"),
                    _LIST),
    "TZ": _HISTORY, "HOME": ("history", "list"), "XDG_DATA_HOME": ("history", "list"),
    "VIRTSLO_HISTORY": ("history", "list"), "XDG_STATE_HOME": ("plane", "status"),
    "KUBEBUILDER_ASSETS": ("plane", "up", "--bin", "nowhere"), "KUBECONFIG": ("preflight",),
    "KUBERNETES_SERVICE_HOST": ("preflight", "--in-cluster"),
    "KUBERNETES_SERVICE_PORT": ("preflight", "--in-cluster"),
    **dict.fromkeys(("HTTP_PROXY", "http_proxy", "NO_PROXY", "SSL_CERT_FILE"),
                    ("preflight", *_HERE)),
    "CONFIGMAP_NAME": ("checkup", "--namespace", "n", *_HERE),
    "CONFIGMAP_NAMESPACE": ("checkup", "--config-map", "c", *_HERE),
    "VIRTSLO_PROMETHEUS_TOKEN": ("report", "whole"), "SHELL": ("completion",),
}  # fmt: skip
"""Each with a command that reads it."""


def odd_arguments(folder: Path, most: int, chance: random.Random) -> Iterator[Attempt]:
    """Odd texts for each command, at most so many of each; then for each variable."""
    _stand_up(folder)
    # No program that was built here is found: a plane that comes up stays until Ctrl-C.
    no_programs = {"XDG_CACHE_HOME": str(folder / "cache"), "KUBEBUILDER_ASSETS": str(folder)}
    with mock.patch.dict(os.environ, no_programs):
        yield from _each(most, chance)


def _each(most: int, chance: random.Random) -> Iterator[Attempt]:
    for command in COMMANDS:
        for text in chance.sample(TEXTS, min(most, len(TEXTS))):
            arguments = [part.replace("{}", text) for part in command]
            yield judged(
                "arguments", f"{' '.join(command)[:80]}: {ascii(text)[:40]}",
                lambda arguments=arguments: virtslo(*arguments),  # type: ignore[misc]
            )  # fmt: skip
    for name, command in VARIABLES.items():
        for text in chance.sample(TEXTS, min(most, len(TEXTS))):
            with mock.patch.dict(os.environ, {name: text}):
                yield judged(
                    "variables", f"{name}={ascii(text)[:40]} {' '.join(command[:2])}",
                    lambda command=command: virtslo(*command),  # type: ignore[misc]
                )  # fmt: skip


def _stand_up(folder: Path) -> None:
    (folder / "trace.jsonl").write_text(
        '{"format":"virtslo/trace","version":1,"source":"watch"}\n'
        '{"at_ns":5,"event":"arrival","object":1,"kind":"vmi"}\n'
        '{"at_ns":9,"event":"end","cut":false}\n'
    )
    document = kubeconfig("http://127.0.0.1:1", WAYS_IN["token"])
    (folder / "kubeconfig.yaml").write_text(yaml.safe_dump(document))
