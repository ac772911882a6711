"""The command line's front door: help, exit codes, what `--help` imports."""

import subprocess
import sys

import pytest

from support.cli import virtslo
from virtslo.cli.main import COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    shown = virtslo(command, "--help")

    assert shown.code == 0
    assert f"virtslo {command}" in shown.out


def test_help_lists_every_command() -> None:
    shown = virtslo("--help")

    assert all(command in shown.out for command in COMMANDS)


def test_an_unknown_command_is_a_wrong_request() -> None:
    shown = virtslo("rnu")

    assert shown.code == 2
    assert "rnu" in shown.err


def test_a_misspelt_pattern_is_not_looked_for_as_a_file() -> None:
    shown = virtslo("run", "brust")

    assert shown.code == 2
    assert "did you mean burst?" in shown.err
    assert "No such file" in virtslo("run", "other.yaml").err


def test_help_imports_no_heavy_library() -> None:
    code = (
        "import sys\n"
        "from virtslo.cli.main import exit_code_of\n"
        "exit_code_of(['--help'])\n"
        "heavy = {'aiohttp', 'asyncio', 'jinja2', 'msgspec', 'pydantic',\n"
        "         'rich', 'yaml', 'cryptography', 'prometheus_client'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=600
    )

    assert done.stderr.strip() == "[]"


ENDS = """
import atexit, sys, threading, time
from virtslo.cli import main

class Kept:
    def __del__(self):
        print("taken apart")

def work():
    time.sleep(0.2)
    print("a thread's end")

def exit_code_of(arguments):
    main.kept = Kept()
    atexit.register(print, "what was registered")
    threading.Thread(target=work).start()
    print("x" * 100_000)
    return int(arguments[0])

main.exit_code_of = exit_code_of
main.run()
"""


@pytest.mark.parametrize(("code", "last"), [(0, []), (4, []), (3, ["taken apart"])])
def test_a_process_takes_apart_what_it_has_only_where_it_failed(code: int, last: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ENDS, str(code)],
        check=False,
        capture_output=True,
        text=True,
        timeout=600,
    )

    assert done.returncode == code
    assert done.stdout.splitlines() == [
        "x" * 100_000,
        "a thread's end",
        "what was registered",
        *last,
    ]
    assert done.stderr == ""


def test_no_record_is_said_with_a_hint() -> None:
    shown = virtslo("report", "no-such-run")

    assert shown.code == 3
    assert "no record at 'no-such-run'" in shown.err
    assert "hint:" in shown.err


@pytest.mark.parametrize(
    "arguments",
    [("list",), ("show",), ("report",), ("run",), ("audit",), ("calibrate",), ("record", "--from")],
)
def test_a_password_given_where_a_path_is_expected_is_not_said(arguments: tuple[str, ...]) -> None:
    told = virtslo(*arguments, "postgresql://u:sekrit@h/x")

    assert told.code != 0
    assert "sekrit" not in told.out + told.err


def test_an_argument_that_is_quoted_changes_no_terminal() -> None:
    told = virtslo("schema", "a\u202e\x1b[31mb")

    assert told.code == 2
    assert "argument (a\\u202eb)" in told.err
