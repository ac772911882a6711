"""Markdown: what comes from elsewhere changes neither the layout nor the direction of text."""

from virtslo.report.content import Sheet
from virtslo.report.text import markdown


def test_a_heading_takes_no_control_character_from_a_label() -> None:
    sheet = Sheet("Creation rate", ["Test"], [["Burst"]], label="\x1b[31m\u202ea\n# b")

    (heading, *_) = markdown._sheet(sheet)

    assert heading.startswith("## Creation rate (")
    assert not set("\x1b\u202e\n") & set(heading)
