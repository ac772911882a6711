"""The site of the public sample's history."""

from pathlib import Path

from support.cli import virtslo
from support.sample_history import copied

ANNOTATIONS = """\
- {date: 2024-03-06, kind: release, label: v1.2.0}
- {date: 2024-07-17, kind: release, label: v1.3.0, link: "https://example.org/v1.3.0"}
- {date: 2024-11-04, kind: event, label: "<b>not markup</b>"}
"""


def make_site(imported_sample: Path, folder: Path) -> Path:
    """Write the site of a copy of the sample's history; returns the site's folder."""
    where = ("--history", str(copied(imported_sample, folder)))
    marks = folder / "annotations.yaml"
    marks.write_text(ANNOTATIONS)
    done = virtslo("history", "site", *where, "-o", str(folder / "site"),
                   "--annotations", str(marks))  # fmt: skip
    assert done.code == 0, done.err
    return folder / "site"
