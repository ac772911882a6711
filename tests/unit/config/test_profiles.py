"""Profiles are data files, read strictly, whole and with every problem; settings go over them."""

from dataclasses import replace
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from virtslo.base.errors import Problem, ScenarioError
from virtslo.config.profiles import (
    builtin_document,
    choose_profile,
    load_profile,
    profile_names,
    profile_with,
)
from virtslo.config.profiles.profile_file import problems_of, profile_schema, profile_text
from virtslo.config.profiles.settings import SHORT_FORMS, read_settings, with_settings
from virtslo.config.profiles.simulation import read_assignments
from virtslo.model.simulated.profile import Profile


def places(problems: list[Problem]) -> set[str]:
    return {problem.place for problem in problems}


def test_every_profile_can_be_read() -> None:
    names = profile_names()

    assert {"ci", "ci-varied", "instant", "regressed", "two-core"} <= set(names)
    assert all(load_profile(name).name == name for name in names)


def test_an_unknown_profile_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ScenarioError) as refused:
        load_profile("instand")

    assert "did you mean instant?" in str(refused.value)


def test_every_problem_of_a_file_is_found_at_once() -> None:
    document = {
        "sever": {},
        "server": {"writes": 1.0, "read": -1, "cores": 1.5, "watch_delay": "soon"},
        "delays": {"boot": {"shap": "constant"}, "bot": {}, "migrate": {"shape": "gamma"}},
        "extra_calls": {"PUT nodes": 1},
        "nodes": {"memory": "much"},
    }

    assert places(problems_of(document)) == {
        "sever",
        "server.writes",
        "server.read",
        "server.cores",
        "server.watch_delay",
        "delays.boot.shap",
        "delays.bot",
        "delays.migrate.shape",
        "extra_calls.PUT nodes",
        "nodes.memory",
    }


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"delays": {"boot": {"median": 1.0}}}, "delays.boot.median"),
        ({"delays": {"boot": {"shape": "uniform", "low": 2, "high": 1}}}, "delays.boot"),
        ({"delays": {"boot": {"shape": "lognormal"}}}, "delays.boot.median"),
        ({"limits": {"virt-api": {"qps": 5, "burst": 0}}}, "limits.virt-api.burst"),
        ({"server": {"webhook": {"creates vms": 1}}}, "server.webhook.creates vms"),
        ({"name": "x"}, "name"),
    ],
)
def test_what_has_no_effect_is_refused(document: dict[str, object], place: str) -> None:
    assert places(problems_of(document)) == {place}


def test_regressed_is_ci_but_for_what_it_says() -> None:
    ci, regressed = load_profile("ci"), load_profile("regressed")

    differing = {step for step in ci.delays if ci.delays[step] != regressed.delays[step]}

    assert differing == {"boot"}
    assert regressed.delays["boot"].median > ci.delays["boot"].median
    assert regressed.server == ci.server
    assert regressed.extra_calls == {"GET nodes": 1, "PATCH virtualmachineinstances": 1}


@pytest.mark.parametrize("name", profile_names())
def test_a_profile_shown_and_read_again_is_the_same(tmp_path: Path, name: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(profile_text(load_profile(name)), encoding="utf-8")

    called, document = choose_profile(str(path))

    assert called == "mine"
    assert _same(profile_with(called, document, {}), load_profile(name))


def _same(one: Profile, other: Profile) -> bool:
    return profile_text(one) == profile_text(other)


@pytest.mark.parametrize("name", profile_names())
def test_the_schema_admits_every_profile(name: str) -> None:
    jsonschema.validate(builtin_document(name), profile_schema())


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    schema = profile_schema()

    wrongs: list[dict[str, object]] = [
        {"sever": {}},
        {"delays": {"bot": {}}},
        {"server": {"read": -1}},
        {"name": "x"},
    ]
    for wrong in wrongs:
        assert not jsonschema.Draft202012Validator(schema).is_valid(wrong)


def test_a_file_may_say_only_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "slow.yaml"
    path.write_text("extends: ci\ndelays: {boot: {value: 9s}}\n", encoding="utf-8")

    name, document = choose_profile(str(path))
    profile = profile_with(name, document, {})

    assert profile.delays["boot"].value == 9.0
    assert profile.delays["pod_start"] == load_profile("ci").delays["pod_start"]


def test_a_profile_that_extends_what_does_not_exist_is_checked_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "extends: cii\nserver: {read: -1}\ndelays:\n"
        "  boot: {shape: lognormal, median: 0}\n"
        "  pod_start: {shape: lognormal, median: -2}\n",
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError) as caught:
        choose_profile(str(path))

    assert [problem.place.rpartition(": ")[2] for problem in caught.value.problems] == [
        "extends", "server.read", "delays.pod_start.median", "delays.boot.median",
    ]  # fmt: skip


