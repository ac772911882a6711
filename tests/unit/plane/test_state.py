"""Planes by name: which are up, and where."""

from pathlib import Path

import pytest

from virtslo.base.errors import ClusterError, ScenarioError
from virtslo.plane.state import (
    PlaneFacts,
    facts_of,
    folder_of,
    held,
    holder_of,
    names,
    require,
    write_facts,
)


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def facts(name: str) -> PlaneFacts:
    return PlaneFacts(
        name=name, pid=1, url="https://127.0.0.1:1", kubeconfig="k", context="c", audit_log="a",
        version="v1", nodes=3, started_at="2026-01-01T00:00:00Z", processes={"etcd": 2},
    )  # fmt: skip


def test_a_plane_is_up_as_long_as_its_name_is_held() -> None:
    with held("one") as folder:
        assert facts_of("one") is None
        write_facts(folder, facts("one"))
        assert names() == ("one",)
        assert facts_of("one") == facts("one")
        assert folder.stat().st_mode & 0o777 == 0o700
        assert folder.parent.stat().st_mode & 0o777 == 0o700

    assert names() == ()
    assert holder_of("one") is None
    assert not folder.exists()


def test_a_name_is_held_once_and_others_beside_it() -> None:
    refused = pytest.raises(ClusterError, match="'one' is up already")
    with held("one"), held("two"), refused, held("one"):
        pass


def test_what_a_killed_plane_left_is_not_taken_for_one() -> None:
    folder_of("one").mkdir()
    write_facts(folder_of("one"), facts("one"))

    with pytest.raises(ClusterError, match="is not up"):
        require("one")
    with held("one") as folder:
        assert list(folder.iterdir()) == []
        with pytest.raises(ClusterError, match="not ready yet"):
            require("one")


@pytest.mark.parametrize("name", ["", "../x", "A", "-a", "a" * 41, "a/b"])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(ScenarioError, match="--name"):
        folder_of(name)


@pytest.mark.parametrize("place", ["/dev/null", "/proc/nothing"])
def test_a_place_where_no_planes_can_be_kept_is_said(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", place)

    with pytest.raises(ClusterError, match="cannot keep planes in"):
        folder_of("one")
