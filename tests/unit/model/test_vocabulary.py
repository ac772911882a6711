"""Words that several rooms share: each written down once, and the sets that they make."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from virtslo.model import vocabulary
from virtslo.model.kubernetes import client_limits, components, kubevirt_metrics
from virtslo.model.plan.scenario import Pattern

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
    copies = [place for place, written in written_sequences() if written == words]

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


@cache
def written_sequences() -> list[tuple[str, tuple[str, ...]]]:
    """Every tuple, list and set of the package with its strings, and where it is written."""
    return [
        (f"{path.relative_to(PACKAGE)}:{node.lineno}", strings)
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.name not in HOMES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Tuple | ast.List | ast.Set)
        and (strings := tuple(_strings(node.elts)))
    ]


def _strings(nodes: Iterable[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
