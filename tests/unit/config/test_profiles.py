"""Profiles are data files, read strictly; one may say only what differs from another."""

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.config.profiles import _refuse_unknown, load_profile, profile_names


def test_every_profile_can_be_read() -> None:
    names = profile_names()

    assert {"ci", "instant", "regressed"} <= set(names)
    assert all(load_profile(name).name == name for name in names)


def test_an_unknown_profile_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ScenarioError) as refused:
        load_profile("instand")

    assert "did you mean 'instant'?" in str(refused.value)


def test_every_misspelt_key_is_refused_at_once() -> None:
    document = {
        "name": "x",
        "sever": {},
        "server": {"writes": 1.0},
        "delays": {"boot": {"shap": "constant"}},
        "extra_calls": {"PUT nodes": 1},
    }

    with pytest.raises(ScenarioError) as refused:
        _refuse_unknown("x", document)

    words = str(refused.value)
    for place in ("sever", "server.writes", "delays.boot.shap", "extra_calls.PUT nodes"):
        assert f"profile x: {place}" in words


def test_regressed_is_ci_but_for_what_it_says() -> None:
    ci, regressed = load_profile("ci"), load_profile("regressed")

    differing = {step for step in ci.delays if ci.delays[step] != regressed.delays[step]}

    assert differing == {"boot"}
    assert regressed.delays["boot"].median > ci.delays["boot"].median
    assert regressed.server == ci.server
    assert regressed.extra_calls == {"GET nodes": 1, "PATCH virtualmachineinstances": 1}
