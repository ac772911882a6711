"""What may be asked of each indicator, for those who write objectives; and what tables are made of.

Invariant: every indicator of the catalog is here with the statistics that a run gives it.
"""

from collections.abc import Mapping
from typing import Final

from virtslo.model.objectives import KnownIndicator
from virtslo.model.vocabulary import COUNTED_RESOURCES, COUNTED_VERBS, QUANTILES, TABLE_PHASES
from virtslo.slo.catalog.call_definitions import call_name, statistics_of
from virtslo.slo.catalog.definitions import CATALOG

_SINGLE: Final[Mapping[str, tuple[str, ...]]] = {
    "creation_rate": ("mean",),
    "pool_creation_rate": ("mean",),
    "time_to_all_running_seconds": ("value",),
    "pool_time_to_first_vm_seconds": ("value",),
    "time_below_capacity_share": ("value",),
    "churn_duration_seconds": ("value",),
    "replaced_objects": ("value",),
    "overlapping_cycles": ("value",),
    "failed_creates": ("count",),
    "in_flight_wait_seconds": ("max",),
}

TABLE_INDICATORS: Final[Mapping[str, frozenset[str]]] = {
    "phase_transition_rate": frozenset(f"phase_rate_{phase.lower()}" for phase in TABLE_PHASES),
    "rest_calls": frozenset(
        call_name(verb, resource) for verb in COUNTED_VERBS for resource in COUNTED_RESOURCES
    ),
}
"""The indicators that the cells of a table are of: a finding about the table is about them."""


def known_indicators() -> Mapping[str, KnownIndicator]:
    """Every indicator, with its unit and its statistics."""
    return {
        name: KnownIndicator(definition.unit, _statistics(name))
        for name, definition in CATALOG.items()
    }


def _statistics(name: str) -> tuple[str, ...]:
    about_calls = statistics_of(name)
    if about_calls is not None:
        return about_calls
    if name in _SINGLE:
        return _SINGLE[name]
    if name.startswith("phase_rate_"):
        return ("mean",)
    if name.startswith("not_seen_"):
        return ("count",)
    return QUANTILES
