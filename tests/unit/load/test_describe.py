"""A plan in words."""

from typing import Any

from support.scenarios import planned, scenario
from virtslo.load.describe import describe_plan


def described(*arguments: Any, **options: Any) -> str:
    given = scenario(*arguments, **options)
    return "\n".join(describe_plan(planned(given), given))


def test_a_burst_is_described_with_its_ceiling_and_deadlines() -> None:
    text = described("vmi", 1000, workload={"namespaces": 4})

    assert "objects: 1000 VirtualMachineInstance" in text
    assert "virtslo-s1-0 to virtslo-s1-3 (4, round robin), made and removed by the run" in text
    filled = described("vmi", 1000, workload={"namespaces": 4, "objectsPerNamespace": 250})
    assert "virtslo-s1-3 (4, filled one after another, 250 objects each), made" in filled
    assert "at most 100 in flight (closed loop)" in text
    assert "least time: 18s" in text
    assert "deadlines: 10m for Running, 10m for gone" in text
    assert "warm-up: 1 created" in text


def test_open_loop_arrivals_are_described_with_rate_and_span() -> None:
    constant = {"process": "constant", "rate": "10/s"}
    ramp = {"process": "ramp", "rate": "10/s", "startRate": "2/s"}

    text = described("vm", 11, load={"arrival": constant}, warmUp={"objects": 0})

    assert "constant arrivals, 10/s, over 1s" in text
    assert "warm-up: none" in text
    assert "from 2/s to 10/s" in described(load={"arrival": ramp})


def test_churn_is_described_and_a_section_without_use_is_named() -> None:
    steady = described("vmpool", 40, "steady-state", load={"churn": {"mode": "scale"}})
    constant = described(
        "vmi", 10, "constant-churn", load={"churn": {"rate": "2/s", "duration": "1m"}}
    )

    assert "5 cycles of 2 members, one every 1m, over 5m" in steady
    assert "1 VirtualMachinePool of 40 members in all" in steady
    assert "120 replacements at 2/s, over 1m, 240 operations" in constant
    assert "plays no part in a burst" in described(load={"churn": {}})
    assert "churn" not in described()


def test_a_chosen_namespace_is_named() -> None:
    text = described(workload={"namespace": "mine"})

    assert "namespaces: mine, created only if absent" in text
