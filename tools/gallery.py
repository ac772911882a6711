"""Write docs/gallery: an example of every output, made on the simulated cluster.

Runs are in virtual time and repeat byte for byte; what differs between two runs of the same
scenario (id, dates, paths) is given fixed values, so that the gallery changes only when an output
does. Pictures of the HTML page go into .gallery, which git ignores, where there is a Chromium (make
browser).
"""

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from support.chromium import browser, missing, opened
from support.cli import only_run, virtslo
from virtslo.app.build_report import build_report
from virtslo.cli.formats import FORMATS
from virtslo.cli.rendering import render, render_files
from virtslo.cli.wiring import read_record
from virtslo.model.run.record import RunRecord

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "gallery"
PICTURES = ROOT / ".gallery"
FILES: Mapping[str, str] = {
    "table": "table.txt",
    "summary": "summary.txt",
    "markdown": "report.md",
    "json": "report.json",
    "junit": "junit.xml",
    "openmetrics": "metrics.txt",
    "perfscale": "perf-audit-results.json",
    "kube-burner": "kube-burner",
    "vep411": "vep411",
    "vep411-csv": "records.csv",
    "perfdata": "perfdata.json",
}
ONCE = ("--repeat", "1")
LARGE = ("burst", "--count", "100", *ONCE)
STEADY = ("steady-state", "--count", "40", "--cycles", "4", "--churn", "10%")
SMALL = ("burst", "--count", "10", *ONCE)
SEEDS = range(1, 6)
"""Those of the repetitions in the summary."""
PICTURE_HEIGHT = 3_400


def record_of(*arguments: str) -> RunRecord:
    """The record of a run, with fixed values where two runs differ."""
    with tempfile.TemporaryDirectory() as folder:
        done = virtslo("run", *arguments, "--runs", folder, "--quiet")
        if done.code not in (0, 1, 4):
            sys.exit(done.err)
        record = read_record(only_run(Path(folder)))
    name = record.header.scenario.name
    simulated = record.header.environment.simulated
    if simulated is not None and simulated.seed != 1:
        name = f"{name}-seed-{simulated.seed}"
    host = replace(
        record.host,
        run_id=name,
        started_at="2026-01-01T00:00:00Z",
        finished_at="2026-01-01T00:10:00Z",
        directory=f"runs/{name}",
        tool_version="0.2.0",
        host="",
    )
    return replace(record, host=host)


def write(name: str, text: str) -> None:
    """One file of the gallery."""
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_texts(whole: list[RunRecord], repeated: list[RunRecord], small: RunRecord) -> None:
    """Every format but HTML: the summary of repetitions, the tables of the larger runs, the
    documents of the small one."""
    for form, name in FILES.items():
        records = whole if form in {"table", "markdown"} else [small]
        if form == "summary":
            records = repeated
        report = build_report(records, detailed=FORMATS[form].is_detailed)
        files = render_files(report, form)
        if files is None:
            write(name, render(report, form))
        else:
            for below, text in files.items():
                write(f"{name}/{below}", text)


def write_picture(record: RunRecord, name: str, *, look: str, width: int) -> None:
    """The upper part of the HTML page as it looks."""
    page_text = render(build_report([record], detailed=True), "html")
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        page_file = Path(folder) / "report.html"
        page_file.write_text(page_text, encoding="utf-8")
        viewport = {"width": width, "height": 900}
        with opened(chromium, page_file, color_scheme=look, viewport=viewport) as shown:
            shown.draw_all()
            shown.page.wait_for_timeout(500)
            shown.page.screenshot(
                path=str(PICTURES / f"{name}.jpg"),
                full_page=True,
                clip={"x": 0, "y": 0, "width": width, "height": PICTURE_HEIGHT},
                type="jpeg",
                quality=60,
            )


def run() -> int:
    """Write the gallery."""
    os.environ.pop("COLUMNS", None)
    large, steady, small = record_of(*LARGE), record_of(*STEADY), record_of(*SMALL)
    repeated = [record_of(*of, "--seed", str(seed)) for of in (LARGE, STEADY) for seed in SEEDS]
    write_texts([large, steady], repeated, small)
    why = missing()
    if why:
        print(f"no pictures of the HTML page: {why}")
    else:
        PICTURES.mkdir(exist_ok=True)
        write_picture(large, "burst-light", look="light", width=1200)
        write_picture(steady, "steady-state-dark", look="dark", width=1200)
        write_picture(large, "burst-narrow", look="light", width=390)
    formats = {name: FORMATS[name].text for name in FILES}
    print(json.dumps({"written": str(FOLDER.relative_to(ROOT)), "formats": formats}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(run())
