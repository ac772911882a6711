"""Two known days, found on an import of a git clone of the public results.

The clone is built of the sample, its older jobs deleted by a later commit. The sample leaves
virt-operator's calls out; those of the VM test are put back as upstream's data have them: absent
before the run of 2025-07-02 23:40, 50 and 200 calls in each from it on.
"""

import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.cli import virtslo

SAMPLE = Path(__file__).parents[1] / "data" / "kubevirt-ci" / "runs.jsonl.gz"
FIRST_OF_THE_LOOP = 1940556120036741120
LOOP = {
    "LIST-nodes-count": 50,
    "UPDATE-configmaps-count": 50,
    "LIST-virtualmachineclusterinstancetypes-count": 50,
    "PATCH-services-count": 200,
}
DELETED = "1.27"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def runs() -> Iterator[dict[str, Any]]:
    """The lines of the sample, with virt-operator's calls."""
    with gzip.open(SAMPLE) as file:
        for line in file:
            run = json.loads(line)
            result = run["results"]["VMResult"]
            if result is not None and int(run["run_id"]) >= FIRST_OF_THE_LOOP:
                result["Values"] |= {name: {"value": count} for name, count in LOOP.items()}
            yield run


def commits() -> Iterator[bytes]:
    """A stream for git fast-import: a commit of 200 runs each, then one that deletes a job."""
    folders: dict[str, None] = {}
    for number, run in enumerate(runs()):
        folder = f"results/{run['job']}"
        folders[folder] = None
        data = json.dumps(run["results"]).encode()
        if number % 200 == 0:
            yield commit(number)
        yield f"M 100644 inline {folder}/{run['run_id']}/results.json\n".encode()
        yield b"data %d\n%s\n" % (len(data), data)
    yield commit(10_000)
    yield from (f"D {folder}\n".encode() for folder in folders if DELETED in folder)


def commit(number: int) -> bytes:
    """The head of a commit on main."""
    return (
        f"commit refs/heads/main\ncommitter a <a@example.org> {1_700_000_000 + number} +0000\n"
        "data 1\nx\n"
    ).encode()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clone") / "results.git"
    git("init", "--quiet", "--bare", "--initial-branch=main", str(path))
    git("-C", str(path), "fast-import", "--quiet", stream=b"".join(commits()))
    git("-C", str(path), "pack-refs", "--all")
    return path


def git(*arguments: str, stream: bytes = b"") -> None:
    """Run git, with a stream as its input."""
    subprocess.run(["git", *arguments], input=stream, check=True, capture_output=True)


@pytest.fixture(scope="module", params=["bare", "checked out"])
def history(
    request: pytest.FixtureRequest, clone: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("history")
    source = clone
    if request.param == "checked out":
        source = folder / "results"
        git("clone", "--quiet", str(clone), str(source))
    where = ("--history", str(folder / "h.db"))
    done = virtslo("history", "import", str(source), *where)
    assert done.code == 0, done.err
    assert "2453 runs added" in done.out
    assert "in the clone's history: 579 deleted" in done.out
    return where


def findings(history: tuple[str, str], metric: str, since: str) -> list[dict[str, Any]]:
    """What `history changes` says of a metric."""
    options = ("--metric", metric, "--since", since, "--format", "json")
    found: list[dict[str, Any]] = virtslo("history", "changes", *history, *options).document[
        "findings"
    ]
    return found


def test_the_re_sync_of_july_2025_is_one_finding_of_its_first_run(
    history: tuple[str, str],
) -> None:
    (found,) = findings(history, "PATCH-services", "2025-06-01")[:1]

    appeared = {
        change["series"]["indicator"]
        for change in found["changes"]
        if change["kind"] == "appeared" and change["series"]["kind"] == "vm"
    }
    assert found["first_after"]["run_id"] == str(FIRST_OF_THE_LOOP)
    assert found["first_after"]["ended_at"].startswith("2025-07-03T00:19")
    assert found["is_confirmed"]
    assert appeared == set(LOOP)


def test_the_lost_buckets_of_february_2024_are_found_in_runs_that_were_deleted(
    history: tuple[str, str],
) -> None:
    lost, back = findings(history, "SecondsP95", "2024-01-25")[:2]

    days = [item["first_after"]["ended_at"][:16] for item in (lost, back)]
    assert (lost["kind"], back["kind"]) == ("telemetry lost", "telemetry back")
    assert days == ["2024-02-01T08:16", "2024-02-23T00:16"]
