"""Texts as Go quotes them."""

import pytest

from virtslo.sim.authorization.go_text import go_list, go_quoted


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("jane", '"jane"'),
        ('a"b\\', '"a\\"b\\\\"'),
        ("\n\t\x00\x7f", '"\\n\\t\\x00\\x7f"'),
        ("é", '"é"'),
        ("\u200b", '"\\u200b"'),
        ("\U000e0001", '"\\U000e0001"'),
        ("\udcff", '"\\xff"'),
    ],
)
def test_a_text_is_one_printable_line(text: str, quoted: str) -> None:
    assert go_quoted(text) == quoted


def test_a_list_has_spaces_between() -> None:
    assert go_list(["a", "b c"]) == '["a" "b c"]'
    assert go_list([]) == "[]"
