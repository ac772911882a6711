"""The HTML page as text: whole, escaped, with nothing in it that points anywhere."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from support.cli import only_run, virtslo
from virtslo.app.build_report import build_report
from virtslo.report.html.page import Html
from virtslo.store.records import read_record

LIBRARY = re.compile(r"<script>/\*\*.*?</script>", re.DOTALL)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("runs")
    done = virtslo("run", "burst", "--repeat", "1", "--count", "25", "--runs", str(runs), "--quiet")
    assert done.code == 0, done.err
    return only_run(runs)


def test_it_points_at_no_address(run: Path) -> None:
    page = virtslo("report", str(run), "--format", "html").out
    ours = LIBRARY.sub("", page)

    assert len(ours) < 500_000 < len(page)
    assert re.findall(r"(?:src|href)=[\"'](?!#|data:,)[^\"']*", ours) == []
    assert "http://" not in ours
    assert "https://" not in ours


def test_the_same_record_gives_the_same_bytes(run: Path) -> None:
    first = virtslo("report", str(run), "--format", "html")
    second = virtslo("report", str(run), "--format", "html")

    assert first.out == second.out


def test_what_came_from_outside_is_escaped(run: Path) -> None:
    record = read_record(run)
    hostile = "</script><img src=x onerror=alert(1)>"
    record = replace(record, host=replace(record.host, run_id=hostile, directory=hostile))
    objects = tuple(
        type(item)(item.received_ns, item.fact, item.kind, hostile, hostile, item.uid, item.phase)
        for item in record.observations
    )

    page = Html().render(build_report([replace(record, observations=objects)], detailed=True))

    assert "<img src=x" not in page
    assert "onerror" in page


def test_shared_assets_need_a_file_to_lie_beside(run: Path) -> None:
    refused = virtslo("report", str(run), "--format", "html", "--assets", "shared")

    assert refused.code == 2
    assert "-o FILE" in refused.err
