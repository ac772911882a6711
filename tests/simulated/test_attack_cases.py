"""What the project was attacked with, replayed: each input with the result that is right."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from support.attack import cases
from support.attack.answers import Answer, attack_server
from support.attack.calls import CALLS, attempt, attempted
from support.attack.judging import Attempt
from support.attack.meddling import run_between
from support.cli import virtslo

pytestmark = cases.needed
SCENARIO: Final = {
    "apiVersion": "virtslo/v1",
    "name": "attacked",
    "workload": {"kind": "vmi", "count": 6},
    "load": {"pattern": "burst", "settle": "500ms", "settleLimit": "5s"},
    "warmUp": {"objects": 0},
    "deadlines": {"running": "12s", "gone": "12s"},
}
WITHOUT_CALLS: Final = {**SCENARIO, "observe": {"restCalls": "none"}}
RUNNING: Final = "time_to_all_running_seconds"
VALID: Final[frozenset[str]] = frozenset()
Right = tuple[frozenset[str], dict[str, Any]]


def spoilt(*codes: str, **mode: Any) -> Right:
    """The findings that spoil a run, and how the manipulation is set."""
    return frozenset(codes), mode


HARMLESS: Final[Right] = (VALID, {})
MANIPULATED: Final[dict[str, list[Right]]] = {
    "Noop": [HARMLESS],
    "LoseEvents": [spoilt("phase_order", "not_gone")],
    "LoseRunningOnce": [HARMLESS],
    "LoseDeleted": [spoilt("not_gone")],
    "Duplicate": [HARMLESS],
    "Reorder": [HARMLESS],
    "StaleAfterRunning": [HARMLESS],
    "FalseRunning": [spoilt("phase_order")],
    "DropPhases": [spoilt("unfinished")],
    # A webhook may name an object otherwise: its uid is what the create returned.
    "MutateName": [HARMLESS],
    "DropRunLabel": [spoilt("unfinished")],
    "DropIndex": [spoilt("never_whole")],
    "SameIndex": [spoilt("never_whole", "relabelled")],
    "Foreign": [spoilt("not_ours")],
    "ForeignSteal": [HARMLESS],
    "Answer200NotStored": [spoilt("unfinished")],
    "Redirect3xxCreate": [spoilt("failed_operations")],
    "RedirectOneCreate": [spoilt("failed_operations")],
    "Quota": [spoilt("failed_operations")],
    "Collide": [spoilt("failed_operations", "not_ours")],
    "TimeSkew": [HARMLESS],
    "DeleteOther": [
        spoilt("unfinished", "deleted_by_others", delay=0.005),
        spoilt("deleted_by_others", delay=0.2),
        spoilt("not_ours", "deleted_by_others", delay=0.01, recreate=1),
    ],
    "PodReplaced": [HARMLESS],
}
"""What each manipulation comes to. In the harmless ones every object is seen Running, in time."""
COUNTED: Final = {
    **dict.fromkeys(("reset", "zero", "vanish", "resetnc", "vanishnc"), "counters_fell"),
    **dict.fromkeys(
        ("negative", "nan", "inf", "huge", "frac", "dup", "nannc", "fracnc"), "not_counted"
    ),
}
"""What is found where a component's counters are changed so; nothing is counted then."""


def test_every_manipulation_has_a_right_result() -> None:
    assert set(cases.meddlers()) == {*MANIPULATED, "Counters"}


@pytest.mark.parametrize(
    ("name", "right"),
    [
        pytest.param(name, right, id=f"{name} {'+'.join(sorted(right[0]))} {right[1]}")
        for name, rights in MANIPULATED.items()
        for right in rights
    ],
)
def test_a_run_whose_answers_are_changed_is_valid_only_if_its_figures_are(
    name: str, right: Right, tmp_path: Path
) -> None:
    codes, mode = right
    meddler = cases.meddlers()[name]({}, mode)

    _, report, left = run_between(WITHOUT_CALLS, meddler, tmp_path)

    spoiling = {each.finding.code for each in report.findings if each.finding.inconclusive}
    assert spoiling == codes
    assert report.valid == (not codes)
    assert report.exit_code == (4 if codes else 0)
    assert left == []
    if not codes:
        (whole,) = (each for each in report.indicators if each.name == RUNNING)
        assert whole.figure.value is not None
        assert whole.figure.samples == 6


@pytest.mark.parametrize(("kind", "code"), COUNTED.items())
def test_counters_that_cannot_be_are_no_data_and_never_a_smaller_count(
    kind: str, code: str, tmp_path: Path
) -> None:
    meddler = cases.meddlers()["Counters"]({}, {"kind": kind})

    _, report, _ = run_between(SCENARIO, meddler, tmp_path)

    cells = report.tables.rest_calls["vmi"]["burst"].values()
    assert code in {each.finding.code for each in report.findings}
    assert cells
    assert all(cell.value is None and cell.reason for cell in cells)


