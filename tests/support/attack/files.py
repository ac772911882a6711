"""Every kind of file that a user can name, and the commands that read it.

Invariant: the document of a kind is right, and its command takes it; what is tried differs from it
in one place, or is no document at all.
"""

import json
import os
import random
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from support.attack.judging import DOCUMENTED, REFUSED, SECRET, Attempt, judged
from support.attack.values import (
    IN_JSON,
    IN_YAML,
    ODD,
    dotted,
    odd_texts,
    places,
    put,
    shown,
)
from support.cli import virtslo

EXAMPLES: Final = Path(__file__).parents[3] / "examples"
_MARK: Final = "RAW-RAW"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file, and the command that reads it."""

    name: str
    file: str
    """Its path in the folder of the attack."""
    document: Any
    command: tuple[str, ...]
    """With FILE for the path."""
    beside: Mapping[str, Path] = field(default_factory=dict)
    """Files and folders that must stand beside it, by path."""
    codes: frozenset[int] = DOCUMENTED

    @property
    def is_json(self) -> bool:
        """Whether the file is JSON; else it is YAML."""
        return self.file.endswith(".json")

    def arguments(self, file: Path) -> tuple[str, ...]:
        """The command for a path."""
        return tuple(part.replace("FILE", str(file)) for part in self.command)

    def text(self, document: Any) -> str:
        """A document as the file has it."""
        if self.is_json:
            return json.dumps(document)
        return yaml.safe_dump(document, allow_unicode=True)


def _example(name: str) -> Any:
    return yaml.safe_load((EXAMPLES / name).read_text())


def kinds(record: Path) -> Iterator[Kind]:
    """Every kind; `record` is a record that objectives can be held against."""
    dry = ("run", "FILE", "--dry-run")
    for name in ("burst-poisson", "steady-state", "constant-churn"):
        document = {
            **_example(f"{name}.yaml"),
            "simulated": {"profile": "ci", "nodes": 3, "set": {"apiServer.workers": 4}},
            "faults": ["latency:rate=0.1,delay=300ms"],
        }
        yield Kind(f"scenario ({name})", f"{name}.yaml", document, dry)
    yield Kind("suite", "suite.yaml", _example("suite.yaml"), dry)
    yield Kind(
        "objectives", "slo.yaml", _example("slo.yaml"),
        ("report", str(record), "--objectives", "FILE"),
    )  # fmt: skip
    profile = yaml.safe_load(virtslo("profile", "show", "ci").out)
    yield Kind("profile", "profile.yaml", profile, ("profile", "check", "FILE"))
    yield Kind(
        "kube-burner job", "kb/density.yml", _example("kube-burner/density.yml"), dry,
        {"kb/templates": EXAMPLES / "kube-burner" / "templates"},
    )  # fmt: skip
    yield Kind(
        "perfscale workload", "ps/burst.yaml", _example("perfscale/burst.yaml"), dry,
        {"ps/templates": EXAMPLES / "perfscale" / "templates"},
    )  # fmt: skip
    yield Kind("audit", "audit.json", audit_input("http://127.0.0.1:1"), ("audit", "FILE"))
    yield from _kubeconfigs()
    yield from _of_histories()


def audit_input(url: str) -> dict[str, Any]:
    """The input of an audit."""
    return {
        "startTime": "2026-01-31T10:00:00Z", "endTime": "2026-01-31T10:10:00Z",
        "prometheusURL": url, "prometheusBearerToken": SECRET,
        "prometheusVerifyTLS": True, "prometheusScrapeInterval": 30_000_000_000,
        "thresholdExpectations": {
            "CREATE-pods-count": {"value": 5}, "a": {"metric": "b", "ratio": 2},
        },
    }  # fmt: skip


def kubeconfig(url: str, user: Mapping[str, Any]) -> dict[str, Any]:
    """A kubeconfig with one context."""
    cluster = {"server": url, "insecure-skip-tls-verify": False}
    return {
        "apiVersion": "v1", "kind": "Config", "current-context": "c", "preferences": {},
        "clusters": [{"name": "k", "cluster": cluster}],
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u", "namespace": "n"}}],
        "users": [{"name": "u", "user": dict(user)}],
    }  # fmt: skip


WAYS_IN: Final[Mapping[str, Mapping[str, Any]]] = {
    "token": {"token": SECRET, "as": "jane", "as-groups": ["g"], "as-user-extra": {"a": ["b"]}},
    "password": {"username": "u", "password": SECRET},
    "exec": {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/false",
            "args": ["a"], "env": [{"name": "A", "value": SECRET}], "interactiveMode": "Never",
        },
    },
    "certificate": {"client-key-data": SECRET, "client-certificate-data": SECRET},
    "provider": {"auth-provider": {"name": "oidc", "config": {"id-token": SECRET}}},
}  # fmt: skip


def _kubeconfigs() -> Iterator[Kind]:
    for name, user in WAYS_IN.items():
        yield Kind(
            f"kubeconfig ({name})", "kubeconfig.yaml", kubeconfig("http://127.0.0.1:1", user),
            ("preflight", "--kubeconfig", "FILE"),
        )  # fmt: skip
    for server in (f"http://u:{SECRET}@127.0.0.1:1", f"https://127.0.0.1:99999/{SECRET}@"):
        yield Kind(
            "kubeconfig (address)", "kubeconfig.yaml", kubeconfig(server, {}),
            ("preflight", "--kubeconfig", "FILE"),
        )  # fmt: skip


_RESULTS: Final = {
    "VMIResult": {
        "Values": {
            "vmiCreationToRunningSecondsP50": {
                "value": 21.5,
                "thresholdResult": {"thresholdValue": 20, "thresholdExceeded": True},
            },
            "CREATE-pods-count": {"value": 200},
        },
    },
    "VMResult": {"Values": {"vmiCreationToRunningSecondsP95": {"value": 40.0}}},
    "JobDirCreationTime": "2024-01-01T00:00:00Z",
}  # fmt: skip


def _of_histories() -> Iterator[Kind]:
    """Results of others, and what is known of findings."""
    into = ("history", "import", "--history", "h.db")
    job = "results/periodic-kubevirt-e2e-k8s-1.29-sig-performance/1700000000000000000"
    yield Kind("KubeVirt CI's results", f"{job}/results.json", _RESULTS, (*into, "results"))
    line = {"job": "j", "run_id": "1700000000000000000", "results": _RESULTS}
    yield Kind("perfscale-audit's results", "audit-results.json", _RESULTS["VMIResult"],
               (*into, "FILE"))  # fmt: skip
    yield Kind("JSON lines of results", "runs.jsonl.json", line, (*into, "lines/runs.jsonl"))
    measured = [{
        "metricName": "vmiLatencyQuantilesMeasurement", "uuid": "u", "jobName": "j",
        "quantileName": "VMIRunning", "P99": 5, "P95": 4, "P50": 3, "max": 6, "avg": 3,
        "timestamp": "2024-01-01T00:00:00Z",
        "metadata": {"k8sVersion": "v1.33.1", "simulated": False},
    }, {
        "metricName": "jobSummary", "uuid": "u", "jobConfig": {"name": "j"}, "elapsedTime": 5,
        "endTimestamp": "2024-01-01T00:00:00Z", "passed": True,
    }]  # fmt: skip
    yield Kind("kube-burner's results", "kb-results.json", measured, (*into, "FILE"))
    vep411 = {
        "schema_version": "1", "scenario": {"name": "s"}, "timestamp": "2024-01-01T00:00:00Z",
        "aggregate": {"total_vms": 10, "failed_vms": 0, "p95_seconds": 4.5},
        "cluster": {"kubernetes_version": "v1.33.1", "distribution": "kind"},
    }  # fmt: skip
    yield Kind("VEP-411's results", "vep411-results.json", vep411, (*into, "FILE"))
    known = {"findings": [{"id": "29e71c44", "reason": "a known change", "until": "2027-01-01"}]}
    yield Kind("acknowledged findings", "known.yaml", known,
               ("history", "changes", "--history", "h.db", "--acknowledged", "FILE"))  # fmt: skip
    notes = {"annotations": [{"date": "2024-01-01", "text": "a release"}]}
    site = ("history", "site", "--history", "h.db", "-o", "site", "--annotations", "FILE")
    yield Kind("annotations", "notes.yaml", notes, site)


def stood_up(kind: Kind, folder: Path) -> Path:
    """The path of a kind's file in a folder, with what must stand beside it."""
    for name, source in kind.beside.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)
    file = folder / kind.file
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def write(kind: Kind, file: Path, text: str | bytes) -> None:
    """Write a kind's file, and the lines that are made of it."""
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    file.unlink(missing_ok=True)
    file.write_bytes(raw)
    if kind.name == "JSON lines of results":
        lines = file.parent / "lines"
        lines.mkdir(exist_ok=True)
        (lines / "runs.jsonl").write_bytes(raw + b"\n" + raw + b"\n")


