"""The adapters of sweeps, searches and what else runs many simulated runs.

Invariant: heavy parts are imported where they are used.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from virtslo.base.errors import Problem, ScenarioError
from virtslo.model.whatif.calibration import Calibration
from virtslo.model.whatif.prediction import Prediction
from virtslo.model.whatif.search import SearchResult
from virtslo.model.whatif.sweep import PointResult, SweepOutcome, SweepRecord


def pack_record(directory: Path) -> bytes:
    """The files of a record as one archive."""
    from virtslo.store.sweeps import pack

    return pack(directory)


def write_point(directory: Path, folder: str, result: PointResult, packed: bytes) -> None:
    """Keep a finished point. Raises StoreError."""
    from virtslo.store.sweeps import write_point as write

    write(directory, folder, result, packed)


def read_point_results(directory: Path, sweep: SweepRecord) -> Sequence[PointResult]:
    """The results of the points that are finished. Raises StoreError."""
    from virtslo.store.sweeps import read_results

    return read_results(directory, sweep)


def write_sweep(directory: Path, sweep: SweepRecord) -> None:
    """Replace a sweep's `sweep.json`. Raises StoreError."""
    from virtslo.store.sweeps import write_sweep as write

    write(directory, sweep)


def read_sweep(directory: Path) -> SweepRecord:
    """A sweep. Raises StoreError."""
    from virtslo.store.sweeps import read_sweep as read

    return read(directory)


def sweep_page(outcome: SweepOutcome) -> str:
    """A sweep as one HTML page."""
    from virtslo.report.html.sweep_page import render

    return render(outcome)


def sweep_text(outcome: SweepOutcome) -> str:
    """A sweep's effects for a terminal."""
    from virtslo.report.text.sweep import render

    return render(outcome)


def require_parquet() -> None:
    """Refuse a Parquet table where nothing can write one. Raises ScenarioError."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        problem = Problem(
            "--parquet",
            "a Parquet table without the package pyarrow",
            "the extra `parquet`",
            "install it: pip install 'virtslo[parquet]'; the CSV is written in any case",
        )
        raise ScenarioError("command line", [problem]) from error


def write_parquet(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a table as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = {column: [row[column] for row in rows] for column in columns}
    for column, values in data.items():
        kinds = {type(value) for value in values if value is not None}
        if len(kinds) > 1 and str in kinds:
            data[column] = [None if value is None else str(value) for value in values]
    pq.write_table(pa.table(data), path)


def write_search(directory: Path, result: SearchResult) -> None:
    """Replace a search's `search.json`. Raises StoreError."""
    from virtslo.store.searches import write_search as write

    write(directory, result)


def search_text(result: SearchResult) -> str:
    """A search for a terminal."""
    from virtslo.report.text.search import render

    return render(result)


def calibration_text(calibration: Calibration) -> str:
    """A calibration for a terminal."""
    from virtslo.report.text.calibration import render_calibration

    return render_calibration(calibration)


def prediction_text(prediction: Prediction) -> str:
    """A prediction for a terminal."""
    from virtslo.report.text.calibration import render_prediction

    return render_prediction(prediction)
