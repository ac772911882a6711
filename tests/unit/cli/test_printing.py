"""What commands say is harmless, and a document that is shown loses nothing."""

import json

import pytest

from virtslo.cli.printing import say, show, show_json

HOSTILE = "a\x1b[2J\x9b\u202eb\nvirtslo: valid"


def test_a_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    say(HOSTILE, err=True, lines=True)

    said = capsys.readouterr()
    assert said.out == "a\\x1b[2J\\x9b\\u202eb virtslo: valid\n"
    assert said.err == "a\\x1b[2J\\x9b\\u202eb\nvirtslo: valid\n"


def test_what_is_shown_ends_with_one_line_feed(capsys: pytest.CaptureFixture[str]) -> None:
    show("a\n")
    show("b")

    assert capsys.readouterr().out == "a\nb\n"


def test_a_document_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    show_json(json.dumps({"name": HOSTILE}, ensure_ascii=False, indent=1))

    text = capsys.readouterr().out
    assert json.loads(text) == {"name": HOSTILE}
    assert "\u202e" not in text
    assert "\x9b" not in text
