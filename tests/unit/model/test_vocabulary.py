"""Words that several rooms share: each written down once, and the sets that they make."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from virtslo.app.search import assess
from virtslo.cli.cost import measuring
from virtslo.config import schema
from virtslo.model import vocabulary
from virtslo.model.kubernetes import client_limits, components, kubevirt_metrics
from virtslo.model.plan.actions import Action
from virtslo.model.plan.scenario import ArrivalProcess, ChurnMode, Dialect, Pattern, Victims
from virtslo.model.run.operations import CREATE, DELETE, SCALE, Verb

PACKAGE = Path(vocabulary.__file__).parents[1]
HOMES = {
    "vocabulary.py",
    "components.py",
    "kubevirt_metrics.py",
    "client_limits.py",
    "scenario.py",
    "workload.py",
}


def test_tables_and_indicators_count_no_watches() -> None:
    assert set(vocabulary.TABLE_VERBS) < set(vocabulary.COUNTED_VERBS)
    assert vocabulary.WATCH not in vocabulary.COUNTED_VERBS
    assert set(vocabulary.METRIC_VERBS) - set(vocabulary.COUNTED_VERBS) == {vocabulary.WATCH}


def test_a_test_has_a_title_for_each_pattern() -> None:
    assert list(vocabulary.TEST_TITLES) == [pattern.key for pattern in Pattern]
    assert [pattern.key for pattern in Pattern] == [
        "burst",
        "steady_state",
        "constant_churn",
        "replay",
    ]


def test_the_verbs_of_operations_are_the_three_of_objects_and_the_actions() -> None:
    assert get_args(Verb) == (CREATE, DELETE, SCALE, *(action.value for action in Action))


@pytest.mark.parametrize(
    ("model", "field", "words"),
    [
        (schema.LoadModel, "pattern", Pattern),
        (schema.ArrivalModel, "process", ArrivalProcess),
        (schema.ChurnModel, "victims", Victims),
        (schema.ChurnModel, "mode", ChurnMode),
        (schema.ActionModel, "action", Action),
        (schema.WorkloadModel, "dialect", Dialect),
    ],
)
def test_a_scenario_file_may_say_what_a_scenario_may_be(
    model: type, field: str, words: Iterable[str]
) -> None:
    """All but `recorded`, the process of a replay."""
    assert set(_literals(get_type_hints(model)[field])) == set(words) - {ArrivalProcess.RECORDED}


def _literals(hint: object) -> Iterator[str]:
    """The words of a Literal, or of a union that has one."""
    for part in get_args(hint):
        if isinstance(part, str):
            yield part
        else:
            yield from _literals(part)


def test_findings_that_are_told_apart_by_their_code_are_made_somewhere() -> None:
    apart = {assess.WATCH_LAG, *assess.OF_THE_LOAD, *assess.OF_ACTIONS, *measuring.OF_TIMES}
    made = {
        keyword.value.value
        for path in PACKAGE.rglob("*.py")
        if "code=" in (text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
    }

    assert apart - made == set()


def test_quantiles_are_statistics_that_objectives_may_be_about() -> None:
    assert set(vocabulary.QUANTILES) < set(vocabulary.STATISTICS)


@pytest.mark.parametrize(
    "words",
    [
        components.COUNTED_COMPONENTS,
        components.KUBEVIRT_COMPONENTS,
        vocabulary.COUNTED_RESOURCES,
        vocabulary.COUNTED_VERBS,
        vocabulary.METRIC_VERBS,
        vocabulary.TABLE_PHASES,
        vocabulary.TABLE_VERBS,
        vocabulary.QUANTILES,
        tuple(client_limits.LIMIT_KEYS),
        tuple(vocabulary.TEST_TITLES),
        tuple(vocabulary.KIND_TITLES),
    ],
    ids=str,
)
def test_no_other_module_writes_these_words_out_again(words: tuple[str, ...]) -> None:
    copies = [place for place, written in sequences_with(words) if written == words]

    assert copies == []


def test_no_other_module_names_a_metric_of_kubevirt_that_two_rooms_need() -> None:
    constants = [value for key, value in vars(kubevirt_metrics).items() if key.isupper()]
    names = {
        value for value in constants if isinstance(value, str) and value.startswith("kubevirt_")
    }
    copies = [
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name not in HOMES
        for name in sorted(names)
        if name in path.read_text(encoding="utf-8")
    ]

    assert names
    assert copies == []


def sequences_with(words: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The tuples, lists and sets of modules that have all these words: strings, and where.

    Words as they are formatted, in double quotes, spare parsing every other module.
    """
    for path, text in texts().items():
        if all(f'"{word}"' in text for word in words):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Tuple | ast.List | ast.Set):
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", tuple(_strings(node.elts))


@cache
def texts() -> dict[Path, str]:
    """The modules of the package that are no home of words."""
    return {
        path: path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name not in HOMES
    }


def _strings(nodes: Iterable[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
