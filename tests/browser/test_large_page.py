"""The HTML page of a large run: thinned enough to stay small and to draw without a complaint."""

from pathlib import Path

import pytest

from support.chromium import browser, missing, opened
from support.cli import only_run, virtslo

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=missing() or "none"),
    pytest.mark.slow,
]


def test_a_page_of_thousands_of_vmis_stays_small(tmp_path: Path) -> None:
    done = virtslo(
        "run", "burst", "--repeat", "1", "--count", "3000", "--simulate", "instant", "--quiet",
        "--runs", str(tmp_path / "runs"),
    )  # fmt: skip
    assert done.code == 0, done.err
    path = tmp_path / "large.html"
    virtslo("report", str(only_run(tmp_path / "runs")), "--format", "html", "-o", str(path))

    assert path.stat().st_size < 6_500_000
    with browser() as found, opened(found, path) as shown:
        shown.draw_all()
        assert shown.complaints == []
