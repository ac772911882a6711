"""A finding settled on given clusters: by kubeconfig, over HTTP, in real time."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from support.cli import virtslo
from support.simulate_process import simulate_process
from support.worsened_histories import worsened_history
from virtslo.store.records import read_record

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a cluster under two names of a context, `old` and `new`."""
    folder = tmp_path_factory.mktemp("clusters")
    with simulate_process(folder, "--nodes", "3") as path:
        document = yaml.safe_load(path.read_text())
        (context,) = document["contexts"]
        document["contexts"] = [{**context, "name": name} for name in ("old", "new")]
        document["current-context"] = "old"
        both = folder / "both"
        both.write_text(yaml.safe_dump(document))
        yield both


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Twelve runs of a build and twelve of a worse one."""
    return worsened_history(tmp_path_factory.mktemp("confirm"), count=5)


def test_runs_on_given_clusters_clear_what_is_the_same_on_both(
    history: tuple[str, str], clusters: Path, tmp_path: Path
) -> None:
    (found,) = virtslo("history", "changes", *history, "--format", "json").document["findings"]
    log, runs = tmp_path / "confirmed.jsonl", tmp_path / "runs"

    done = virtslo(
        "history", "confirm", found["id"], *history, "--metric", "patch_virtualmachineinstances",
        "--make", "--base", "context:old", "--candidate", "context:new", "--kubeconfig",
        str(clusters), "--yes", "--runs", str(runs), "--log", str(log),
    )  # fmt: skip

    if "no new run of one side is valid" in done.err:
        pytest.skip("the machine was too busy for a valid run of either side")
    assert done.code == 0, done.err + done.out
    document = json.loads(log.read_text())
    records = [read_record(folder) for folder in sorted(runs.iterdir())]
    assert document["standing"] == "cleared"
    assert [item["standing"] for item in document["series"]] == ["cleared"]
    assert document["base"]["target"] == "context:old"
    kept = [*document["base"]["runs"], *document["candidate"]["runs"]]
    assert len(kept) + done.err.count("is not valid") == 6
    assert len(records) == 6


def test_a_context_that_the_kubeconfig_does_not_have_is_refused_before_any_run(
    history: tuple[str, str], clusters: Path, tmp_path: Path
) -> None:
    (found,) = virtslo("history", "changes", *history, "--format", "json").document["findings"]

    done = virtslo(
        "history", "confirm", found["id"], *history, "--make", "--base", "context:old",
        "--candidate", "context:other", "--kubeconfig", str(clusters), "--yes",
        "--runs", str(tmp_path / "runs"), "--log", str(tmp_path / "log"),
    )  # fmt: skip

    assert done.code in {2, 3}
    assert "other" in done.err
    assert not (tmp_path / "runs").exists()
