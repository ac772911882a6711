"""Definitions: how fast the API server answers, by Kubernetes' own SLO.

Invariant: as of the catalog: every such indicator that is printed is here.
"""

from typing import Final, NamedTuple

from virtslo.model.report.indicators import Definition, Section
from virtslo.slo.catalog.family import OWN_CALLS, SERVER_HISTOGRAMS, Family

FAMILY: Final = Family()
SCOPES: Final = ("resource", "namespace", "cluster")
"""The scopes of Kubernetes' SLI, by how much a call may answer with."""


class OfScope(NamedTuple):
    """The indicators of the calls of one scope."""

    own: Definition
    everyone: Definition


def _of_scope(scope: str) -> OfScope:
    own = FAMILY.latency(
        f"own_call_seconds_{scope}",
        f"our own calls of scope {scope}, from sent to answered: the slowest pair of verb "
        "and resource; a pair too small for a statistic counts with its slowest call "
        "(watches and proxies are left out)",
        source=OWN_CALLS,
    )
    everyone = Definition(
        f"api_call_seconds_{scope}",
        "s",
        ("p99",),
        Section.LATENCIES,
        f"everybody's calls of scope {scope}, by the API server's histograms: the slowest "
        "pair of verb and resource; the bucket's edges are the error",
        SERVER_HISTOGRAMS,
    )
    return OfScope(own, FAMILY.define(everyone))


OF_SCOPE: Final = {scope: _of_scope(scope) for scope in SCOPES}
