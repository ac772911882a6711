"""Live progress as it looks: a letter for each phase, rates as bars, nothing by colour alone."""

import io

import pytest
from rich.console import Console

from virtslo.cli.progress.live_view import WIDTH, LiveView, bar, created_words, legend
from virtslo.ports.progress import Snapshot


def snapshot(**changes: object) -> Snapshot:
    values: dict[str, object] = {
        "stage": "ramp_up",
        "elapsed": 12.34,
        "wanted": 60,
        "phases": {"Pending": 15, "Running": 30},
        "created": 45,
        "to_create": 75,
    }
    return Snapshot(**{**values, **changes})  # type: ignore[arg-type]


def test_a_bar_has_a_letter_for_each_share_and_room_for_what_is_to_come() -> None:
    text = bar(snapshot()).plain

    assert text == "▕" + "░" * 15 + "█" * 30 + " " * 15 + "▏"
    assert len(text) == WIDTH + 2


def test_a_bar_is_never_wider_than_it_is() -> None:
    crowded = snapshot(wanted=10, phases={"Running": 70, "Failed": 30})

    assert len(bar(crowded).plain) == WIDTH + 2


def test_a_legend_tells_each_phase_and_its_letter() -> None:
    assert legend(snapshot()).plain.split() == ["░", "Pending", "15", "█", "Running", "30"]
    assert legend(snapshot(phases={})).plain == "nothing yet"


def test_a_drawing_tells_everything_that_a_snapshot_knows() -> None:
    view = LiveView()
    view.draw(snapshot(rate=1.0))

    text = view.draw(snapshot(rate=4.0, lateness=0.012, deadline=90.0, failed=2, own_calls=7)).plain

    for words in ("ramp-up", "12.3 s", "at most 1m30s left", "created 45 of 75", "4.0 Running/s",
                  "▃█", "late 12 ms", "failed 2", "7 own calls"):  # fmt: skip
        assert words in text


def test_rates_begin_anew_with_a_stage() -> None:
    view = LiveView()
    view.draw(snapshot(rate=9.0))

    text = view.draw(snapshot(stage="ramp_down", rate=1.0)).plain

    assert "█ 1.0 Running/s" in text
    assert "██" not in text.splitlines()[-1]


def test_in_virtual_time_it_is_one_line_without_the_seconds_of_another_clock() -> None:
    view = LiveView(is_virtual=True)

    text = view.draw(snapshot(rate=4.0, deadline=90.0, note="2 of 5 runs done")).plain

    assert text == "simulating: 2 of 5 runs done: 30 of 60 Running"


@pytest.mark.parametrize("columns", [20, 60, 200])
@pytest.mark.parametrize("is_virtual", [False, True])
def test_no_line_is_wider_than_the_terminal(columns: int, is_virtual: bool) -> None:
    view = LiveView(columns=columns, is_virtual=is_virtual)
    console = Console(file=io.StringIO(), width=columns)
    console.print(view.draw(snapshot(note="2 of 5 runs done, about 12s to go in all", failed=3)))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()

    assert len(lines) == (1 if is_virtual else 4)
    assert max(map(len, lines)) <= columns


def test_replacements_are_said_to_be_among_what_is_created() -> None:
    assert created_words(snapshot(cycles=5)).endswith("of 75, replacements too")
