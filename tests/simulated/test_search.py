"""A search brackets a bound that is known in closed form, says what bounded it, and keeps its
trials."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import virtslo
from virtslo.app.search.controller import Limits
from virtslo.base.errors import ClusterError
from virtslo.cli.running.run_once import Execution, OneRun
from virtslo.cli.whatif.search_loads import scenario_of
from virtslo.cli.whatif.search_run import Order, Search
from virtslo.model.plan.ceiling import usual_calls
from virtslo.model.plan.scenario import Scenario
from virtslo.model.plan.workload import Kind
from virtslo.model.simulated.profile import Setting
from virtslo.model.simulated.target import SimulatedTarget
from virtslo.model.whatif.search import Goal, Quantity, SearchResult
from virtslo.ports.progress import Silent

BUCKET = (
    "--simulate", "instant", "--set", "kubevirt.virtController.qps=8", "--set",
    "kubevirt.virtController.burst=8", "--quiet", "--format", "json",
)  # fmt: skip
CAPACITY = 8 / usual_calls(Kind.VMI)


def search(tmp_path: Path, *arguments: str) -> Any:
    told = virtslo("search", *BUCKET, *arguments, "--searches", str(tmp_path))
    assert told.code in {0, 4}, told.err
    return told.document


def test_a_search_names_its_bounds_and_what_bounded_it(tmp_path: Path) -> None:
    found = search(
        tmp_path, "--duration", "60s", "--start", "0.6", "--at-most", "1.2", "--width", "100%"
    )
    (directory,) = tmp_path.iterdir()
    kept = json.loads((directory / "search.json").read_text(encoding="utf-8"))

    assert found == kept
    assert (found["last_good"], found["first_bad"]) == (0.6, 1.2)
    assert found["bounded_by"].startswith("virt-controller's token bucket")
    assert [trial["outcome"] for trial in found["trials"]] == ["good", "bad"]
    for trial in found["trials"]:
        assert (directory / trial["record"] / "run.json").is_file()


def test_a_search_never_exceeds_the_highest_load(tmp_path: Path) -> None:
    found = search(tmp_path, "--duration", "40s", "--start", "0.5", "--at-most", "0.7")

    assert [trial["load"] for trial in found["trials"]] == [0.5, 0.7]
    assert found["first_bad"] is None
    assert found["bounded_by"] == "nothing that was tried"


def test_a_guard_ends_a_search_at_the_first_bad_trial_that_it_names(tmp_path: Path) -> None:
    found = search(
        tmp_path, "--duration", "40s", "--start", "3", "--within", "10s", "--guard", "lost"
    )

    assert len(found["trials"]) == 1
    assert found["ended"] == "a bad trial that the guard names: lost"


def test_a_search_that_is_stopped_at_once_says_what_it_left_on_a_real_cluster(
    tmp_path: Path,
) -> None:
    options = {"kind": "vmi", "template": None, "objectives": None, "quantity": "count"}
    scenario = scenario_of(options, 2.0, 60.0)
    order = Order(
        limits=Limits(1.0, 1.0, 2.0, whole=True), scenario_at=lambda load: scenario, target_at=None,
        where=None, guard=frozenset(), command=(), note=print, progress=Silent(),
    )  # fmt: skip
    result = SearchResult("s", Quantity.COUNT, Goal(0.0, 0.05, 1), 60.0, (), simulated=False)
    search = Search(result, order, tmp_path)
    before = search.last_words()
    search.running = OneRun(scenario, Execution(tmp_path, (), Silent()), "r0d720015", None)

    assert "virtslo clean" not in before
    assert "what it made is still there: virtslo clean --run r0d720015" in search.last_words()
    assert f"finished trials are in {tmp_path}" in search.last_words()


def test_migrations_are_searched_to_what_may_be_at_once(tmp_path: Path) -> None:
    found = virtslo(
        "search", "--kind", "migration", "--simulate", "instant", "--nodes", "5", "--set",
        "profile.delays.migrate.value=2s", "--duration", "30s", "--start", "2",
        "--at-most", "4", "--width", "100%", "--quiet", "--format", "json", "--searches",
        str(tmp_path),
    )  # fmt: skip

    assert found.code == 0, found.err
    assert found.document["bounded_by"].startswith("the 5 migrations that may be at once")
    assert found.document["ceilings"][0]["load"] == pytest.approx(2.5, rel=0.02)
    assert [trial["objects"] for trial in found.document["trials"]] == [80, 120]
    assert (found.document["last_good"], found.document["first_bad"]) == (2.0, 4.0)


def test_members_of_pools_arrive_some_at_a_time(tmp_path: Path) -> None:
    found = search(
        tmp_path, "--kind", "vmpool", "--members", "2", "--duration", "100s", "--start", "0.4",
        "--guard", "lost", "--guard", "backlog",
    )  # fmt: skip
    (directory,) = tmp_path.iterdir()
    record = json.loads(
        (directory / found["trials"][0]["record"] / "run.json").read_text(encoding="utf-8")
    )

    assert found["objects"] == "member of a VMPool"
    assert record["scenario"]["workload"]["count"] == 80
    assert record["scenario"]["workload"]["groups"] == 40
    assert record["scenario"]["load"]["arrival"]["rate"] == pytest.approx(0.2)
    assert found["bounded_by"].startswith("virt-controller's token bucket")


def searched_to_an_error(directory: Path) -> list[Any]:
    """A search whose third trial cannot be run: what `search.json` held after each step."""
    options = {"kind": "vmi", "template": None, "objectives": None, "quantity": "count"}
    kept = []

    def keep(_words: str = "") -> None:
        kept.append(json.loads((directory / "search.json").read_text(encoding="utf-8")))

    def cluster(scenario: Scenario, number: int) -> SimulatedTarget:
        keep()
        if number == 3:
            raise ClusterError("the cluster is gone")
        limits: dict[str, Setting] = {
            "profile.limits.virt-controller.qps": 8, "profile.limits.virt-controller.burst": 8,
        }  # fmt: skip
        return SimulatedTarget("instant", 1, 2, settings=limits)

    order = Order(
        limits=Limits(4.0, 1.0, 64.0, whole=True),
        scenario_at=lambda load: scenario_of(options, load, 60.0), target_at=cluster, where=None,
        guard=frozenset(), command=(), note=keep, progress=Silent(),
    )  # fmt: skip
    result = SearchResult("s", Quantity.COUNT, Goal(0.0, 0.05, 1), 3.5, ())
    with pytest.raises(ClusterError):
        Search(result, order, directory).carry_out()
    keep()
    return kept


def test_the_bounds_so_far_are_on_disk_whatever_ends_the_process(tmp_path: Path) -> None:
    before, first, again, second, third, after = searched_to_an_error(tmp_path)

    assert (before["trials"], before["last_good"], before["first_bad"]) == ([], None, None)
    assert first == again
    assert (first["last_good"], first["first_bad"]) == (4.0, None)
    assert second == third
    assert (second["last_good"], second["first_bad"]) == (4.0, 8.0)
    assert all(kept["ended"].startswith("not ended") for kept in (before, first, second))
    assert after == {**second, "ended": "a trial could not be run: the cluster is gone"}


@pytest.mark.slow
def test_a_bucket_is_bracketed_within_two_percent(tmp_path: Path) -> None:
    found = search(
        tmp_path, "--duration", "300s", "--start", "0.9", "--at-most", "1.2", "--width", "2%"
    )

    assert found["last_good"] == pytest.approx(CAPACITY, rel=0.02)
    assert found["first_bad"] == pytest.approx(CAPACITY, rel=0.021)
    assert found["first_bad"] > CAPACITY
    ceilings = [ceiling["load"] for ceiling in found["ceilings"]]
    assert ceilings == [pytest.approx(CAPACITY, rel=0.02)] * 2


def test_every_problem_is_reported_at_once() -> None:
    told = virtslo(
        "search", "--kind", "vmm", "--within", "soon", "--loss", "2", "--context", "c", "--set",
        "nodes.cpu=1",
    )  # fmt: skip

    assert told.code == 2
    for place in ("vmm", "--within", "--loss", "--simulate, --nodes, --fault, --set"):
        assert place in told.err


def test_a_kind_that_cannot_be_raised_so_is_refused() -> None:
    told = virtslo(
        "search", "--kind", "migration", "--of", "count", "--arrival", "poisson", "--members", "2"
    )

    assert told.code == 2
    for place in ("--of", "--arrival", "--members"):
        assert f"  {place}: expected" in told.err


def test_a_real_cluster_needs_a_highest_load() -> None:
    told = virtslo("search", "--context", "c", "--yes")

    assert told.code == 2
    assert "--at-most" in told.err


@pytest.mark.parametrize(("context", "most"), [("c", 200), (None, 10_000)])
def test_requests_in_flight_are_what_preflight_takes(context: str | None, most: int) -> None:
    options = {
        "kind": "vmi", "template": None, "objectives": None, "quantity": "rate",
        "arrival": "constant", "kubeconfig": None, "context": context, "in_cluster": False,
    }  # fmt: skip

    assert scenario_of(options, 2.0, 60.0).load.max_in_flight == most
