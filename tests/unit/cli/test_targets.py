"""A load test must be aimed: targets, questions, and options that contradict each other."""

from pathlib import Path

import pytest

from support.cli import virtslo

RUN = ("run", "burst", "--repeat", "1", "--count", "1")


def test_a_kubeconfig_names_its_current_context(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "k")
    shown = virtslo(*RUN, "--kubeconfig", str(path), "--yes", "--runs", str(tmp_path))

    assert shown.code == 3
    assert "context 'here'" in shown.err


def test_a_missing_context_is_said_before_a_missing_yes(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "k")
    shown = virtslo(*RUN, "--kubeconfig", str(path), "--context", "nope", "--runs", str(tmp_path))

    assert shown.code == 3
    assert "nope" in shown.err
    assert "--yes" not in shown.err


def kubeconfig(path: Path) -> Path:
    """A kubeconfig whose current context leads to a port that nothing listens on."""
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
        "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:9'}}]\n"
        "users: [{name: u, user: {}}]\n"
        "contexts: [{name: here, context: {cluster: c, user: u}}]\n"
    )
    return path


def test_a_simulated_and_a_real_target_contradict_each_other(tmp_path: Path) -> None:
    shown = virtslo(*RUN, "--context", "c", "--simulate", "ci", "--runs", str(tmp_path))

    assert shown.code == 2
    assert "one or the other" in shown.err


def test_clean_wants_to_know_what(tmp_path: Path) -> None:
    shown = virtslo("clean", "--context", "c")

    assert shown.code == 2
    assert "--run ID or --all" in shown.err


def test_clean_with_yes_wants_to_know_where() -> None:
    shown = virtslo("clean", "--all", "--yes")

    assert shown.code == 2
    assert "--context NAME, --kubeconfig PATH or --in-cluster" in shown.err


def test_a_missing_kubeconfig_is_said(tmp_path: Path) -> None:
    shown = virtslo(
        *RUN, "--kubeconfig", str(tmp_path / "absent"), "--context", "c", "--yes",
        "--runs", str(tmp_path),
    )  # fmt: skip

    assert shown.code == 3
    assert "absent" in shown.err


@pytest.mark.parametrize("profile", ["no-such-profile"])
def test_an_unknown_profile_is_a_wrong_request(tmp_path: Path, profile: str) -> None:
    shown = virtslo(*RUN, "--simulate", profile, "--runs", str(tmp_path))

    assert shown.code == 2
    assert "instant" in shown.err


def test_an_unknown_fault_is_a_wrong_request(tmp_path: Path) -> None:
    shown = virtslo(*RUN, "--fault", "no-such-fault", "--runs", str(tmp_path))

    assert shown.code == 2
    assert "no-such-fault" in shown.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--profile", "none"), "--profile: expected one of ci, "),
        (("--fault", "latency:stage=ramp_up"), "--fault latency:stage: expected no stage"),
        (("--event-ttl", "soon"), "--event-ttl: expected a duration"),
        (("--event-ttl", "0.5s"), "--event-ttl: expected a duration of at least 1s"),
        (("--etcd-compaction-interval", "0"), "--etcd-compaction-interval: expected a duration"),
    ],
)
def test_what_cannot_be_simulated_is_told_by_the_option_that_asks_for_it(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    shown = virtslo("simulate", "--kubeconfig", str(kubeconfig), *arguments)

    assert shown.code == 2
    assert words in shown.err
    assert not kubeconfig.exists()


def test_a_dry_run_prints_the_plan_and_creates_nothing(tmp_path: Path) -> None:
    shown = virtslo(
        "run", "burst", "--repeat", "1", "--count", "7", "--dry-run", "--runs", str(tmp_path / "r")
    )

    assert shown.code == 0
    assert "7" in shown.out
    assert "nothing was created" in shown.out
    assert not (tmp_path / "r").exists()


def test_every_wrong_option_is_told_at_once(tmp_path: Path) -> None:
    shown = virtslo(
        "run", "burst", "--repeat", "1", "--count", "-3", "--kind", "pod", "--arrival", "sometimes",
        "--rate", "fast", "--runs", str(tmp_path),
    )  # fmt: skip

    assert shown.code == 2
    for option in ("--count", "--kind", "--arrival", "--rate"):
        assert option in shown.err


@pytest.mark.parametrize("option", ["--context", "--kubeconfig"])
def test_an_empty_target_is_not_the_simulated_cluster(tmp_path: Path, option: str) -> None:
    shown = virtslo(*RUN, option, "", "--yes", "--runs", str(tmp_path))

    assert shown.code == 2
    assert f"{option}: expected a name, found an empty text" in shown.err
    assert list(tmp_path.iterdir()) == []
