"""Progress of which every snapshot is dropped."""

import pytest

from virtslo.ports.progress import Progress, Silent, Snapshot, drops_snapshots


class NotesAlone(Silent):
    """Drops what `Silent` drops."""


class Looks(Silent):
    """Looks at snapshots after all."""

    def update(self, snapshot: Snapshot) -> None:
        """Look at it."""


class Other:
    """Progress of its own."""

    def update(self, snapshot: Snapshot) -> None:
        """Look at it."""

    def note(self, message: str) -> None:
        """Look at it."""


@pytest.mark.parametrize(
    ("progress", "drops"),
    [(Silent(), True), (NotesAlone(), True), (Looks(), False), (Other(), False)],
)
def test_only_what_nobody_looks_at_is_dropped(progress: Progress, *, drops: bool) -> None:
    assert drops_snapshots(progress) == drops