def test_settings_reach_the_values_that_they_name() -> None:
    problems: list[Problem] = []
    given = [
        "kubevirt.virtController.qps=20",
        "profile.delays.pod_start.median=4s",
        "kubevirt.spec.customizeComponents.flags.controller.vmi-controller-threads=3",
        "kubevirt.spec.infra.replicas=3",
        "nodes.cpu=16",
        "profile.server.webhook.create virtualmachines=20ms",
    ]
    settings = read_assignments(given, problems)
    profile = profile_with("ci", None, settings)

    assert problems == []
    assert (profile.limits["virt-controller"].qps, profile.limits["virt-controller"].burst) == (
        20.0,
        400,
    )
    assert profile.delays["pod_start"].median == 4.0
    assert profile.threads == {"vmi": 3}
    assert profile.replicas == {"virt-api": 3, "virt-controller": 3}
    assert profile.nodes.cpu == "16"
    assert profile.server.webhook["create virtualmachines"] == 0.02


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kubevirt.virtcontroller.qps=1", "did you mean kubevirt.virtController.qps?"),
        ("kubevirt.spec.configuration.cpuModel=x", "which hollow components do not honour"),
        ("kubevirt.spec.workloadUpdateStrategy.batchEvictionSize=3", "do not honour"),
        ("kubevirt.nonsense=1", "a field of the KubeVirt object"),
        ("profile.delays.bot.value=1", "did you mean boot?"),
        ("profile.server=1", "a group of values"),
        ("profile.name=x", "it has no effect"),
        ("foo=1", "a name that begins with profile., kubevirt., nodes., apiServer."),
        ("apiServer.cores=x", "a whole number of at least 0"),
        ("nodes", "NAME=VALUE"),
    ],
)
def test_a_setting_without_effect_is_refused(text: str, words: str) -> None:
    problems: list[Problem] = []
    read_assignments([text], problems)

    assert len(problems) == 1
    assert words in str(problems[0])


def test_one_value_set_by_two_names_is_refused() -> None:
    problems: list[Problem] = []
    read_assignments(
        ["kubevirt.virtApi.replicas=2", "profile.replicas.virt-api=3", "nodes.pods=1"], problems
    )

    assert [problem.place for problem in problems] == ["--set profile.replicas.virt-api"]


def test_a_parameter_of_another_shape_is_refused() -> None:
    with pytest.raises(ScenarioError) as refused:
        profile_with("two-core", None, {"profile.delays.pod_start.median": 4.0})

    assert "without effect" in str(refused.value)


def test_every_short_form_sets_what_it_stands_for() -> None:
    for name, paths in SHORT_FORMS.items():
        problems: list[Problem] = []
        given = "shared" if name == "apiServer.serving" else "3"
        settings = read_settings({name: given}, problems, place="")
        document = with_settings({}, settings)
        assert problems == []
        for path in paths:
            value: object = document
            for key in path:
                assert isinstance(value, dict)
                value = value[key]
            assert str(value).removesuffix(".0") == given
        assert yaml.safe_dump(document)


def test_runs_of_the_varied_profile_differ_and_its_objects_do_as_before() -> None:
    ci, varied = load_profile("ci"), load_profile("ci-varied")

    assert (ci.between_runs, varied.between_runs) == (0.0, 0.12)
    assert varied.delays == ci.delays
    assert varied.server == ci.server


def test_a_distribution_by_its_quantiles_is_read_written_and_held_to_its_order() -> None:
    values = [0.5, "1s", 4]
    good = {"delays": {"boot": {"shape": "quantiles", "values": values}}}
    profile = profile_with("mine", good, {})
    falling = {"delays": {"boot": {"shape": "quantiles", "values": [2, 1]}}}
    single = {"delays": {"boot": {"shape": "quantiles", "values": [2]}}}
    none = {"delays": {"boot": {"shape": "quantiles"}}}
    no_list = {"delays": {"boot": {"shape": "quantiles", "values": 3}}}
    deep = {"delays": {"boot": {"shape": "quantiles", "values": [1, [2]]}}}
    many = {"delays": {"boot": {"shape": "quantiles", "values": [1] * 102}}}
    unused = {"delays": {"boot": {"value": 1, "values": [1, 2]}}}

    assert profile.delays["boot"].values == (0.5, 1.0, 4.0)
    assert yaml.safe_load(profile_text(profile))["delays"]["boot"]["values"] == [0.5, 1.0, 4.0]
    jsonschema.validate(good, profile_schema())
    for wrong in (falling, single, none, no_list, many):
        assert places(problems_of(wrong)) == {"delays.boot.values"}, wrong
    assert places(problems_of(deep)) == {"delays.boot.values[1]"}
    assert "without effect" in problems_of(unused)[0].found


def test_requests_share_cores_only_where_there_are_some() -> None:
    shared = load_profile("two-core-shared").server
    alone = {"server": {"serving": "shared"}}

    assert (shared.serving, shared.cores, shared.workers) == ("shared", 2, 2)
    assert (
        replace(shared, serving="in turn", workers=4, spread=0.12)
        == load_profile("two-core").server
    )
    assert places(problems_of(alone)) == {"server.serving"}
    assert not problems_of({"server": {"serving": "shared", "cores": 1}})
