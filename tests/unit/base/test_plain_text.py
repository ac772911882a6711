"""Text from elsewhere is harmless where people read it."""

import csv
import io
import json
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtslo.base.limits import REPORT_TEXT, REPORT_WORD
from virtslo.base.plain_text import (
    csv_text,
    file_name,
    harmless,
    json_text,
    report_text,
    report_value,
    shown_text,
    without_passwords,
)
from virtslo.report.markdown_text import escape, plain

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
    for made in (harmless(text), harmless(text, lines=True), csv_text(text), escape(text),
                 plain(text), report_text(text)):  # fmt: skip
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


@given(st.dictionaries(ANY, st.lists(ANY, max_size=3), max_size=3))
def test_json_loses_nothing(document: dict[str, list[str]]) -> None:
    text = json_text(json.dumps(document, ensure_ascii=False, indent=1))

    assert json.loads(text) == document
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)


def test_a_word_is_cut_apart_from_what_stands_around_it() -> None:
    text = report_text(f"VMI {'n' * 10_000}: not gone")

    assert text == f"VMI {'n' * (REPORT_WORD.most - 1)}… not gone"


def test_a_text_of_a_report_ends_with_an_ellipsis_at_its_limit() -> None:
    text = report_text("word " * 10_000)

    assert len(text) == REPORT_TEXT.most
    assert text.endswith("…")


def test_values_of_a_page_are_harmless_at_any_depth() -> None:
    assert report_value({"\x1b": ["\u202e", 1, None, ("\n",)]}) == {
        "\\x1b": ["\\u202e", 1, None, [" "]]
    }


def test_values_of_a_page_lose_no_key() -> None:
    long = "k" * 2_000
    value = {f"{long}1": "a", f"{long}2": "b", "\x1b": 1, "\\x1b": 2, 3: "\x1b"}

    assert report_value(value) == {
        f"{long}1": "a", f"{long}2": "b", "\\x1b": 1, "\\x1b (2)": 2, 3: "\\x1b"
    }  # fmt: skip


def test_markdown_has_no_link_and_no_character_by_its_number() -> None:
    assert plain("[a](http://b) &#x202e; &lt; a & b") == (
        "[a]\\(http://b) &amp;#x202e; &amp;lt; a & b"
    )


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
