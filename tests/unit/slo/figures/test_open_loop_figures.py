"""An open-loop burst: what was offered, accepted and Running, and whether the system kept up."""

from dataclasses import replace

import pytest

from support.records import operation, record, seen, stage
from support.scenarios import scenario
from virtslo.model.report.figures import Figure
from virtslo.model.run.operations import CREATE
from virtslo.model.run.record import RunStatus
from virtslo.model.stage_names import RAMP_UP
from virtslo.slo.figures.open_loop_figures import pace_rows
from virtslo.slo.record.measured import measure

COUNT = 100


def figures_of(
    *,
    takes_more_each: float,
    arrival: str = "constant",
    status: RunStatus = RunStatus.COMPLETE,
) -> dict[str, Figure]:
    """100 VMIs, two a second from 100 s on; each takes 5 s, and more than the one before it."""
    load = {"arrival": {"process": arrival, "rate": "2/s"}} if arrival != "burst" else {}
    given = record(
        scenario("vmi", COUNT, "burst", load=load),
        stages=[stage(RAMP_UP, 100.0, 900.0, deadline=700.0)],
        operations=[
            operation(CREATE, f"v{n}", 100 + n / 2, answered=100.1 + n / 2, index=n, stage=RAMP_UP)
            for n in range(COUNT)
        ],
        observations=[
            seen(f"v{n}", index=n, added=100 + n / 2, running=105 + n / 2 + n * takes_more_each)
            for n in range(COUNT)
        ],
    )
    given = replace(given, header=replace(given.header, status=status))
    return {row.definition.name: row.figure for row in pace_rows(measure(given))}


def test_a_load_that_the_system_keeps_up_with() -> None:
    found = figures_of(takes_more_each=0.0)

    assert found["kept_up"].value == 1
    for name in ("offered_rate", "accepted_rate", "running_rate"):
        value = found[name].value
        assert value is not None
        assert 1.9 < value < 2.1, name
    assert found["kept_up"].samples == COUNT


def test_a_backlog_that_grows_is_no_keeping_up() -> None:
    found = figures_of(takes_more_each=0.5)  # one a second comes to Running

    slope = found["backlog_slope"].value
    assert slope is not None
    assert 0.9 < slope < 1.1
    assert found["kept_up"].value == 0


@pytest.mark.parametrize("status", [RunStatus.INTERRUPTED, RunStatus.FAILED])
def test_a_run_that_was_cut_short_is_not_said_to_have_kept_up(status: RunStatus) -> None:
    found = figures_of(takes_more_each=0.0, status=status)["kept_up"]

    assert found.value is None
    assert found.reason == "the run was cut short: the rest of its load is not known"


def test_a_burst_has_no_pace() -> None:
    assert figures_of(takes_more_each=0.0, arrival="burst") == {}
