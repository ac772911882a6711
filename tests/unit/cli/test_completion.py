"""Completion: what a shell is offered, and where its file goes."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete

from support.cli import virtslo
from virtslo.cli.main import main


def offered(arguments: list[str], begun: str) -> list[str]:
    """What is offered for the word that was begun, after these arguments."""
    completing = ShellComplete(main, {}, "virtslo", "_VIRTSLO_COMPLETE")
    return [item.value for item in completing.get_completions(arguments, begun)]


def test_commands_options_and_values_are_offered() -> None:
    assert "report" in offered([], "re")
    assert "--kind" in offered(["run", "burst"], "--k")
    assert offered(["run", "burst", "--kind"], "vmp") == ["vmpool"]
    assert offered(["run"], "ste") == ["steady-state"]
    assert offered(["report", "--format"], "perf") == ["perfscale", "perfdata"]
    assert "instant" in offered(["run", "burst", "--simulate"], "ins")


def test_records_are_offered_by_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("20260101-000000-burst-vmi-10-aaaa", "20260102-000000-burst-vm-10-bbbb"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "run.json").touch()
    (tmp_path / "runs" / "20260103-other").mkdir()

    assert offered(["show"], "2026") == [
        "20260102-000000-burst-vm-10-bbbb", "20260101-000000-burst-vmi-10-aaaa",
    ]  # fmt: skip
    assert offered(["report"], "la") == ["latest"]


@pytest.mark.parametrize(
    ("shell", "variable", "file"),
    [
        ("bash", "XDG_DATA_HOME", "bash-completion/completions/virtslo"),
        ("zsh", "XDG_DATA_HOME", "zsh/site-functions/_virtslo"),
        ("fish", "XDG_CONFIG_HOME", "fish/completions/virtslo.fish"),
    ],
)
def test_a_shells_file_is_written_where_it_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: str, variable: str, file: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path))
    printed = virtslo("completion", shell)
    done = virtslo("completion", shell, "--install")

    assert (printed.code, done.code) == (0, 0)
    assert (tmp_path / file).read_text() == printed.out
    assert "_VIRTSLO_COMPLETE" in printed.out
    assert str(tmp_path / file) in done.out


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_by_what_is_printed(tmp_path: Path) -> None:
    script = tmp_path / "completion"
    script.write_text(virtslo("completion", "bash").out)
    program = tmp_path / "virtslo"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m virtslo "$@"\n')
    program.chmod(0o755)
    asked = (
        f"source {script}; COMP_WORDS=(virtslo run bur); COMP_CWORD=2; "
        f'_virtslo_completion {program}; echo "${{COMPREPLY[@]}}"'
    )
    done = subprocess.run(
        ["bash", "-c", asked], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.stdout.split() == ["burst"], done.stderr
