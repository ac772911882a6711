"""The catalog of indicators: one definition a name, and nothing that names one by hand."""

import ast
from pathlib import Path

import pytest

import virtslo.slo
from virtslo.model.report.indicators import Definition, Section
from virtslo.model.vocabulary import QUANTILES, STATISTICS
from virtslo.report.headline import BURST, CHURN, GONE
from virtslo.report.html.page import FACTS
from virtslo.slo.catalog.catalog import CATALOG, TABLE_INDICATORS
from virtslo.slo.catalog.churn import CYCLE_RECOVERY
from virtslo.slo.catalog.family import Family
from virtslo.slo.catalog.vmis import CREATION_RATE

ROOM = Path(virtslo.slo.__file__).parent


def test_a_name_is_defined_once() -> None:
    family = Family()
    family.latency("a_seconds", "a")

    with pytest.raises(ValueError, match="'a_seconds' is defined twice"):
        family.value("a_seconds", "s", ("value",), "a again")


@pytest.mark.parametrize("definition", CATALOG.values(), ids=lambda item: item.name)
def test_a_definition_says_everything(definition: Definition) -> None:
    assert definition.unit
    assert definition.text
    assert definition.source
    assert set(definition.statistics) <= set(STATISTICS)
    is_row_of_quantiles = definition.section is Section.LATENCIES
    assert is_row_of_quantiles == (set(definition.statistics) <= set(QUANTILES))


def test_a_numbered_statistic_is_one_a_cycle() -> None:
    assert CYCLE_RECOVERY.has("p50")
    assert CYCLE_RECOVERY.has("cycle_12")
    assert not CYCLE_RECOVERY.has("cycle_")
    assert not CYCLE_RECOVERY.has("cycle")
    assert not CREATION_RATE.has("cycle_1")


def test_every_figure_that_a_report_names_is_in_the_catalog() -> None:
    named = [(name, statistic) for name, statistic, _ in FACTS]
    named += [*BURST.values(), *CHURN.values(), GONE]

    unknown = [key for key in named if key[0] not in CATALOG or not CATALOG[key[0]].has(key[1])]

    assert unknown == []


def test_tables_are_of_indicators_in_the_catalog() -> None:
    assert all(names <= CATALOG.keys() for names in TABLE_INDICATORS.values())
    assert {table: len(names) for table, names in TABLE_INDICATORS.items()} == {
        "phase_transition_rate": 4,
        "rest_calls": 42,
    }


def test_only_the_catalog_spells_an_indicators_name() -> None:
    spelt = [
        f"{path.relative_to(ROOM)}:{node.lineno}: {node.value}"
        for path in sorted(ROOM.rglob("*.py"))
        if path.parent.name != "catalog"
        and any(name in (text := path.read_text(encoding="utf-8")) for name in CATALOG)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in CATALOG
    ]

    assert spelt == []
