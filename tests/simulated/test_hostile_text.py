"""Text from elsewhere in everything that is made for people: harmless, and cut to a length."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from support.cli import only_run, virtslo
from virtslo.app.build_report import build_report
from virtslo.base.limits import REPORT_TEXT, REPORT_WORD
from virtslo.cli.formats import FORMATS
from virtslo.cli.rendering import render, render_files
from virtslo.model.report.document import Report
from virtslo.model.run.findings import Finding
from virtslo.store.records import read_record

HOSTILE: Final = "\x1b[2J\x9b31m\x7f\x00\u202e\u2066\ufeff\U000e0041\nvirtslo: valid\r<b>|"
LONG: Final = "x" * 10_000
HARMFUL: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
FOR_PEOPLE: Final = ("table", "summary", "conclusion", "markdown", "html")
LIBRARY: Final = re.compile(r"<(script|style)>.*?</\1>", re.DOTALL)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runs = tmp_path_factory.mktemp("runs")
    done = virtslo(
        "run", "burst", "--repeat", "1", "--count", "3", "--simulate", "instant", "--quiet",
        "--runs", str(runs),
    )  # fmt: skip
    assert done.code == 0, done.err
    return only_run(runs)


def poisoned(run: Path, text: str) -> Report:
    """A report of a record in which everything that others name is so named."""
    record = read_record(run)
    header, environment = record.header, record.header.environment
    return build_report(
        [
            replace(
                record,
                host=replace(record.host, run_id=text, directory=text, tool_version=text),
                header=replace(
                    header,
                    scenario=replace(header.scenario, name=text),
                    run_label=text,
                    findings=(Finding(code="odd", detail=text, inconclusive=True),),
                    left_behind=(text,),
                    environment=replace(
                        environment,
                        kubernetes_version=text,
                        kubevirt_version=text,
                        node_shape={text: text},
                        feature_gates=(text,),
                        extra={text: text},
                    ),
                ),
                observations=tuple(
                    type(item)(
                        item.received_ns, item.fact, item.kind, text, f"{text}{index}", item.uid,
                        item.phase,
                    )
                    for index, item in enumerate(record.observations)
                ),
            )
        ],
        detailed=True,
    )  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_lets_through_what_harms(plain: Path, form: str) -> None:
    report = poisoned(plain, HOSTILE)

    made = {"": render(report, form), **(render_files(report, form) or {})}

    for name, text in made.items():
        assert HARMFUL.search(LIBRARY.sub("", text)) is None, name
        assert "\nvirtslo: valid" not in text
    assert "virtslo: valid" in made[""] or form in {"conclusion", "perfdata", "perfscale"}


@pytest.mark.parametrize("form", FOR_PEOPLE)
def test_what_people_read_is_cut_to_a_length(plain: Path, form: str) -> None:
    text = render(poisoned(plain, LONG), form)

    assert "…" in text
    assert "x" * (REPORT_WORD.most - 1) in text.replace("\n", "").replace(" ", "")
    assert "x" * (REPORT_WORD.most + 1) not in text.replace("\n", "").replace(" ", "")


def test_a_long_text_of_words_is_cut_too(plain: Path) -> None:
    text = render(poisoned(plain, "words " * 10_000), "markdown")

    longest = max(map(len, text.splitlines()))
    assert longest <= REPORT_TEXT.most + 100


def test_json_loses_nothing_of_a_text(plain: Path) -> None:
    document: dict[str, Any] = json.loads(render(poisoned(plain, HOSTILE + LONG), "json"))

    assert document["runs"][0]["id"] == HOSTILE + LONG


def test_readers_of_other_formats_read_it(plain: Path) -> None:
    report = poisoned(plain, HOSTILE)

    ET.fromstring(render(report, "junit"))
    families = text_string_to_metric_families(render(report, "openmetrics"))  # type: ignore[no-untyped-call]
    assert any(family.name == "virtslo_run_info" for family in families)
