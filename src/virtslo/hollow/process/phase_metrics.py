"""virt-controller's own claim of how long phases take: three histograms in whole seconds.

Invariant: an observation is the difference of two of the VMI's timestamps, which are whole
seconds; what a relist skips is not observed. Buckets are KubeVirt's.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from virtslo.client.exposition import Exposition
from virtslo.client.histogram import Histogram
from virtslo.hollow.client_go.cache import Cache
from virtslo.model.identifiers import Object

BOUNDS: Final = (
    0.5, 1, 2, 5, 10, 20, 30, 40, 50, 60, 90, 120, 180, 300, 600, 1200, 1800, 3600,
)  # fmt: skip
_PREFIX: Final = "kubevirt_vmi_phase_transition_time"
_FINAL: Final = frozenset({"Succeeded", "Failed"})


class PhaseMetrics:
    """Watches VMIs go from phase to phase."""

    def __init__(self, vmis: Cache) -> None:
        self._vmis = vmis
        self._between: dict[tuple[str, str], Histogram] = {}
        self._from_creation: dict[str, Histogram] = {}
        self._from_deletion: dict[str, Histogram] = {}
        vmis.when_seen(self._seen)

    def _seen(self, before: Object | None, after: Object | None) -> None:
        if before is None or after is None:
            return
        status = after["status"]
        last, phase = before["status"].get("phase", ""), status.get("phase", "")
        if last == phase or not phase:
            return
        stamp = _entered(status, phase)
        if stamp is None:
            return
        entered = datetime.fromisoformat(stamp)
        if (left := _entered(status, last)) is not None:
            _observe(self._between, (last, phase), left, entered)
        _observe(self._from_creation, phase, after["metadata"]["creationTimestamp"], entered)
        deleted = after["metadata"].get("deletionTimestamp")
        if deleted and phase in _FINAL:
            _observe(self._from_deletion, phase, deleted, entered)

    def expose(self, text: Exposition) -> None:
        """Write the histograms, and a line for each VMI there is."""
        text.family(f"{_PREFIX}_seconds", "histogram", "VM phase transitions in seconds")
        for (last, phase), histogram in sorted(self._between.items()):
            text.histogram(f"{_PREFIX}_seconds", {"last_phase": last, "phase": phase}, histogram)
        for part, histograms in (
            ("creation", self._from_creation),
            ("deletion", self._from_deletion),
        ):
            name = f"{_PREFIX}_from_{part}_seconds"
            text.family(name, "histogram", f"VM phase transitions from {part} in seconds")
            for phase, histogram in sorted(histograms.items()):
                text.histogram(name, {"phase": phase}, histogram)
        text.family("kubevirt_vmi_info", "gauge", "Information about VirtualMachineInstances.")
        for (namespace, name), vmi in sorted(self._vmis.objects.items()):
            status = vmi["status"]
            labels = {
                "name": name,
                "namespace": namespace,
                "node": status.get("nodeName", ""),
                "phase": status.get("phase", "").lower(),
            }
            text.sample("kubevirt_vmi_info", labels, 1)


def _entered(status: Mapping[str, Any], phase: str) -> str | None:
    """When a VMI entered a phase, as it says itself."""
    for stamp in reversed(status.get("phaseTransitionTimestamps") or ()):
        if stamp["phase"] == phase:
            entered: str = stamp["phaseTransitionTimestamp"]
            return entered
    return None


def _observe(histograms: dict[Any, Histogram], key: Any, start: str, end: datetime) -> None:
    seconds = (end - datetime.fromisoformat(start)).total_seconds()
    if seconds < 0:
        return
    histogram = histograms.get(key)
    if histogram is None:
        histogram = histograms[key] = Histogram(BOUNDS)
    histogram.observe(seconds)
