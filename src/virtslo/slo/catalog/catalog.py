"""The catalog of indicators: what each name means, its unit, its statistics and its place.

Invariant: every indicator that is printed is here; the reference page, messages about unknown
names, objectives and the sections of reports are made from this. To add an indicator is to define
it in the family of its subject, and to compute it.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from virtslo.model.report.indicators import Definition, Definitions
from virtslo.slo.catalog import (
    actions,
    calls,
    churn,
    generator,
    responsiveness,
    time_spent,
    vmis,
    vms,
)
from virtslo.slo.catalog.family import Family


def _joined(families: Iterable[Family]) -> Definitions:
    joined = Family()
    for family in families:
        for definition in family.definitions.values():
            joined.define(definition)
    return joined.definitions


CATALOG: Final = _joined(
    (
        vmis.FAMILY,
        vms.FAMILY,
        churn.FAMILY,
        actions.FAMILY,
        calls.FAMILY,
        time_spent.FAMILY,
        responsiveness.FAMILY,
        generator.FAMILY,
    )
)
"""Every definition by name, in the order of the reference page."""


def _names(definitions: Iterable[Definition]) -> frozenset[str]:
    return frozenset(definition.name for definition in definitions)


TABLE_INDICATORS: Final[Mapping[str, frozenset[str]]] = {
    "phase_transition_rate": _names(of.rate for of in vmis.OF_PHASE.values()),
    "rest_calls": _names(
        definition for of in calls.OF_VERB.values() for definition in of.by_resource.values()
    ),
}
"""The indicators that the cells of a table are of: a finding about the table is about them."""
