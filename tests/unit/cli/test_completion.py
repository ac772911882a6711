"""Completion: what a shell is offered, and where its file goes."""

import os
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


def shell_environment(tmp_path: Path) -> dict[str, str]:
    """A home folder of the test's own, and this environment's virtslo first on PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "virtslo"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m virtslo "$@"\n')
    program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return kept | {"HOME": str(tmp_path), "PATH": path, "TERM": "dumb"}


def install(shell: str, environment: dict[str, str]) -> None:
    command = ["virtslo", "completion", shell, "--install"]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=500)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
def test_fish_completes_by_what_is_installed(tmp_path: Path) -> None:
    environment = shell_environment(tmp_path)
    install("fish", environment)
    done = subprocess.run(
        ["fish", "-c", 'complete -C "virtslo run bur"; complete -C "virtslo run burst --kind vmp"'],
        env=environment, capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip

    assert done.stdout.split() == ["burst", "vmpool"], done.stderr


# A terminal of its own, in which Tab is pressed twice: zsh loads the file at the first.
ZSH_SESSION = r"""
zmodload zsh/zpty
zpty shell zsh -i
zpty -n -w shell $'virtslo run bur\t'
zpty -r shell seen '*burst*' || exit 1
zpty -n -w shell $'--kind vmp\t'
zpty -r shell seen '*vmpool*' || exit 1
zpty -d shell
print completed
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")
def test_zsh_completes_by_what_is_installed_at_every_tab(tmp_path: Path) -> None:
    environment = shell_environment(tmp_path)
    install("zsh", environment)
    functions = tmp_path / ".local/share/zsh/site-functions"
    (tmp_path / ".zshrc").write_text(
        f"fpath+=({functions})\nautoload -Uz compinit && compinit -u\n"
    )
    done = subprocess.run(
        ["zsh", "-f", "-c", ZSH_SESSION],
        env=environment, capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip

    assert done.stdout.split()[-1:] == ["completed"], done.stderr
