"""Settings over a profile: they act, stand in the report, and keep runs that differ apart."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.cli import only_run, virtslo
from support.scenarios import scenario
from virtslo.base.clock import Clock
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.cli.options import TargetOptions
from virtslo.cli.running.run_once import Execution, run_simulated
from virtslo.cli.targets import NOTHING_ASKED, simulated_target
from virtslo.cli.wiring import simulated_cluster
from virtslo.client.paging import list_all
from virtslo.model.kubernetes import resources
from virtslo.model.run.record import RunRecord
from virtslo.slo.comparable import differences


class Silent:
    """Progress that is not shown."""

    def update(self, snapshot: object) -> None:
        """Not shown."""

    def note(self, message: str) -> None:
        """Not shown."""


def burst(tmp_path: Path, *settings: str, **section: Any) -> RunRecord:
    rest: dict[str, Any] = {"simulated": section} if section else {}
    given = scenario("vmi", 20, **rest)
    target = simulated_target(
        TargetOptions(settings=settings),
        seed=1,
        count=20,
        asked=given.simulated or NOTHING_ASKED,
    )
    return run_simulated(given, target, Execution(tmp_path, (), Silent()))


def last_observed(record: RunRecord) -> float:
    return max(item.received_ns / 1e9 for item in record.observations)


def test_a_setting_acts_and_its_runs_are_unlike(tmp_path: Path) -> None:
    slow = "kubevirt.virtController.qps=5"
    limited = burst(tmp_path, slow, "kubevirt.virtController.burst=10")
    free = burst(tmp_path)

    limits = limited.header.environment.client_limits["virt-controller"]
    assert (limits.qps, limits.burst) == (5.0, 10)
    assert last_observed(limited) > last_observed(free) + 10
    assert "settings" in differences([limited, free])
    assert limited.header.run_label == free.header.run_label


def test_a_section_of_the_scenario_does_what_the_options_do(tmp_path: Path) -> None:
    by_option = burst(tmp_path, "kubevirt.virtController.threads.vmi=1")
    by_section = burst(tmp_path, set={"kubevirt.virtController.threads.vmi": 1})

    assert by_option.observations == by_section.observations
    assert differences([by_option, by_section]) == ""


def _on(options: TargetOptions, look: Any) -> Any:
    target = simulated_target(
        options, seed=1, count=0, asked=replace(NOTHING_ASKED, profile="instant")
    )
    found: list[Any] = []

    async def main(clock: VirtualClock) -> None:
        async with simulated_cluster(target, clock) as api:
            found.append(await look(api, clock))

    run_in_virtual_time(main)
    return found[0]


def test_the_kubevirt_object_says_what_is_set() -> None:
    settings = (
        "kubevirt.migrations.parallelMigrationsPerCluster=7",
        "kubevirt.virtController.threads.vmi=4",
        "kubevirt.virtApi.replicas=3",
    )

    async def look(api: Any, clock: Clock) -> Any:
        kubevirt = (await list_all(api, resources.KUBEVIRTS))[0]["spec"]
        pods = await list_all(api, resources.PODS)
        names = [pod["metadata"]["name"] for pod in pods]
        return kubevirt, sorted(name for name in names if name.startswith("virt-api"))

    spec, pods = _on(TargetOptions(settings=settings), look)

    assert spec["configuration"]["migrations"]["parallelMigrationsPerCluster"] == 7
    flags = spec["customizeComponents"]["flags"]["controller"]
    assert flags == {"vmi-controller-threads": "4"}
    assert pods == ["virt-api-0", "virt-api-1", "virt-api-2"]


def test_an_own_profile_is_kept_in_the_record(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("extends: instant\ndelays: {boot: {value: 3s}}\n", encoding="utf-8")
    runs = tmp_path / "runs"
    told = virtslo(
        "run", "burst", "--repeat", "1", "--count", "3", "--simulate", str(path), "--quiet",
        "--runs", str(runs), "--format", "json",
    )  # fmt: skip

    assert told.code == 0
    header = json.loads((only_run(runs) / "run.json").read_text(encoding="utf-8"))
    simulated = header["environment"]["simulated"]
    assert simulated["profile"] == "mine"
    assert simulated["document"]["delays"]["boot"] == {"value": "3s"}
    assert json.loads(told.out)["runs"][0]["cluster"]["profile"] == "mine"


def test_every_problem_of_scenario_and_settings_is_reported_at_once(tmp_path: Path) -> None:
    told = virtslo(
        "run", "burst", "--count", "x", "--simulate", "cii", "--set", "kubevirt.foo=1", "--set",
        "nodes.cpu=much", "--fault", "nonsense", "--runs", str(tmp_path),
    )  # fmt: skip

    assert told.code == 2
    for place in ("--count", "--simulate", "--set kubevirt.foo", "--set nodes.cpu", "nonsense"):
        assert place in told.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--set nodes.cpu=1", "--simulate ci"])
def test_settings_beside_a_real_target_are_refused(option: str) -> None:
    told = virtslo("run", "burst", "--context", "c", *option.split())

    assert told.code == 2
    assert "one or the other" in told.err
