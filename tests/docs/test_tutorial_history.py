"""The tutorial on the history is run as written: every command, and what it says they print."""

import re
import shlex
from pathlib import Path

import pytest

from support.cli import virtslo

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorials" / "read-a-history.md"
PAIR = re.compile(r"```sh\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_command_prints_what_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    monkeypatch.chdir(tmp_path)
    pairs = PAIR.findall(PAGE.read_text())

    assert len(pairs) == 6
    for command, expected in pairs:
        name, *arguments = shlex.split(command)
        done = virtslo(*arguments)

        assert name == "virtslo"
        assert done.code == (1 if arguments[1] == "check" else 0), done.err
        position = 0
        for line in expected.splitlines():
            position = done.out.find(line, position)
            assert position >= 0, f"{command}{line!r} is not in\n{done.out}"
