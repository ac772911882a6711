"""Results as KubeVirt CI publishes them, written to a folder and read back."""

from pathlib import Path
from typing import Any

from virtslo.model.history.runs import HistoryRun, OddInput
from virtslo.store.published.read import read_published

JOB = "periodic-kubevirt-e2e-k8s-1.29-sig-performance"
RUN = "1831960704752553984"
ENDED = "2024-09-06T08:10:39.5Z"


def result(vmi: dict[str, Any] | None = None, vm: dict[str, Any] | None = None) -> dict[str, Any]:
    def part(values: dict[str, Any] | None) -> Any:
        if values is None:
            return None
        return {"Values": {name: {"value": value} for name, value in values.items()}}

    return {"JobDirCreationTime": ENDED, "VMIResult": part(vmi), "VMResult": part(vm)}


def write(root: Path, text: str | bytes, *, run: str = RUN, job: str = JOB) -> Path:
    folder = root / "results" / job / run
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "results.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(path: Path) -> tuple[list[HistoryRun], list[OddInput]]:
    found = list(read_published(path))
    runs = [item for item in found if isinstance(item, HistoryRun)]
    return runs, [item for item in found if isinstance(item, OddInput)]
