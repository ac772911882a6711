"""Notes above a run's progress are harmless on a terminal."""

import pytest

from virtslo.cli.progress.live_progress import NotesAlone


def test_a_note_has_its_lines_and_no_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    NotesAlone().note("part \x1b[2J:\n  \u202e failed")

    assert capsys.readouterr().err == "part \\x1b[2J:\n  \\u202e failed\n"
