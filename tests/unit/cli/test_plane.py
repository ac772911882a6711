"""`virtslo plane` and `--plane`, where no plane is up."""

from pathlib import Path

import pytest

from support.cli import virtslo


@pytest.fixture(autouse=True)
def _nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)


def test_every_missing_program_is_told_before_anything_is_started() -> None:
    shown = virtslo("plane", "up")

    assert shown.code == 2
    assert "7 problems" in shown.err
    assert "kube-scheduler" in shown.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--gate", "A=x"), "NAME=off"),
        (("--config", "x"), "FIELD=VALUE"),
        (("--profile", "none"), "--profile"),
        (("--api-server-flag", "bind-address=0.0.0.0"), "loopback"),
        (("--api-server-flag", "v"), "FLAG=VALUE"),
        (("--name", "a/b"), "--name"),
    ],
)
def test_bad_options_are_refused(options: tuple[str, ...], words: str) -> None:
    shown = virtslo("plane", "up", *options)

    assert shown.code == 2
    assert words in shown.err


def test_a_source_tree_of_something_else_is_refused(tmp_path: Path) -> None:
    shown = virtslo("plane", "up", "--kubevirt", str(tmp_path))

    assert shown.code == 2
    assert "no" in shown.err


def test_a_run_on_a_plane_that_is_not_up_says_how_to_bring_it_up() -> None:
    shown = virtslo("run", "burst", "--plane")

    assert shown.code == 3
    assert "virtslo plane up --detach" in shown.err


def test_a_plane_and_a_cluster_are_two_targets() -> None:
    shown = virtslo("run", "burst", "--context", "c", "--plane", "x")

    assert shown.code == 2
    assert "one target" in shown.err


def test_status_and_down_say_that_nothing_is_up() -> None:
    assert virtslo("plane", "status").out == "no plane is up\n"
    assert virtslo("plane", "status", "--format", "json").document == []
    assert virtslo("plane", "down").code == 0
    assert virtslo("plane", "kubeconfig").code == 3
