"""KubeVirt CI's public sample as a history: imported once for a session, copied for each test.

An import takes seconds of processor time, and a copy of its database none.
"""

import shutil
from pathlib import Path

import pytest

from support.cli import virtslo

DATA = Path(__file__).parents[1] / "data" / "kubevirt-ci" / "runs.jsonl.gz"


@pytest.fixture(scope="session")
def imported_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of an import, to be copied and never opened."""
    database = tmp_path_factory.mktemp("sample") / "history.db"
    where = ("--history", str(database))
    assert virtslo("history", "import", str(DATA), *where).code == 0
    assert virtslo("history", "changes", *where).code == 0
    return database


def copied(imported: Path, folder: Path) -> Path:
    """A database, such as that of the sample, in a folder, to be used as one likes."""
    return Path(shutil.copyfile(imported, folder / "history.db"))
