"""The sides of a cost card, and its options, as the command line says them."""

from pathlib import Path

import pytest

from support.cli import virtslo
from virtslo.base.errors import ScenarioError
from virtslo.cli.cost.measuring import is_countable
from virtslo.cli.cost.sides import side_of, sides_of
from virtslo.cli.plane.options import PlaneOptions
from virtslo.model.run.findings import Finding

GIVEN = PlaneOptions(gates=("A",), nodes=3)


def test_a_side_is_the_options_with_one_thing_over_them(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "go.mod").write_text("module x\n")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "virt-controller"
    program.write_text("")

    def plane(text: str, options: PlaneOptions = GIVEN) -> PlaneOptions:
        found = side_of(text, options).plane
        assert found is not None
        assert found.nodes == 3
        return found

    assert plane("default") == GIVEN
    assert plane("gate:B=off").gates == ("A", "B=off")
    assert plane("config:x=1").fields == ("x=1",)
    assert plane(str(tmp_path / "tree")).source == tmp_path / "tree"
    assert plane(str(tmp_path / "bin")).folders == (tmp_path / "bin",)
    assert plane(str(program)).virt_controller == program
    with_source = PlaneOptions(source=tmp_path, nodes=3)
    assert plane("main", with_source).revision == "main"
    assert side_of("context:x", GIVEN).context == "x"


def test_what_is_no_side_is_refused_on_both_sides_at_once() -> None:
    with pytest.raises(ScenarioError) as failure:
        sides_of("nothing-here", "nor-here", GIVEN)

    assert "2 problems" in failure.value.message
    assert "--kubevirt SOURCE" in failure.value.message


def test_a_plane_and_a_cluster_are_not_compared() -> None:
    with pytest.raises(ScenarioError, match="one of each"):
        sides_of("default", "context:x", GIVEN)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--at-most", "x"), "--at-most"),
        (("--budget", "soon"), "--budget"),
        (("--hold", "-"), "--hold"),
    ],
)
def test_bad_options_are_refused_before_anything_is_built(
    options: tuple[str, ...], words: str
) -> None:
    shown = virtslo("cost", "default", "gate:B", *options)

    assert shown.code == 2
    assert words in shown.err


def test_late_watches_spoil_times_and_not_counts() -> None:
    late = Finding(code="watch_lag", detail="", inconclusive=True)
    lost = Finding(code="relist", detail="", inconclusive=True)

    assert is_countable([])
    assert is_countable([late])
    assert not is_countable([late, lost])
