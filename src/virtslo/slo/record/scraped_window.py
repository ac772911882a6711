"""A Prometheus' word on a stage's window, in the shape of the other sources.

Invariant: counts of whole requests, from samples alone; where the first or the last scrape is
missing, or a counter fell, there is no count, and the reason is said. A component without a series
was not scraped.
"""

from collections.abc import Sequence

from virtslo.model.kubernetes.components import COUNTED_COMPONENTS
from virtslo.model.run.rest_calls import PROMETHEUS, ReadStage, ScrapedWindow
from virtslo.slo.record.call_windows import Window


def scraped_window(windows: Sequence[ScrapedWindow], stage: ReadStage) -> Window | None:
    """The window of a stage; None: no Prometheus was asked."""
    found = next((window for window in windows if window.stage == stage), None)
    if found is None:
        return None
    scraped = {count.component for count in found.counts}
    failed: list[str] = []
    if found.error is not None:
        failed.append(f"* prometheus: {found.error}")
    elif found.gap_before is None or found.gap_after is None:
        side = "before" if found.gap_before is None else "after"
        failed.append(f"* prometheus: no scrape {side} the window")
    elif found.resets:
        failed.append("* prometheus: a counter was reset, so that requests may be missing")
    return Window(
        source=PROMETHEUS,
        stage=stage,
        requests={count.made: round(count.value) for count in found.counts if round(count.value)},
        seconds=0.0,
        edge_seconds=(found.gap_before or 0.0, found.gap_after or 0.0),
        failed=tuple(failed),
        processes=len(scraped),
        missing=()
        if failed
        else tuple(component for component in COUNTED_COMPONENTS if component not in scraped),
    )
