"""Whole commands against an API server or a Prometheus whose every answer is odd, odd options, and
standard streams that are closed or full.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from support.attack.answers import MATRICES, Answer, answers, attack_server
from support.attack.files import WAYS_IN, audit_input, kubeconfig
from support.attack.judging import DOCUMENTED, NOT_VALID, REFUSED, Attempt, judged
from support.attack.values import NUMBERS
from support.cli import virtslo

OF_CLUSTERS: Final = (
    ("preflight",), ("clean", "--run", "r1", "--yes"), ("clean", "--all", "--yes"),
    ("run", "burst", "--count", "1", "--repeat", "1", "--yes", "--quiet", "--runs", "runs"),
    ("checkup", "--namespace", "n", "--config-map", "c"),
)  # fmt: skip
"""Commands that ask a cluster."""


EMPTY: Final = frozenset({
    "items null", "an odd remainder", "an odd version", "a version below 0", "a long version",
})  # fmt: skip
"""Answers that are lists of nothing: there is nothing to clean."""


def odd_servers(folder: Path) -> Iterator[Attempt]:
    """Commands that ask a cluster, each with every odd answer: none may succeed."""
    with attack_server() as server:
        file = folder / "kubeconfig.yaml"
        file.write_text(yaml.safe_dump(kubeconfig(server.url, WAYS_IN["token"])))
        for name, answer in answers().items():
            if answer.repeat > 1:
                continue  # a call alone is tried with them
            server.chosen = answer
            for command in OF_CLUSTERS:
                yield judged(
                    "commands", f"{' '.join(command[:2])}: {name}",
                    lambda command=command: virtslo(*command, "--kubeconfig", str(file)),  # type: ignore[misc]
                    codes=DOCUMENTED if name in EMPTY and command[0] == "clean" else NOT_VALID,
                )  # fmt: skip


def odd_prometheus(folder: Path) -> Iterator[Attempt]:
    """An audit of each odd answer: no threshold may be met by any."""
    with attack_server() as server:
        file = folder / "audit.json"
        file.write_text(json.dumps(audit_input(server.url)))
        every = answers() | {name: Answer(body) for name, body in MATRICES.items()}
        for name, answer in every.items():
            server.chosen = answer
            yield judged(
                "prometheus", f"audit: {name}", lambda: virtslo("audit", str(file)),
                codes=frozenset({1, 3, 4}),
            )  # fmt: skip


OPTIONS: Final = (
    ("--count",), ("--rate", "--arrival", "poisson"), ("--timeout",), ("--seed",), ("--repeat",),
    ("--namespaces",), ("--max-in-flight",), ("--warm-up",), ("--settle",), ("--nodes",),
    ("--fault",), ("--set",), ("--template",), ("--objectives",), ("--until",), ("--kind",),
)  # fmt: skip
"""Options of a run, with what must stand beside them."""
PREFIXED: Final = (
    "latency:rate=", "latency:delay=", "compaction:at=", "compaction:every=", "node-loss:nodes=",
    "server-error:code=", "api-server-restart:for=", "latency:stage=", "latency:",
)  # fmt: skip
SETTINGS: Final = (
    "kubevirt.virtController.qps=", "kubevirt.virtController.burst=", "apiServer.workers=",
    "nodes.pods=", "kubevirt.virtController.threads.vmi=", "=", "",
)  # fmt: skip


def odd_options() -> Iterator[Attempt]:
    """Odd numbers and texts in options, faults and settings."""
    texts = [str(value) for value in NUMBERS if len(str(value)) < 4000]
    texts += ["", "nan", "inf", "-inf", "\x1b[31m", "\u202e", "../../x", "a" * 3000, "\udcff"]
    for option, *beside in OPTIONS:
        for text in texts:
            yield _of_a_run(option, text, *beside)
    for prefix in PREFIXED:
        for text in texts:
            yield _of_a_run("--fault", f"{prefix}{text}")
    for prefix in SETTINGS:
        for text in texts:
            yield _of_a_run("--set", f"{prefix}{text}")


def _of_a_run(option: str, text: str, *beside: str) -> Attempt:
    command = ("run", "burst", *beside, option, text, "--dry-run")
    return judged("options", f"{option} {ascii(text)[:40]}", lambda: virtslo(*command))


def odd_streams(folder: Path) -> Iterator[Attempt]:
    """Standard streams on a full disk, closed, or read by nothing."""
    run = ("run", "burst", "--count", "2", "--repeat", "1", "--simulate", "instant")
    commands = (("--help",), ("schema",), ("profile", "show", "ci"), (*run, "--runs", "runs"))
    for command in commands:
        for out, err in (("full", "pipe"), ("pipe", "full"), ("full", "full"), ("closed", "pipe"),
                         ("pipe", "closed"), ("broken", "pipe"), ("pipe", "broken")):  # fmt: skip
            yield _streamed(folder, command, out, err)


def _streamed(folder: Path, command: tuple[str, ...], out: str, err: str) -> Attempt:
    redirects = {"full": ">/dev/full", "closed": ">&-", "pipe": "", "broken": "> >(true)"}
    line = f'exec "$@" {redirects[out]} {redirects[err].replace(">", "2>", 1)}'
    done = subprocess.run(
        ["bash", "-c", line, "bash", sys.executable, "-m", "virtslo", *command],
        cwd=folder, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    given = f"{' '.join(command[:2])}: stdout {out}, stderr {err}"
    expected = {0, 3} if out in {"full", "closed"} else {0}
    if done.returncode not in expected or "Traceback" in done.stderr + done.stdout:
        return Attempt("streams", given, f"exit code {done.returncode}: {done.stderr[-200:]}")
    return Attempt("streams", given)


def odd_outputs(folder: Path, record: Path) -> Iterator[Attempt]:
    """Outputs onto devices, folders and links: refused, and nothing there is touched."""
    kept = folder / "kept"
    kept.write_text("kept")
    link = folder / "link"
    link.symlink_to(kept)
    (folder / "there").mkdir()
    for form in ("json", "html", "markdown", "csv", "junit"):
        for path in ("/dev/null", "/dev/full", "there", "link", "kept/x"):
            yield judged(
                "outputs", f"report --format {form} -o {path}",
                lambda form=form, path=path: virtslo(  # type: ignore[misc]
                    "report", str(record), "--format", form, "-o", path
                ),
                codes=REFUSED,
            )  # fmt: skip
            if kept.read_text() != "kept":
                yield Attempt("outputs", f"-o {path}", "a file was written through a link")
