"""The sides of a cost card, and its options, as the command line says them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from support.cli import virtslo
from virtslo.base.background import in_background
from virtslo.base.errors import ClusterError, ScenarioError
from virtslo.cli.cost import measuring
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


@pytest.mark.parametrize("when", ["starting", "measuring"])
async def test_a_plane_that_fails_ends_the_card_and_the_other_plane(
    monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    ended: list[str] = []
    measured = asyncio.Event()

    async def fail() -> None:
        await measured.wait()
        raise ClusterError("its hollow nodes lost the API server")

    async def go_on() -> None:
        await asyncio.Event().wait()

    @asynccontextmanager
    async def plane(folder: Path, spec: Any, tell: Any) -> AsyncIterator[Any]:
        del spec, tell
        is_bad = folder.name == "bad"
        try:
            if is_bad and when == "starting":
                raise ClusterError("virt-controller ended", hint="all of its log: removed")
            async with in_background(fail if is_bad else go_on):
                yield SimpleNamespace(kubeconfig=folder, defined_ns=0)
        finally:
            ended.append(folder.name)

    monkeypatch.setattr(measuring, "running_plane", plane)
    spec: Any = SimpleNamespace(kubernetes=SimpleNamespace(context=""))
    sides = [("main", spec, Path("good")), ("mine", spec, Path("bad"))]

    async def measure() -> None:
        async with measuring.planes_at_work(sides, lambda words: None):
            measured.set()
            await asyncio.Event().wait()

    with pytest.raises(ClusterError) as caught:
        await measure()

    assert sorted(ended) == ["bad", "good"]
    assert caught.value.message.startswith("mine: ")
    assert caught.value.hint == ""
