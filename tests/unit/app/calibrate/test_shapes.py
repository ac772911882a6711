"""A shape follows the quantiles of a phase, and only where samples show that it must."""

import random
from typing import Any

import pytest

from virtslo.app.calibrate.shapes import differ, distance, quantile, reshaped, steadied


def drawn(seed: int, count: int = 60, *, least: float = 1.0, most: float = 2.0) -> list[float]:
    chance = random.Random(seed)
    return [chance.uniform(least, most) for _ in range(count)]


def test_samples_of_one_distribution_do_not_differ() -> None:
    assert not any(differ(drawn(seed), drawn(seed + 100)) for seed in range(20))


def test_samples_with_one_median_and_another_spread_differ() -> None:
    assert differ(drawn(1), drawn(2, least=0.5, most=2.5))


def test_few_samples_show_no_shape() -> None:
    assert not differ(drawn(1, count=19), [9.0] * 60)


@pytest.mark.parametrize(
    ("step", "ends"),
    [
        ({"shape": "constant", "value": 2.0}, [2.0, 2.0]),
        ({"shape": "uniform", "low": 1.0, "high": 3.0}, [1.0, 3.0]),
        ({"shape": "quantiles", "values": [1.0, 2.0, 3.0]}, [1.0, 3.0]),
    ],
)
def test_two_peaks_come_back_whatever_the_step_was(step: dict[str, Any], ends: list[float]) -> None:
    work = 0.5
    measured = [1.0 + work] * 30 + [5.0 + work] * 30
    made = reshaped(step, measured, [quantile(ends, n / 59) + work for n in range(60)])

    assert made["shape"] == "quantiles"
    assert made["values"][:9] == pytest.approx([1.0] * 9, abs=0.1)
    assert made["values"][-9:] == pytest.approx([5.0] * 9, abs=0.1)


def test_quantiles_never_fall_and_are_never_below_nothing() -> None:
    made = reshaped({"value": 1.0}, [0.1, 0.2, 0.3, 9.0], [2.0, 2.5, 3.0, 3.5])

    assert made["values"] == sorted(made["values"])
    assert made["values"][0] == 0.0


def test_a_lognormal_and_a_normal_step_are_taken_by_their_quantiles() -> None:
    same = drawn(3)
    lognormal = reshaped({"shape": "lognormal", "median": 4.0, "sigma": 0.3}, same, same)
    normal = reshaped({"shape": "normal", "mean": 4.0, "deviation": 1.0}, same, same)

    assert lognormal["values"][10] == pytest.approx(4.0)
    assert lognormal["values"][19] == pytest.approx(4.0 * 2.718281828 ** (0.3 * 1.645), rel=0.01)
    assert normal["values"][10] == pytest.approx(4.0)


def test_a_narrow_phase_does_not_move_a_wide_step_s_middle() -> None:
    """What varies beside the step varies less than it was taken to: the middle stays."""
    wide = [2.0 + n / 59 for n in range(60)]
    made = reshaped({"shape": "uniform", "low": 0.9, "high": 1.1}, [2.5] * 60, wide)

    assert made["values"] == sorted(made["values"])
    assert made["values"][10] == pytest.approx(1.0, abs=0.01)


def test_the_other_steps_of_a_part_take_their_medians() -> None:
    delays = {
        "domain_define": {"shape": "uniform", "low": 1.0, "high": 3.0},
        "boot": {"shape": "constant", "value": 1.0},
        "pod_create": {"shape": "uniform", "low": 1.0, "high": 3.0},
    }

    assert steadied(delays, "booting") == {
        **delays,
        "domain_define": {"shape": "constant", "value": 2.0},
    }


def test_a_distance_is_of_shares() -> None:
    assert distance([1.0, 2.0], [1.0, 2.0]) == 0.0
    assert distance([1.0, 2.0], [3.0, 4.0]) == 1.0
