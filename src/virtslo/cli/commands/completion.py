"""`virtslo completion`: completion of commands, options and names in a shell.

Invariant: only with --install a file is written, and only one of the user's own; no shell's
settings are changed.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

from virtslo.cli.printing import say, show

PROGRAM: Final = "virtslo"
VARIABLE: Final = "_VIRTSLO_COMPLETE"
SHELLS: Final = ("bash", "zsh", "fish")
_FILES: Final[Mapping[str, tuple[str, str, str]]] = {
    # variable of the folder, its default below the home folder, the file
    "bash": ("XDG_DATA_HOME", ".local/share", "bash-completion/completions/virtslo"),
    "zsh": ("XDG_DATA_HOME", ".local/share", "zsh/site-functions/_virtslo"),
    "fish": ("XDG_CONFIG_HOME", ".config", "fish/completions/virtslo.fish"),
}

_FIRST_CALL: Final = "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then"
_ANY_CALL: Final = f"if [[ $funcstack[1] == _{PROGRAM} ]]; then"


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@click.option("--install", is_flag=True, help="Write it where the shell looks for it.")
def command(shell: str, install: bool) -> int:
    """Print the completion of a shell, or install it.

    \b
    virtslo completion bash --install
    virtslo completion fish > ~/.config/fish/completions/virtslo.fish
    """
    text = script_of(shell)
    if not install:
        show(text)
        return 0
    from virtslo.cli.output import write_file

    path = place_of(shell)
    write_file(path, text + "\n")
    say(f"written: {path}; it works in shells that are opened from now on")
    if shell == "zsh":
        say(f"zsh looks there if ~/.zshrc has, before compinit: fpath+=({path.parent})")
    return 0


def script_of(shell: str) -> str:
    """The shell's program, which asks virtslo for completions."""
    from click.shell_completion import get_completion_class

    from virtslo.cli.main import main

    kind = get_completion_class(shell)
    assert kind is not None
    text = kind(main, {}, PROGRAM, VARIABLE).source().strip()
    if shell == "zsh":
        # A function that zsh loads from a file is called again as a function: click's test is true
        # in the first call alone, so that the second Tab in a shell would complete nothing.
        assert _FIRST_CALL in text
        text = text.replace(_FIRST_CALL, _ANY_CALL)
    return text


def place_of(shell: str) -> Path:
    """Where a shell looks for a user's completions."""
    variable, default, file = _FILES[shell]
    folder = os.environ.get(variable)
    return (Path(folder) if folder else Path.home() / default) / file
