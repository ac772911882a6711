"""The site of a history, by the command line: its files, their data, and what is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import virtslo
from support.sites import ANNOTATIONS, make_site

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def folder(imported_sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_site(imported_sample, tmp_path_factory.mktemp("site"))


def read(folder: Path, name: str) -> Any:
    (path,) = folder.glob(f"*/{name}.js")
    text = path.read_text()
    head = f'virtslo.put("{name}",'
    assert text.startswith(head)
    return json.loads(text[len(head) : -len(");\n")])


def test_every_series_and_run_has_its_data(folder: Path) -> None:
    data = read(folder, "data")
    numbers = {item["label"]: number for number, item in enumerate(data["series"])}
    number = numbers["vmi CREATE-pods-count"]
    series = read(folder, f"series-{number}")
    runs = read(folder, "runs-3")

    assert len(data["runs"]) == 2453
    assert len(series["values"]) == 2453
    assert [run["values"][number] for run in runs] == series["values"][300:400]
    assert None in series["values"]
    assert len(list(folder.glob("*/runs-*.js"))) == 25


def test_levels_have_their_interval_and_number_of_runs(folder: Path) -> None:
    data = read(folder, "data")
    (cpu,) = [item for item in data["series"] if item["label"] == "vmi avgVirtControllerCPUUsage"]

    first, last, median, low, high, runs = cpu["levels"][0]

    assert low <= median <= high
    assert median == pytest.approx(0.0105, abs=0.0005)
    assert 0 < runs <= last - first + 1


def test_the_front_page_says_of_each_job_what_it_holds(folder: Path) -> None:
    data = read(folder, "data")
    front = (folder / "index.html").read_text()
    worse = [item for item in data["findings"] if item["kind"] == "worse" and item["confirmed"]]

    assert "2,453<small>2,400 valid</small>" in front
    assert "2023-09-06 to 2026-01-01" in front
    assert (
        f"<td>{len(data['findings'])}<small>{len(worse)} confirmed as worse</small></td>" in front
    )
    assert f"index.html#/finding/{data['findings'][-1]['id']}" in front


def test_a_release_has_the_runs_up_to_the_next_one(folder: Path) -> None:
    data = read(folder, "data")
    releases = {item["label"]: item for item in data["releases"]}

    assert list(releases) == ["v1.2.0", "v1.3.0"]
    titles = [title for title, _ in releases["v1.2.0"]["tables"]]
    assert titles == ["Creation rate", "Phase transitions", "Kubernetes REST calls"]
    (_, creation), (_, phases), (_, calls) = releases["v1.2.0"]["tables"]
    assert creation == []
    assert {row[0] for row in phases} >= {"vmi vmiCreationToRunningSecondsP50"}
    assert {row[0] for row in calls} >= {"vmi CREATE-pods-count"}
    assert not any("phase-count" in row[0] for row in calls)
    inside = [run for run in data["runs"] if 1709683200 <= run[1] < 1721174400 and run[3]]
    assert releases["v1.2.0"]["runs"] == len(inside)


def test_pages_ask_no_server(folder: Path) -> None:
    pages = [path.read_text() for path in folder.rglob("*.html")]

    assert len(pages) == 2
    for page in pages:
        assert "default-src 'none'" in page
        assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in page


def test_a_job_that_is_not_there_is_refused(folder: Path, tmp_path: Path) -> None:
    marks = tmp_path / "a.yaml"
    marks.write_text(ANNOTATIONS)
    where = ("--history", str(folder.parent / "history.db"), "-o", str(tmp_path / "out"))

    wrong = virtslo("history", "site", *where, "--job", "nothing", "--annotations", str(marks))

    assert wrong.code == 2
    assert "no job in the history match" in wrong.err
    assert not (tmp_path / "out").exists()


def test_a_place_for_pages_is_refused_before_the_history_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    where = ("--history", str(tmp_path / "no.db"), "-o", str(tmp_path / "file" / "site"))

    wrong = virtslo("history", "site", *where)

    assert wrong.code == 3
    assert "cannot write" in wrong.err
