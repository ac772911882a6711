"""The kubeconfig of a simulated cluster: whole, private, and only ever in place of its own."""

import stat
from pathlib import Path

import pytest
import yaml

from virtslo.base.errors import StoreError
from virtslo.sim.http.kubeconfig import CONTEXT, write_kubeconfig


def write(path: Path, token: str = "secret") -> None:
    write_kubeconfig(path, url="https://127.0.0.1:1", token=token, ca=b"certificate")


def test_it_is_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "config"

    write(path)

    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert document["current-context"] == CONTEXT
    assert document["users"][0]["user"]["token"] == "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_its_own_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "config"
    write(path, "first")

    write(path, "second")

    assert "second" in path.read_text(encoding="utf-8")
    assert "first" not in path.read_text(encoding="utf-8")


def test_anybody_elses_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("apiVersion: v1\n", encoding="utf-8")

    with pytest.raises(StoreError, match="was not written by virtslo simulate") as refused:
        write(path)

    assert path.read_text(encoding="utf-8") == "apiVersion: v1\n"
    assert "--kubeconfig" in refused.value.hint


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    write(target)
    link.symlink_to(target)

    with pytest.raises(StoreError):
        write(link)


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot write"):
        write(tmp_path / "none" / "config")
