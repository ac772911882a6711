"""Where programs of a plane are looked for."""

from pathlib import Path

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.plane.programs import ETCD, VIRT_API, ProgramPlaces, locate


def program(folder: Path, name: str = ETCD, mode: int = 0o755) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def everywhere(root: Path) -> ProgramPlaces:
    return ProgramPlaces(
        named={ETCD: program(root / "named")},
        folders=(program(root / "first").parent, program(root / "second").parent),
        assets=str(program(root / "assets").parent),
        search_path=str(program(root / "path").parent),
        built=program(root / "built").parent,
    )


def test_the_nearest_place_wins(tmp_path: Path) -> None:
    places = everywhere(tmp_path)

    for place in ("named", "first", "second", "assets", "path", "built"):
        assert places.find(ETCD) == tmp_path / place / ETCD
        (tmp_path / place / ETCD).unlink()
        if place == "named":
            places = ProgramPlaces(
                folders=places.folders,
                assets=places.assets,
                search_path=places.search_path,
                built=places.built,
            )
    assert places.find(ETCD) is None


def test_a_program_that_is_named_is_looked_for_nowhere_else(tmp_path: Path) -> None:
    places = everywhere(tmp_path)
    (tmp_path / "named" / ETCD).unlink()

    assert places.find(ETCD) is None


def test_a_file_that_cannot_be_executed_is_no_program(tmp_path: Path) -> None:
    program(tmp_path / "bin", mode=0o644)

    assert ProgramPlaces(folders=(tmp_path / "bin",)).find(ETCD) is None


def test_every_missing_program_is_listed_with_places_and_a_way_to_get_it(tmp_path: Path) -> None:
    places = ProgramPlaces(folders=(tmp_path,), built=tmp_path / "built")

    with pytest.raises(ScenarioError) as failure:
        locate([ETCD, VIRT_API], places)

    message = failure.value.message
    assert "2 problems" in message
    for words in (ETCD, VIRT_API, f"--bin {tmp_path}", "KUBEBUILDER_ASSETS (not set)", "PATH",
                  str(tmp_path / "built"), "--kubevirt SOURCE", "setup-envtest"):  # fmt: skip
        assert words in message


def test_what_is_there_is_located(tmp_path: Path) -> None:
    path = program(tmp_path)

    assert locate([ETCD], ProgramPlaces(folders=(tmp_path,))) == {ETCD: path}
