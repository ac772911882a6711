"""The file of annotations: read whole, or refused with every problem."""

from datetime import date
from pathlib import Path

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.config.annotations_file import read_annotations
from virtslo.model.history.site import Annotation


def test_entries_are_read_with_and_without_a_link(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "- {date: 2024-03-06, kind: release, label: v1.2.0, link: 'https://example.org/v1.2.0'}\n"
        "- {date: '2024-03-25', kind: provider, label: k8s 1.29}\n"
    )

    assert read_annotations(path) == [
        Annotation(date(2024, 3, 6), "release", "v1.2.0", "https://example.org/v1.2.0"),
        Annotation(date(2024, 3, 25), "provider", "k8s 1.29"),
    ]


def test_every_problem_is_named_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "- {date: soon, kind: release, label: v1}\n- text\n"
        "- {date: 2024-01-01, kind: party, label: '', link: 'javascript:1', colour: red}\n"
    )

    with pytest.raises(ScenarioError) as caught:
        read_annotations(path)

    assert [problem.place for problem in caught.value.problems] == [
        "[0].date", "[1]", "[2].kind", "[2].label", "[2].link", "[2].colour",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["{a: 1}", "", "[", "3"])
def test_what_is_no_list_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text)

    with pytest.raises(ScenarioError):
        read_annotations(path)
