"""Changes of series, as short as can be."""

from virtslo.model.history.changes import Change, ChangeKind
from virtslo.model.history.runs import SeriesKey


def change_at(first_after: int, indicator: str = "calls") -> Change:
    """A change of a level from 1 to 2."""
    return Change(
        key=SeriesKey("vmi", indicator, ""),
        kind=ChangeKind.LEVEL,
        last_before=first_after - 1,
        first_after=first_after,
        earliest=first_after,
        latest=first_after,
        before=1.0,
        after=2.0,
        ratio=1.0,
        superiority=1.0,
        z=6.0,
        confidence=0.999,
        runs_before=20,
        runs_after=20,
        is_confirmed=True,
    )
