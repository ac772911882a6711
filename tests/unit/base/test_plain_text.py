"""Text from elsewhere is harmless where people read it."""

import csv
import io
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtslo.base.plain_text import csv_text, file_name, harmless, shown_text, without_passwords
from virtslo.report.text.markdown import escape

ANY = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["\x1b[2J", "\u202e", "a\r\nb", "\ud800", "\x9b31m", "\u2028", "=1+1", "<a>|`*"]
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("größe µs – ≤", "größe µs – ≤"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u202eb", "a\\u202eb"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_harms_is_made_visible(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(ANY)
def test_nothing_harmful_is_left(text: str) -> None:
    for made in (harmless(text), harmless(text, lines=True), csv_text(text), escape(text)):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", made)
        made.encode()
    assert "\n" not in harmless(text)
    ET.fromstring(f"<a>{harmless(text).replace('&', '').replace('<', '')}</a>")


@given(ANY)
def test_a_cell_of_csv_is_no_formula_and_one_cell(text: str) -> None:
    written = io.StringIO()
    csv.writer(written).writerow([csv_text(text), "next"])

    (row,) = csv.reader(io.StringIO(written.getvalue()))

    assert row[1] == "next"
    assert not row[0].startswith(("=", "+", "-", "@", "\t", "\r"))


@given(ANY | st.sampled_from(["..", "/", "../../x", ".hidden", "a/b", "x" * 900, "\0"]))
def test_a_name_of_a_file_is_no_path(text: str) -> None:
    name = file_name(text)

    assert re.fullmatch("[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}", name)


def test_a_message_shows_a_beginning() -> None:
    assert len(shown_text("x" * 1000)) == 256


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no record at 'postgresql://u:pw@h/x'", "no record at 'postgresql://…@h/x'"),
        ("postgresql:/u:pw@h/x.yaml: 1 problem", "postgresql:/…@h/x.yaml: 1 problem"),
        ("https://:token@h and http://a:b@c:80/", "https://…@h and http://…@c:80/"),
        ("https://u:p@ss@h", "https://…@h"),
        ("postgresql://user@host/name", "postgresql://user@host/name"),
        ("https://127.0.0.1:6443/a@b", "https://127.0.0.1:6443/a@b"),
        ("C:/a:b@c", "C:/…@c"),
        ("1postgresql://u:pw@h", "1postgresql://…@h"),
        ("x" * 200_000, "x" * 200_000),
        (f"a://{'b:' * 100_000}", f"a://{'b:' * 100_000}"),
    ],
)
def test_a_password_in_an_url_is_left_out(text: str, shown: str) -> None:
    assert without_passwords(text) == shown