RECORDS: Final = {
    "counters-reset-valid": (4, "counters_fell"),
    "deleted-by-other": (4, "never_whole"),
    "recreated-by-other": (4, "not_ours"),
    "record-path-traversal": (0, "valid"),
}
"""The exit code of each record's report, and a word of it."""


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_judged_by_what_it_says(name: str) -> None:
    done = virtslo("report", str(cases.FOLDER / name), "--format", "conclusion")

    code, word = RECORDS[name]
    assert (done.code, word in done.out) == (code, True)


@pytest.mark.parametrize("form", ["kube-burner", "perfscale", "vep411", "html", "junit"])
def test_a_name_in_a_record_is_no_path(form: str, tmp_path: Path) -> None:
    folder = tmp_path / "one" / "two"
    folder.mkdir(parents=True)
    record = cases.FOLDER / "record-path-traversal"
    more = () if form in {"html", "junit"} else ("--allow-simulated",)
    output = folder / ("out" if form == "kube-burner" else "out.txt")
    done = virtslo("report", str(record), "--format", form, "-o", str(output), *more)

    written = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert done.code in {0, 4}
    assert written
    assert all(path == output or output in path.parents for path in written)


@contextlib.contextmanager
def prometheus() -> Iterator[str]:
    """The Prometheus of the cases, a process of its own: its address."""
    command = [sys.executable, str(cases.FOLDER / "methodprom.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


def test_an_audit_reads_the_labels_of_older_versions(tmp_path: Path) -> None:
    document = json.loads((cases.FOLDER / "m.json").read_bytes())
    file = tmp_path / "audit.json"
    with prometheus() as url:
        file.write_text(json.dumps({**document, "prometheusURL": url}))
        done = virtslo("audit", str(file))

    assert done.code == 1
    assert "CREATE-pods-count: 100000 requests, at most 100" in done.out


LARGE: Final = frozenset({"big", "manyitems", "gzip bomb"})
"""Answers that take seconds to make."""


def answered(*, are_large: bool) -> list[Attempt]:
    """What does not hold of calls that are answered as the cases' proxy does."""
    bodies: dict[str, Any] = cases.proxied("BAD")["BAD"]
    tried: list[Attempt] = []
    with attack_server() as server:
        for name, make in bodies.items():
            if (name in LARGE) == are_large:
                code, body, headers = make()
                server.chosen = Answer(body, code, headers)
                tried.extend(
                    attempt(verb, name, server.url, CALLS[verb])
                    for verb in ("list", "create", "read")
                )
    return [each for each in tried if each.broken]


@pytest.mark.sockets
def test_answers_that_are_wrong_are_errors() -> None:
    assert answered(are_large=False) == []


@pytest.mark.slow
@pytest.mark.sockets
def test_answers_that_are_large_are_errors() -> None:
    assert answered(are_large=True) == []


@pytest.mark.sockets
def test_watches_whose_bodies_are_wrong_are_errors() -> None:
    bodies: dict[str, bytes] = cases.proxied("WATCHBAD")["WATCHBAD"]
    with attack_server() as server:
        tried = []
        for name, body in bodies.items():
            server.chosen = Answer(body)
            tried.append(attempt("watch", name, server.url, CALLS["watch"]))

    assert [each for each in tried if each.broken] == []


LASTING: Final = frozenset({"1xx endless", "drip", "endless", "hang"})
"""Kinds of connections that take a minute and more."""


def connected(kind: str) -> str:
    """What does not hold of a list over a connection of a kind."""
    raw = cases.proxied("raw")["raw"]
    replies: list[asyncio.Task[None]] = []

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        replies.append(task)
        with contextlib.suppress(OSError, EOFError):
            await reader.readuntil(b"\r\n\r\n")
            await raw(SimpleNamespace(transport=writer.transport), kind)
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def main() -> str:
        async with await asyncio.start_server(reply, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            found = await attempted("list", kind, url, CALLS["list"])
            await asyncio.wait(replies)
        return found.broken

    return asyncio.run(main())


@pytest.mark.sockets
def test_connections_that_break_the_protocol_are_errors() -> None:
    kinds = [kind for kind in cases.proxied("RAW")["RAW"] if kind not in LASTING]

    assert [kind for kind in kinds if connected(kind)] == []


@pytest.mark.slow
@pytest.mark.sockets
@pytest.mark.timeout(240)
def test_an_answer_without_end_is_an_error() -> None:
    assert connected("endless") == ""


def test_the_quick_run_of_the_cases_is_read() -> None:
    done = virtslo("run", str(cases.FOLDER / "quick.yaml"), "--dry-run")

    assert done.code == 0