def trials(kind: Kind, folder: Path) -> Iterator[tuple[str, Callable[[], Attempt]]]:
    """What is tried of a kind: odd values in each place, then files that are no documents."""
    file = stood_up(kind, folder)

    def attempt(given: str, text: str | bytes, place: str = "") -> Callable[[], Attempt]:
        def run() -> Attempt:
            write(kind, file, text)
            return judged(
                "files", f"{kind.name}: {given}", lambda: virtslo(*kind.arguments(file)),
                codes=kind.codes, place=place,
            )  # fmt: skip

        return run

    for place in places(kind.document):
        for value in ODD:
            given = f"{dotted(place)} = {shown(value)}"
            yield given, attempt(given, kind.text(put(kind.document, place, value)))
        marked = kind.text(put(kind.document, place, _MARK))
        for raw in IN_JSON if kind.is_json else IN_YAML:
            given = f"{dotted(place)} = {shown(raw)} as written"
            text = marked.replace(f'"{_MARK}"', raw).replace(_MARK, raw)
            yield given, attempt(given, text)
    for name, content in odd_texts().items():
        yield name, attempt(name, content)


def special_files(kind: Kind, folder: Path) -> Iterator[Attempt]:
    """Devices, folders, sockets and links where a file is expected."""
    file = stood_up(kind, folder)
    if "FILE" not in kind.command:
        return
    # What imports says what is odd, and takes the rest: there may be nothing.
    refusal = DOCUMENTED if "import" in kind.command else REFUSED
    outside = Path("/dev")
    named = [outside / name for name in ("zero", "full", "random", "mem")]
    looping = folder / "loop"
    if not looping.is_symlink():
        looping.symlink_to(looping)
    for path in (*named, folder, folder / "missing", looping, folder / ("a" * 5000)):
        yield judged(
            "special files", f"{kind.name}: {path.name[:40]}",
            lambda path=path: virtslo(*kind.arguments(path)),  # type: ignore[misc]
            codes=refusal,
        )  # fmt: skip
    yield _socket(kind, folder, refusal)
    file.unlink(missing_ok=True)
    with file.open("wb") as sparse:
        sparse.truncate(50 << 20)
    yield judged(
        "special files", f"{kind.name}: 50 MiB of NUL", lambda: virtslo(*kind.arguments(file)),
        codes=refusal,
    )  # fmt: skip
    file.unlink()


def _socket(kind: Kind, folder: Path, refusal: frozenset[int]) -> Attempt:
    path = folder / "socket"
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(path))
        return judged(
            "special files", f"{kind.name}: a socket", lambda: virtslo(*kind.arguments(path)),
            codes=refusal,
        )  # fmt: skip


def sampled(
    folder: Path, record: Path, most: int | None, chance: random.Random
) -> Iterator[Attempt]:
    """At most so many trials of each kind, drawn at random; all without a limit."""
    for kind in kinds(record):
        waiting = list(trials(kind, folder))
        if most is not None and len(waiting) > most:
            waiting = chance.sample(waiting, most)
        for _, run in waiting:
            yield run()
        yield from special_files(kind, folder)
