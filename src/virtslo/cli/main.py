"""The `virtslo` command: its group, its exit codes, and the one place that catches errors.

Invariant: commands are imported when they are called; only this module exits, and only it turns
an error into a message. Exit codes: 0 met or valid · 1 violated or regressed · 2 wrong request ·
3 could not run · 4 inconclusive · 70 a bug of ours · 130 interrupted.
"""

import atexit
import os
import sys
from collections.abc import Mapping
from io import StringIO
from typing import Final

import click

from virtslo import __version__
from virtslo.base.collector import COLLECTING
from virtslo.base.errors import Interrupted, ScenarioError, VirtsloError
from virtslo.base.plain_text import harmless, without_passwords
from virtslo.cli.lazy_group import LazyGroup
from virtslo.cli.standard_streams import COULD_NOT_RUN, end_streams, guard_streams

WRONG_REQUEST: Final = 2
BUG: Final = 70
INTERRUPTED: Final = 130
CARRIED_OUT: Final = frozenset({0, 1, 4})
"""Exit codes of commands that came to their end, whatever they found."""

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "run": ("virtslo.cli.commands.run", "Run a test on a cluster, or on the simulated one."),
    "preflight": (
        "virtslo.cli.commands.preflight",
        "Check cluster prerequisites without changing anything.",
    ),
    "report": ("virtslo.cli.commands.report", "Print a run's report from its record."),
    "tables": ("virtslo.cli.commands.tables", "Print the three tables from one or several runs."),
    "list": ("virtslo.cli.commands.listing", "List the records of a folder."),
    "show": ("virtslo.cli.commands.show", "Open a record's page in a browser."),
    "audit": (
        "virtslo.cli.commands.audit",
        "Audit a test from a Prometheus, as perfscale-audit does.",
    ),
    "history": ("virtslo.cli.history.group", "Keep runs over time and find what changed."),
    "compare": ("virtslo.cli.history.compare", "Compare two groups of runs."),
    "plan": ("virtslo.cli.history.plan", "Say how many runs show a difference."),
    "sweep": (
        "virtslo.cli.whatif.sweep",
        "Run a grid of simulated runs and show what each setting does.",
    ),
    "search": (
        "virtslo.cli.whatif.search",
        "Find the highest load at which objectives hold.",
    ),
    "calibrate": (
        "virtslo.cli.whatif.calibrate",
        "Fit a profile of the simulated cluster to recorded runs.",
    ),
    "predict": (
        "virtslo.cli.whatif.predict",
        "Predict a larger load from recorded runs of a cluster.",
    ),
    "record": (
        "virtslo.cli.commands.record",
        "Record arrivals and lifetimes, without names, for a replay.",
    ),
    "simulate": ("virtslo.cli.commands.simulate", "Serve the simulated cluster on loopback."),
    "profile": (
        "virtslo.cli.commands.profile",
        "Show and check profiles of the simulated cluster, and its settings.",
    ),
    "hollow": (
        "virtslo.cli.commands.hollow",
        "Run hollow KubeVirt controllers against an API server.",
    ),
    "cost": ("virtslo.cli.cost.command", "Measure what a change costs the control plane."),
    "plane": ("virtslo.cli.plane.group", "Run a real control plane without machines."),
    "clean": ("virtslo.cli.commands.clean", "Remove objects that runs left on a cluster."),
    "checkup": ("virtslo.cli.commands.checkup", "Run a checkup that a ConfigMap describes."),
    "completion": ("virtslo.cli.commands.completion", "Print the completion of a shell."),
    "schema": ("virtslo.cli.commands.schema", "Print the JSON Schema of the scenario file."),
}


@click.group(
    cls=LazyGroup, modules=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="virtslo")
def main() -> None:
    """Measure the scale and performance of KubeVirt's control plane.

    Run KubeVirt's two scale tests, Burst and Steady State, on a real cluster or on the built-in
    simulated one, and fill the three tables of SIG-scale.

    The simulated cluster runs virtslo's own controllers, in the manner of KubeVirt's: it answers
    questions on settings, load and method. A change of KubeVirt's Go code does not show there;
    that takes a real cluster.

    \b
    virtslo run burst                      burst of 100 VMIs on the simulated cluster
    virtslo run scenario.yaml --context c  a scenario file, on a real cluster
    virtslo report latest                  report of a finished run, from its record
    """


class ProcessEnd:
    """The end of this process, without taking apart what it has: that takes as long as 2 % of a
    command, and the system takes it all at once.

    Python waits for threads first, and then calls what was registered for the exit; this comes
    last, since it is made first. A command that failed or was interrupted ends as Python ends:
    what it left open is closed then.
    """

    def __init__(self) -> None:
        self.code: int | None = None
        """The exit code; None while the command is at work."""
        atexit.register(self._end)

    def _end(self) -> None:
        if self.code in CARRIED_OUT and sys.gettrace() is None:  # a tracer ends itself later
            code = end_streams(self.code)
            sys.stderr.flush()
            os._exit(code)


def run() -> None:
    """Run the command line and exit with its code."""
    end = ProcessEnd()
    COLLECTING.be_seldom()
    guard_streams()
    end.code = code = end_streams(exit_code_of(sys.argv[1:]))
    COLLECTING.end()
    sys.exit(code)


def exit_code_of(arguments: list[str]) -> int:
    """Carry out a command line; every error becomes a message and a code."""
    try:
        outcome = main.main(args=arguments, prog_name="virtslo", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        click.echo("virtslo: stopped by the user", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        _tell_usage(error)
        return WRONG_REQUEST
    except VirtsloError as error:
        _tell(error)
        return _code_of(error)
    except BrokenPipeError:
        _silence_stdout()
        return 0
    except KeyboardInterrupt:
        click.echo("virtslo: stopped by the user", err=True)
        return INTERRUPTED
    except Exception:  # noqa: BLE001  the one place: whatever gets here is a bug of ours
        _tell_bug()
        return BUG
    return outcome if isinstance(outcome, int) else 0


def _code_of(error: VirtsloError) -> int:
    if isinstance(error, ScenarioError):
        return WRONG_REQUEST
    return INTERRUPTED if isinstance(error, Interrupted) else COULD_NOT_RUN


def _tell_usage(error: click.ClickException) -> None:
    shown = StringIO()
    error.show(shown)
    click.echo(_shown(shown.getvalue()), err=True, nl=False)


def _tell(error: VirtsloError) -> None:
    click.echo(f"virtslo: {_shown(error.message)}", err=True)
    if error.hint:
        click.echo(f"  hint: {_shown(error.hint)}", err=True)


def _shown(text: str) -> str:
    return without_passwords(harmless(text, lines=True))


def _tell_bug() -> None:
    import traceback

    traceback.print_exc()
    click.echo(
        "virtslo: this is a bug of ours. Please report it with the lines above, the command, "
        f"and `virtslo --version` ({__version__}).",
        err=True,
    )


def _silence_stdout() -> None:
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())
