"""Records as a list: short id, time, test, target, and the verdict or why it cannot be read."""

from dataclasses import replace

import pytest

from virtslo.model.report.document import RecordLine, Report, RunSummary, Tables
from virtslo.model.report.verdicts import Outcome, Verdict
from virtslo.model.run.environment import Environment
from virtslo.report.conclusion import run_words
from virtslo.report.text.record_list import record_list_sheet

MET = Verdict("run-1", "soon enough", Outcome.MET, 1.0, 2.0, "s", margin=0.5)
VIOLATED = replace(MET, verdict=Outcome.VIOLATED, value=3.0, margin=-0.5)
RUN = RunSummary(
    "run-1", "burst", "vmi", "s", 10, Environment("v1.36.2", "v1.9.0", 3), "runs/run-1", "complete"
)


def test_a_row_names_the_record_and_what_it_came_to() -> None:
    report = Report((RUN, RUN), True, (), Tables({}, {}, {}), ())
    sheet = record_list_sheet([RecordLine("20260102-030405-burst-vmi-10-ab12", report)])

    ((name, when, what, where, verdict),) = sheet.rows
    assert (name, when, where) == ("ab12", "2026-01-02 03:04", "KubeVirt v1.9.0")
    assert what == "Burst of 10 VMIs, 2 runs"
    assert verdict == "valid"
    assert sheet.is_text


def test_objects_in_groups_are_counted_with_their_groups() -> None:
    pool = replace(RUN, kind="vmpool", count=20, groups=2)
    sets = replace(RUN, kind="vmirs", count=1)

    assert run_words(pool) == "Burst of 20 VMs in 2 VMPools"
    assert run_words(sets) == "Burst of 1 VMI in 1 replica set"


@pytest.mark.parametrize(
    ("verdicts", "code", "words"),
    [
        ((MET,), 0, "met: 1 objective"),
        ((MET, MET), 0, "met: 2 objectives"),
        ((VIOLATED, MET), 1, "violated: soon enough"),
    ],
)
def test_a_verdict_is_short(verdicts: tuple[Verdict, ...], code: int, words: str) -> None:
    standing = tuple(item for item in verdicts if item is VIOLATED)
    report = Report(
        (RUN,), True, (), Tables({}, {}, {}), (), verdicts, exit_code=code, standing=standing
    )
    sheet = record_list_sheet([RecordLine("20260102-030405-burst-vmi-10-ab12", report)])

    assert sheet.rows[0][-1] == words


def test_a_record_that_cannot_be_read_says_why() -> None:
    sheet = record_list_sheet([RecordLine("other", reason="run.json is damaged")])

    assert sheet.rows == [["other", "–", "other", "–", "run.json is damaged"]]
