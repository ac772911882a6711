"""The site of the public sample's history."""

from pathlib import Path

from support.cli import virtslo

DATA = Path(__file__).parents[1] / "data" / "kubevirt-ci" / "runs.jsonl.gz"
ANNOTATIONS = """\
- {date: 2024-03-06, kind: release, label: v1.2.0}
- {date: 2024-07-17, kind: release, label: v1.3.0, link: "https://example.org/v1.3.0"}
- {date: 2024-11-04, kind: event, label: "<b>not markup</b>"}
"""


def make_site(folder: Path) -> Path:
    """Import the sample and write its site; returns the site's folder."""
    where = ("--history", str(folder / "history.db"))
    marks = folder / "annotations.yaml"
    marks.write_text(ANNOTATIONS)
    assert virtslo("history", "import", str(DATA), *where).code == 0
    done = virtslo("history", "site", *where, "-o", str(folder / "site"),
                   "--annotations", str(marks))  # fmt: skip
    assert done.code == 0, done.err
    return folder / "site"
