"""Records as a list: short id, time, test, target, and the verdict or why it cannot be read."""

from virtslo.model.report.document import RecordLine, Report, RunSummary, Tables
from virtslo.model.run.environment import Environment
from virtslo.report.text.record_list import record_list_sheet

RUN = RunSummary(
    "run-1", "burst", "vmi", "s", 10, Environment("v1.36.2", "v1.9.0", 3), "runs/run-1", "complete"
)


def test_a_row_names_the_record_and_what_it_came_to() -> None:
    report = Report((RUN, RUN), True, (), Tables({}, {}, {}), ())
    sheet = record_list_sheet([RecordLine("20260102-030405-burst-vmi-10-ab12", report)])

    ((name, when, what, where, verdict),) = sheet.rows
    assert (name, when, where) == ("ab12", "2026-01-02 03:04", "KubeVirt v1.9.0")
    assert what == "Burst of 10 VMIs, 2 runs"
    assert verdict.startswith("valid")


def test_a_record_that_cannot_be_read_says_why() -> None:
    sheet = record_list_sheet([RecordLine("other", reason="run.json is damaged")])

    assert sheet.rows == [["other", "–", "other", "–", "run.json is damaged"]]
