"""What is said of the simulated cluster that a run was on."""

import pytest

from virtslo.model.simulated.target import SimulatedTarget


@pytest.mark.parametrize(
    ("profile", "words"),
    [("ci", "other rates and times are guesses"), ("ci-varied", "are guesses"),
     ("regressed", "are guesses"), ("two-core", "20 to 30 % too quick"),
     ("two-core-shared", "not fitted"), ("instant", "")],
)  # fmt: skip
def test_a_built_in_profile_says_what_its_figures_rest_on(profile: str, words: str) -> None:
    found = SimulatedTarget(profile, 1, 2).fitted

    assert words in found
    assert bool(found) == bool(words)


def test_nothing_is_said_of_a_profile_from_a_file_that_has_the_same_name() -> None:
    assert SimulatedTarget("ci", 1, 2, document={"delays": {}}).fitted == ""
