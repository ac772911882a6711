"""A sweep on disk: `sweep.json`, and for each finished point its result and its record.

Invariant: a point's result is written after its record, each at once; a result that is there is
whole.
"""

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from virtslo.base.errors import StoreError
from virtslo.base.limits import POINT_ARCHIVE
from virtslo.base.paths import is_file
from virtslo.model.whatif.sweep import SWEEP_VERSION, PointResult, SweepRecord
from virtslo.store.documents import read_value, require_known_version, write_value

SWEEP: Final = "sweep.json"
RESULT: Final = "point.json"


def pack(directory: Path) -> bytes:
    """The files of a record as one archive. Raises StoreError where they are too large."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for path in sorted(directory.iterdir()):
            archive.add(path, path.name, recursive=False)
    packed = out.getvalue()
    if len(packed) > POINT_ARCHIVE.most:
        raise StoreError(f"the record in {str(directory)!r} is larger than {POINT_ARCHIVE.amount}")
    return packed


def write_point(directory: Path, folder: str, result: PointResult, packed: bytes) -> None:
    """Keep a finished point. Raises StoreError."""
    place = directory / folder
    try:
        place.mkdir(parents=True, exist_ok=True)
        if packed:
            with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
                for member in archive:
                    if not member.isfile() or Path(member.name).name != member.name:
                        raise StoreError(f"a worker sent {member.name!r}, which is no file's name")
                    archive.extract(member, place, filter="data")
        write_value(place / RESULT, result)
    except OSError as error:
        raise _failed(place, error) from error
    except tarfile.TarError as error:
        raise StoreError(f"a worker sent no archive for {folder}: {error}") from error


def write_sweep(directory: Path, sweep: SweepRecord) -> None:
    """Replace `sweep.json`. Raises StoreError."""
    try:
        write_value(directory / SWEEP, sweep)
    except OSError as error:
        raise _failed(directory, error) from error


def read_sweep(directory: Path) -> SweepRecord:
    """A sweep. Raises StoreError."""
    path = directory / SWEEP
    sweep = read_value(
        path,
        SweepRecord,
        what="a sweep",
        missing=f"no sweep in {str(directory)!r}: {SWEEP} cannot be read",
        hint="name the folder of a sweep, such as sweeps/20260101-120000-burst-ab12",
    )
    require_known_version(path, sweep, SWEEP_VERSION)
    return sweep


def read_results(directory: Path, sweep: SweepRecord) -> Sequence[PointResult]:
    """The results of the points that are finished. Raises StoreError."""
    found = []
    for point in sweep.points:
        path = directory / point.folder / RESULT
        if not is_file(path):
            continue
        result = read_value(
            path,
            PointResult,
            what="the result of a point",
            missing=f"{path}: cannot be read",
            hint="delete it, and it is run again",
        )
        if (result.index, dict(result.values), result.seed) != (
            point.index,
            dict(point.values),
            point.seed,
        ):
            raise StoreError(f"{path}: the result of another point")
        found.append(result)
    return found


def _failed(place: Path, error: OSError) -> StoreError:
    return StoreError(
        f"cannot write {str(place)!r}: {error.strerror}", hint="choose another folder with --sweeps"
    )
