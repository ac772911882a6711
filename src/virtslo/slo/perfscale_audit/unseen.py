"""Requests that no series tells of, though they may have been made.

Invariant: what is listed here leaves a count without an upper end; it never changes the count.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from virtslo.model.kubernetes.components import COUNTED_COMPONENTS
from virtslo.model.kubernetes.kubevirt_metrics import VERB_OF_METHOD
from virtslo.ports.metric_source import ScrapedSeries
from virtslo.slo.record.scraped import grown_by, process_of

LABELS: Final = ("verb", "resource", "code")
"""The labels that a count is made by."""
READS: Final = "GET, LIST or WATCH"
"""The verb of a series that tells no more than the method GET."""


def with_verb(item: ScrapedSeries) -> ScrapedSeries:
    """A series with its verb, which older versions of KubeVirt give as the HTTP method.

    The method GET is three verbs, which nothing tells apart: `READS`.
    """
    if item.labels.get("verb") or not item.labels.get("method"):
        return item
    method = item.labels["method"].upper()
    verb = READS if method == "GET" else VERB_OF_METHOD.get(method, method)
    return replace(item, labels={**item.labels, "verb": verb})


def lacking_labels(item: ScrapedSeries) -> tuple[str, ...]:
    """The labels of a count that a series has not."""
    return tuple(name for name in LABELS if not item.labels.get(name))


def unseen_requests(
    series: Sequence[ScrapedSeries], *, start: float, end: float
) -> tuple[str, ...]:
    """Why any count may be more than its series say; empty where it cannot be."""
    return (*_components(series), *_ended(series, end), *_without_labels(series, start, end))


def _components(series: Sequence[ScrapedSeries]) -> list[str]:
    """Components of which nothing was scraped; only where series name their pods."""
    pods = [item.labels["pod"] for item in series if item.labels.get("pod")]
    return [
        f"{component} was not scraped"
        for component in COUNTED_COMPONENTS
        if pods and not any(pod.startswith(f"{component}-") for pod in pods)
    ]


def _ended(series: Sequence[ScrapedSeries], end: float) -> list[str]:
    """Processes whose last scrape was before the end of the window."""
    last: dict[tuple[str, ...], float] = {}
    for item in series:
        if item.samples:
            process = process_of(item)
            last[process] = max(item.samples[-1][0], last.get(process, item.samples[-1][0]))
    count = sum(at < end for at in last.values())
    words = "a process was" if count == 1 else f"{count} processes were"
    return [f"{words} not scraped after the end"] if count else []


def _without_labels(series: Sequence[ScrapedSeries], start: float, end: float) -> list[str]:
    """Growth of series that do not say what was requested."""
    parts = [item for item in series if lacking_labels(item)]
    if not parts:
        return []
    grown = grown_by(parts, (), start=start, end=end)
    if not any(item.value or item.gap_before is None for item in grown.values()):
        return []
    names = sorted({name for item in parts for name in lacking_labels(item)})
    return [f"requests were counted without the label {' or '.join(names)}"]
