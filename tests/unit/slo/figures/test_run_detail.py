"""The detail of a run is the same whether its objects were put together for figures or anew."""

from support.records import operation, record, seen, stage
from support.scenarios import scenario
from virtslo.model.run.operations import CREATE
from virtslo.model.stage_names import RAMP_UP
from virtslo.slo.figures.run_detail import run_detail
from virtslo.slo.record.measured import measure


def test_phases_after_a_window_are_in_the_detail_and_in_no_figure() -> None:
    given = record(
        scenario("vmi", 1),
        stages=[stage(RAMP_UP, 1.0, 5.0, whole=3.0)],
        operations=[operation(CREATE, "v", 1.0, stage=RAMP_UP)],
        observations=[seen("v", added=1.0, pending=1.0, running=3.0, failed=6.0)],
    )
    measured = measure(given)
    (vmi,) = measured.vmis

    detail = run_detail(given, measured)

    assert "Failed" not in vmi.phases
    assert "Failed" in detail.objects[0].phases
    assert detail == run_detail(given)
