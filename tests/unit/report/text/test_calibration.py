"""A prediction prints its intervals and the model's error apart, and what it assumes."""

from dataclasses import replace

from virtslo.model.report.figures import OVER_RUNS, Interval
from virtslo.model.whatif.calibration import ALL_RUNNING, Calibration, Factor, Residual
from virtslo.model.whatif.prediction import Predicted, Prediction
from virtslo.report.text.calibration import render_calibration, render_prediction

CALIBRATION = Calibration(
    base="two-core",
    document={},
    factors=(
        Factor("capacity", 1.5, deviation=0.02),
        Factor("stopping", 1.0, is_identified=False, reason="these figures hardly depend on it"),
    ),
    residuals=(Residual("a", ALL_RUNNING, 10.0, 10.5),),
    no_held_out="2 of the 3 records that this needs at least",
)
FIGURE = Predicted(ALL_RUNNING, 50.0, Interval(OVER_RUNS, 48.0, 52.0, 3, "t"), None, None)
PREDICTION = Prediction(
    count=300,
    kind="vm",
    nodes=5,
    seeds=3,
    inconclusive=1,
    figures=(FIGURE,),
    calibration=CALIBRATION,
    largest=100,
    kinds=("vmi",),
    assumed=("threads as in the profile",),
)


def test_a_calibration_says_what_is_not_identified() -> None:
    lines = render_calibration(CALIBRATION).splitlines()

    assert "  capacity  x 1.5 [1.44, 1.56]" in lines
    assert (
        "  stopping  not identified: these figures hardly depend on it; it keeps the profile's "
        "values"
    ) in lines
    assert "  no data: 2 of the 3 records that this needs at least" in lines
    assert any(line.endswith(": +5.0%") for line in lines)


def test_a_factor_that_hardly_shows_is_a_warning_that_says_what_to_record() -> None:
    weak = Factor("stopping", 0.8, deviation=0.1, share=0.12)
    lines = render_calibration(replace(CALIBRATION, factors=(weak,))).splitlines()

    assert any(
        line.startswith("  WARNING: stopping hardly shows: it is at most 12% of a figure")
        and line.endswith("record constant churn at about one object a second")
        for line in lines
    )
    assert "WARNING: stopping does not show: record constant churn" in render_calibration(
        CALIBRATION
    )


def test_records_that_judge_are_named_as_never_fitted() -> None:
    judged = replace(
        CALIBRATION,
        held_out=(Residual("b", ALL_RUNNING, 10.0, 9.0),),
        are_given=True,
        no_held_out="",
        shapes=("boot",),
    )
    text = render_calibration(judged)

    assert "Error on records that were held out: never fitted" in text
    assert "shape by the quantiles recorded: boot" in text


def test_a_prediction_without_held_out_records_has_no_error_of_the_model() -> None:
    lines = render_prediction(PREDICTION).splitlines()

    assert lines[1].endswith("[48 s, 52 s], model's error no data")
    assert "  1 of 3 simulated runs are inconclusive" in lines
    assert "  threads as in the profile" in lines


def test_a_prediction_says_how_far_it_is_from_what_was_recorded() -> None:
    text = render_prediction(PREDICTION)

    assert "Extrapolated: 3 times the largest burst that was recorded (100 objects)" in text
    assert "Extrapolated: no record is of vm (of vmi)" in text
    assert "Extrapolated" not in render_prediction(replace(PREDICTION, count=100, kind="vmi"))


def test_the_models_error_stands_beside_the_interval() -> None:
    held_out = replace(
        CALIBRATION, held_out=(Residual("a", ALL_RUNNING, 10.0, 11.0),), no_held_out=""
    )
    figure = replace(FIGURE, model_error=0.1)
    text = render_prediction(replace(PREDICTION, calibration=held_out, figures=(figure,)))

    assert "[48 s, 52 s], model's error ± 10%" in text


def test_a_figure_that_some_runs_lack_is_named_and_not_predicted_from_the_others() -> None:
    text = render_prediction(replace(PREDICTION, figures=(), missing={ALL_RUNNING: 2}))

    assert "all Running after          no data in 2 of 3 simulated runs" in text
