"""Records are found by path, id, part of an id and `latest`; what is not clear is refused."""

from pathlib import Path

import pytest

from virtslo.base.errors import StoreError
from virtslo.cli.record_names import locate, records_under

NAMES = ("20260101-100000-burst-vmi-100-aa01", "20260102-100000-suite-bb02")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, member in zip(NAMES, ("run.json", "suite.json"), strict=True):
        (tmp_path / name).mkdir()
        (tmp_path / name / member).touch()
    part = tmp_path / NAMES[1] / "20260102-100001-burst-vm-5-cc03"
    part.mkdir()
    (part / "run.json").touch()
    (tmp_path / "notes").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (NAMES[0], NAMES[0]),
        ("aa01", NAMES[0]),
        ("burst-vmi", NAMES[0]),
        ("20260102", NAMES[1]),
        ("latest", NAMES[1]),
        ("cc03", f"{NAMES[1]}/20260102-100001-burst-vm-5-cc03"),
    ],
)
def test_a_record_is_found_by_a_part_of_its_id(root: Path, name: str, expected: str) -> None:
    assert locate(Path(name), root) == root / expected


def test_a_path_names_itself(root: Path) -> None:
    assert locate(root / NAMES[0], Path("elsewhere")) == root / NAMES[0]


def test_a_name_of_several_records_is_refused_with_all_of_them(root: Path) -> None:
    with pytest.raises(StoreError, match="names 2 records") as refused:
        locate(Path("2026"), root)

    assert all(name in refused.value.message for name in NAMES)


def test_an_unknown_name_is_refused_with_the_nearest_or_the_latest(root: Path) -> None:
    with pytest.raises(StoreError) as refused:
        locate(Path("20260101-100000-burst-vmi-100-aa02"), root)
    assert refused.value.hint == f"did you mean {NAMES[0]}?"
    with pytest.raises(StoreError) as other:
        locate(Path("zz"), root)

    assert other.value.hint is not None
    assert NAMES[1] in other.value.hint


def test_a_folder_without_a_record_is_none(root: Path) -> None:
    assert [path.name for path in records_under(root)] == list(NAMES)
    assert records_under(root / "absent") == []
    with pytest.raises(StoreError, match="no record"):
        locate(Path("latest"), root / "notes")
