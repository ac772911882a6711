"""Published results in folders and clones: what stands in their place, and what is not there."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from support.published_results import JOB, RUN, read, result, write
from virtslo.base.errors import StoreError
from virtslo.base.limits import Limit
from virtslo.store.published import git_command


def test_links_and_folders_in_the_place_of_files_are_named(tmp_path: Path) -> None:
    root = tmp_path / "root"
    kept = write(root, json.dumps(result({"GET-nodes-count": 1})))
    outside = write(tmp_path / "outside", json.dumps(result({"GET-nodes-count": 2})))
    runs_of_job = kept.parent.parent
    places = {}
    for number, (target, reason) in enumerate(
        [
            (outside, "a symbolic link out of the folder"),
            (Path("results.json"), "a symbolic link that leads nowhere"),
            (Path("gone"), "a symbolic link that leads nowhere"),
        ]
    ):
        folder = runs_of_job / str(int(RUN) + 1 + number)
        folder.mkdir()
        (folder / "results.json").symlink_to(target)
        places[str(folder / "results.json")] = reason
    (runs_of_job / "linked").symlink_to(kept.parent)
    places[str(runs_of_job / "linked")] = "a symbolic link to a folder: not followed"
    (runs_of_job / "1" / "results.json").mkdir(parents=True)
    places[str(runs_of_job / "1" / "results.json")] = "a folder, expected a file"

    (run,), odd = read(root)

    assert run.figures[0].value == 1
    assert {item.place: item.reason for item in odd} == places


def test_a_clone_names_links_and_submodules_and_reads_a_moved_run_once(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    moved = write(clone, json.dumps(result({"GET-nodes-count": 1})), job="job-k8s-1.29")
    link = clone / "results" / "job" / str(int(RUN) + 1) / "results.json"
    link.parent.mkdir(parents=True)
    link.symlink_to("/etc/hostname")
    unit = clone / "results" / "job" / str(int(RUN) + 2) / "junit.functest.xml"
    unit.parent.mkdir()
    unit.write_text("<testsuite/>")
    git(clone, "init", "-b", "main")
    git(clone, "add", ".")
    git(clone, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/other")
    git(clone, "commit", "-m", "first")
    target = clone / "results" / "job-k8s-1.31" / RUN
    target.parent.mkdir()
    git(clone, "mv", str(moved.parent), str(target))
    git(clone, "commit", "-m", "a new name of the job")
    git(clone, "gc", "--quiet")

    (run,), odd = read(clone)

    assert (run.job, run.run_id, dict(run.facts)) == ("job-k8s-1.31", RUN, {})
    assert {item.place: item.reason for item in odd} == {
        "vendor/other": "a submodule: not read; import its own clone",
        f"results/job/{int(RUN) + 1}/results.json": "a symbolic link, expected a file",
        f"results/job/{int(RUN) + 2}": "no results.json and nothing else that is read, only "
                                       "junit.functest.xml",
    }  # fmt: skip


def git(folder: Path, *arguments: str) -> None:
    """Run git as an author of its own."""
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize("bare", [False, True])
def test_a_clone_is_read_with_what_it_replaced_and_deleted(tmp_path: Path, bare: bool) -> None:
    clone = tmp_path / "clone"
    clone.mkdir()

    def git(*arguments: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
            cwd=clone,
            check=True,
            capture_output=True,
        )

    git("init", "-b", "main")
    kept = write(clone, json.dumps(result({"GET-nodes-count": 1})))
    gone = write(clone, json.dumps(result({"GET-nodes-count": 5})), run=str(int(RUN) + 1))
    git("add", ".")
    git("commit", "-m", "first")
    kept.write_text(json.dumps(result({"GET-nodes-count": 2})))
    gone.unlink()
    git("add", "-A")
    git("commit", "-m", "second")
    source = clone
    if bare:
        source = tmp_path / "bare.git"
        git("clone", "--bare", str(clone), str(source))

    runs, odd = read(source)

    assert odd == []
    found = {run.run_id: (run.figures[0].value, dict(run.facts)) for run in runs}
    assert found == {RUN: (2.0, {"rewritten": 1}), str(int(RUN) + 1): (5.0, {"deleted": True})}


def test_runs_without_results_are_named_with_what_they_have(tmp_path: Path) -> None:
    write(tmp_path, json.dumps(result({"CREATE-pods-count": 1.0})))
    other = tmp_path / "results" / JOB / "1831960704752553985"
    (other / "artifacts").mkdir(parents=True)
    (other / "finished.json").write_text('{"passed": true}')
    (other / "artifacts" / "junit.functest.xml").write_text("<testsuite/>")
    empty = tmp_path / "results" / JOB / "1831960704752553986"
    empty.mkdir()

    runs, odd = read(tmp_path)

    assert [run.run_id for run in runs] == [RUN]
    assert {item.place: item.reason for item in odd} == {
        str(other): "no results.json and nothing else that is read, only finished.json, "
                    "junit.functest.xml",
        str(empty): "a run's folder without any file",
    }  # fmt: skip


def test_artifacts_of_a_job_are_named_by_its_run_and_never_one_another(tmp_path: Path) -> None:
    for run in (RUN, "1832000000000000000"):
        folder = tmp_path / JOB / run / "artifacts" / "performance"
        folder.mkdir(parents=True)
        for kind in ("VMI", "VM"):
            document = {"Values": {"CREATE-pods-count": {"value": 100.0}}}
            (folder / f"{kind}-perf-audit-results.json").write_text(json.dumps(document))

    runs, odd = read(tmp_path)

    assert odd == []
    assert {(run.job, run.run_id, run.figures[0].kind) for run in runs} == {
        (f"{JOB} {kind}-perf-audit-results", run, kind.lower())
        for run in (RUN, "1832000000000000000")
        for kind in ("VMI", "VM")
    }
    first = next(run for run in runs if run.run_id == RUN)
    assert first.ended_at.isoformat(timespec="minutes") == "2024-09-06T07:40+00:00"
    assert first.environment == "provider 1.29"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"Values": [1]}', "Values: expected an object, found [1]"),
        ('{"odd": 1, "b": 2, "c": 3, "d": 4}', "found an object with 'odd', 'b', 'c', …"),
        ('{"scenario": {}}', "scenario without schema_version and aggregate"),
        ("5", "expected an object with VMIResult or VMResult or Values, found 5"),
        ("{", "truncated"),
    ],
)
def test_artifacts_that_are_no_results_are_named_themselves(
    tmp_path: Path, text: str, reason: str
) -> None:
    folder = tmp_path / JOB / RUN / "artifacts"
    folder.mkdir(parents=True)
    right = folder / "VM-perf-audit-results.json"
    right.write_text('{"Values": {"CREATE-pods-count": {"value": 100.0}}}')
    wrong = [folder / f"{name}-results.json" for name in ("VMI-perf-audit", "other")]
    for path in wrong:
        path.write_text(text)

    runs, odd = read(tmp_path)

    assert [run.job for run in runs] == [f"{JOB} VM-perf-audit-results"]
    assert sorted(item.place for item in odd) == sorted(map(str, wrong))
    assert all(reason in item.reason and item.is_lost for item in odd)


def hostile_clone(folder: Path) -> Path:
    """A clone with one run, whose commit has a signature of a program's."""
    clone = folder / "clone"
    write(clone, json.dumps(result({"GET-nodes-count": 1})))
    program = folder / "program.sh"
    program.write_text(
        f"#!/bin/sh\ncat > /dev/null\ntouch {folder}/started\n"
        "echo '[GNUPG:] SIG_CREATED D 1 8 00 1 A' >&2\n"
        "echo '-----BEGIN PGP SIGNATURE-----'; echo x; echo '-----END PGP SIGNATURE-----'\n"
    )
    program.chmod(0o755)
    git(clone, "init", "-b", "main")
    git(clone, "config", "gpg.program", str(program))
    git(clone, "add", ".")
    git(clone, "commit", "-S", "-m", "signed")
    (folder / "started").unlink()
    return clone


def test_no_program_that_a_clone_names_is_started(tmp_path: Path) -> None:
    clone = hostile_clone(tmp_path)
    git(clone, "config", "log.showSignature", "true")

    (run,), odd = read(clone)

    assert (run.run_id, odd) == (RUN, [])
    assert not (tmp_path / "started").exists()


def test_a_clone_that_git_never_ends_with_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = hostile_clone(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    git(clone, "config", "diff.orderFile", str(tmp_path / "pipe"))
    monkeypatch.setattr(git_command, "GIT_TIME", Limit("time", 1, "seconds"))

    with pytest.raises(StoreError, match="git log does not end within 1 seconds"):
        read(clone)


def test_a_clone_of_which_git_says_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = hostile_clone(tmp_path)
    monkeypatch.setattr(git_command, "GIT_ANSWER", Limit("answer", 50))

    with pytest.raises(StoreError, match="git log prints more than 50 bytes"):
        read(clone)
