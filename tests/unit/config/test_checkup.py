"""What a checkup's ConfigMap asks for, and everything that may be wrong with it."""

import pytest

from virtslo.base.errors import Problem, ScenarioError
from virtslo.config.checkup import parameter_name, placed, read_checkup

OPTIONS = ("--kind", "--count", "--max-in-flight")


def problems(data: dict[str, str]) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        read_checkup(data, OPTIONS, source="ConfigMap team/ck")
    return [str(each) for each in caught.value.problems]


def test_parameters_stand_for_options() -> None:
    asked = read_checkup(
        {
            "spec.timeout": "1h30m",
            "spec.param.test": "steady-state",
            "spec.param.maxInFlight": "20",
            "objectives.yaml": "anything",
        },
        OPTIONS,
        source="ConfigMap team/ck",
    )

    assert asked.test == "steady-state"
    assert asked.timeout == 5400.0
    assert asked.options == {"--max-in-flight": "20"}


def test_every_problem_is_named_by_its_key() -> None:
    found = problems({"spec.timeout": "soon", "spec.param.test": "brust", "spec.param.cuont": "1"})

    assert [text.partition(":")[0] for text in found] == [
        "spec.timeout", "spec.param.test", "spec.param.cuont",
    ]  # fmt: skip
    assert "did you mean burst?" in found[1]
    assert "did you mean count?" in found[2]


@pytest.mark.parametrize("timeout", ["0", "0s", "-5m", "", "5"])
def test_a_timeout_is_a_duration_longer_than_nothing(timeout: str) -> None:
    (found,) = problems({"spec.timeout": timeout})

    assert found.startswith("spec.timeout: expected a duration")


def test_the_timeout_is_required() -> None:
    assert problems({}) == ["spec.timeout: expected a duration such as 15m, found nothing"]


@pytest.mark.parametrize("key", ["status.startTimestamp", "status.completionTimestamp"])
def test_a_config_map_is_good_for_one_checkup(key: str) -> None:
    (found,) = problems({"spec.timeout": "5m", key: "2026-01-01T00:00:00Z"})

    assert found.startswith(f"{key}: expected none: it was used by a checkup before")


def test_a_problem_of_an_option_is_placed_at_its_parameter() -> None:
    assert parameter_name("--max-in-flight") == "maxInFlight"
    at = placed(Problem("--count", "'x'", "a whole number"), OPTIONS)
    other = placed(Problem("--counter", "'x'", "none"), OPTIONS)

    assert at.place == "spec.param.count"
    assert other.place == "--counter"
