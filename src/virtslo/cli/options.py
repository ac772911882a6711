"""Options that several commands share, and how they become a scenario document.

Invariant: an option's text is passed on as written; `config` alone says what is wrong with it, so
that the command line and a file get the same messages, all at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from virtslo.base.errors import Problem
from virtslo.cli.completing import words
from virtslo.cli.output import OutputFile

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Adds options to a command."""
SEEDS: Final = click.IntRange(0, 2**53)
"""Random seeds: with a repetition's number added, still what a record may hold."""
SCENARIO_OPTIONS: Final = (
    # option, path in a scenario file, help
    ("--kind", "workload.kind", "Kind of the objects: vmi, vm, vmpool or vmirs."),
    ("--count", "workload.count", "Number of objects (pools and replica sets: of members)."),
    ("--template", "workload.template", "Built-in template, or path to a template file."),
    ("--namespaces", "workload.namespaces", "Number of namespaces, used round robin."),
    ("--arrival", "load.arrival.process", "Arrival process: burst, constant, poisson or ramp."),
    ("--rate", "load.arrival.rate", "Arrival rate, such as 50/s (ramp: the rate at its end)."),
    ("--max-in-flight", "load.maxInFlight", "Maximum number of requests in flight."),
    (
        "--churn",
        "load.churn.objects",
        "Objects replaced per cycle (5 or 5%); constant churn: a rate (2/s).",
    ),
    ("--cycles", "load.churn.cycles", "Steady state: number of cycles."),
    ("--every", "load.churn.every", "Steady state: time between the starts of cycles."),
    ("--victims", "load.churn.victims", "Objects that are replaced: random, oldest or newest."),
    (
        "--churn-mode",
        "load.churn.mode",
        "Form of churn: objects, scale (pools, replica sets) or restart (VMs).",
    ),
    (
        "--churn-ladder",
        "load.churn.ladder",
        "Constant churn: rising rates (1/s,2/s,5/s), each a run of its own.",
    ),
    ("--duration", "load.churn.duration", "Constant churn, idle: duration, such as 5m."),
    ("--trace", "load.trace", "Replay: path to a trace of virtslo record."),
    ("--speed", "load.speed", "Replay: how many times as fast as recorded."),
    ("--sample", "load.sample", "Replay: share of the trace that is played; 2 plays all twice."),
    ("--sample-seed", "load.sampleSeed", "Replay: seed by which a share is chosen."),
    ("--settle", "load.settle", "Time without watch events before a window closes."),
    ("--timeout", "deadlines.running", "Deadline for the objects to be Running."),
    ("--objectives", "objectives", "Built-in catalog of objectives, or path to a file."),
    ("--repeat", "repeat", "Number of repetitions, on simulated clusters with a seed each."),
)
"""Every option that stands for a field of the scenario file."""


USER_DATA: Final = "user_data"
"""The parameter of the file of values for a workload's own template."""
VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "--kind": ("vmi", "vm", "vmpool", "vmirs"),
    "--arrival": ("burst", "constant", "poisson", "ramp"),
    "--victims": ("random", "oldest", "newest"),
    "--churn-mode": ("objects", "scale", "restart"),
    "--objectives": ("kubevirt-ci", "kubernetes"),
}
"""Values that a shell may put in; `config` says which are right."""


def scenario_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that stand for fields of the scenario file."""
    for option, _, text in reversed(SCENARIO_OPTIONS):
        known = VALUES.get(option)
        command = click.option(
            option,
            metavar="VALUE",
            default=None,
            help=text,
            shell_complete=None if known is None else words(*known),
        )(command)
    return command


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which real cluster is meant."""
    for decorate in (
        click.option("--in-cluster", is_flag=True, help="Use the cluster that this pod runs in."),
        click.option(
            "--kubeconfig",
            type=click.Path(dir_okay=False),
            help="Path to a kubeconfig; its current context unless --context is given.",
        ),
        click.option("--context", metavar="NAME", help="Context of the kubeconfig."),
    ):
        command = decorate(command)
    return command


def settings_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that puts settings over the profile of the simulated cluster."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="Simulated cluster: setting, such as kubevirt.virtController.qps=400.",
    )(command)


def format_option(*forms: str, text: str = "Format of the output.") -> Decorator:
    """The option that says in which of these formats the output is; the first is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help=text,
    )


def output_option(text: str = "File of the output; else standard output.") -> Decorator:
    """The option that names a file for the output."""
    return click.option("-o", "--output", type=OutputFile(), help=text)


def folder_option(name: str, what: str, *, parameter: str | None = None) -> Decorator:
    """The option that names a folder, by default one of the option's name beside us."""
    return click.option(
        f"--{name}",
        parameter or name,
        type=click.Path(file_okay=False, path_type=Path),
        default=Path(name),
        show_default=True,
        help=f"Folder {what}.",
    )


def runs_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says where records are written."""
    return folder_option("runs", "for records")(command)


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """Which cluster the command line means; with none of it, the simulated one."""

    kubeconfig: str | None = None
    context: str | None = None
    in_cluster: bool = False
    is_agreed: bool = False
    """Whether no question is asked before a real cluster is loaded (--yes)."""
    profile: str | None = None
    nodes: int | None = None
    faults: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def is_real(self) -> bool:
        """Whether a real cluster is meant."""
        named = (self.kubeconfig, self.context)
        return self.in_cluster or any(name is not None for name in named)

    @classmethod
    def of_real(cls, values: Mapping[str, Any]) -> "TargetOptions":
        """The options of a command that has no simulated cluster."""
        return cls(
            kubeconfig=values["kubeconfig"],
            context=values["context"],
            in_cluster=values["in_cluster"],
            is_agreed=values.get("yes", False),
        )


@dataclass(frozen=True, slots=True)
class ReportWanted:
    """In which form a report is wanted, and where."""

    form: str = "table"
    output: Path | None = None
    is_whole: bool = False
    """Whether the three tables are wanted with what was not run."""


def repetition_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say until when, and in which order, scenarios are repeated."""
    for decorate in (
        click.option(
            "--order",
            type=click.Choice(["stated", "random"]),
            help="Order of kinds in a repetition; on real clusters repetitions are random.",
        ),
        click.option(
            "--until",
            metavar="[ci|NAME[:STAT]]=SHARE",
            help="Repeat until the 95 % interval is this narrow; --repeat: at most (30).",
        ),
    ):
        command = decorate(command)
    return command


def tables_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that says how much of the three tables is shown."""
    return click.option(
        "--tables",
        "extent",
        type=click.Choice(["run", "full"]),
        default="run",
        show_default=True,
        help="The three tables: what was run, or all (as for several tests).",
    )(command)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of `virtslo run`."""

    scenario: Mapping[str, Any]
    """Options that stand for fields of the scenario file, by their names; None: not given."""
    target: TargetOptions
    seed: int
    runs: Path
    wanted: ReportWanted
    resume: Path | None
    is_dry: bool
    keep: bool
    quiet: bool
    until: str | None = None
    """The width of an interval that ends repetitions, as it was written."""
    order: str | None = None
    """`stated` or `random`; None: random for repetitions on a real cluster."""
    history: str | None = None
    """The history that runs are stored in when they end; empty: the default one."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "RunOptions":
        """Options as click passes them."""
        names = [parameter_of(option) for option, _, _ in SCENARIO_OPTIONS]
        real = TargetOptions.of_real(values)
        return cls(
            scenario={name: values[name] for name in names} | {USER_DATA: values[USER_DATA]},
            target=replace(
                real,
                profile=values["profile"],
                nodes=values["nodes"],
                faults=values["faults"],
                settings=values["settings"],
            ),
            seed=values["seed"],
            runs=values["runs"],
            wanted=ReportWanted(values["form"], values["output"], values["extent"] == "full"),
            resume=values["resume"],
            is_dry=values["dry_run"],
            keep=values["keep"],
            quiet=values["quiet"],
            until=values["until"],
            order=values["order"],
            history=values["history"],
        )


def place_of(path: str) -> str:
    """The option that stands for a field of the scenario file, or the path itself."""
    return PLACES.get(path, path)


CHURN_RATE: Final = "load.churn.rate"
PLACES: Final[Mapping[str, str]] = {
    CHURN_RATE: "--churn",
    **{path: option for option, path, _ in SCENARIO_OPTIONS},
}


def parameter_of(option: str) -> str:
    """The name under which click passes an option."""
    return option.lstrip("-").replace("-", "_")


def overrides(values: Mapping[str, Any], *, is_constant_churn: bool = False) -> dict[str, Any]:
    """The given options as a nested scenario document; numbers become numbers, all else text.

    Of constant churn `--churn 2/s`, or `--rate` without `--arrival`, is the rate of replacements.
    """
    document: dict[str, Any] = {}
    for option, path, _ in SCENARIO_OPTIONS:
        value = values.get(parameter_of(option))
        if value is None:
            continue
        is_rate = option == "--churn" and "/" in value
        if is_constant_churn and option == "--rate" and values.get("arrival") is None:
            is_rate = True
        is_number = option in OF_REPLAY
        put(document, CHURN_RATE if is_rate else path, (number if is_number else scalar)(value))
    return document


OF_REPLAY: Final = ("--speed", "--sample", "--sample-seed")
OF_CYCLES: Final = ("--cycles", "--every")
OF_CHURN: Final = ("--churn", "--cycles", "--every", "--victims", "--churn-mode", "--duration",
                   "--churn-ladder")  # fmt: skip


def misplaced(pattern: str, values: Mapping[str, Any]) -> list[Problem]:
    """Options that say something of a churn that this pattern does not have."""
    given = [option for option in OF_CHURN if values.get(parameter_of(option)) is not None]
    if pattern in {"burst", "replay"}:
        expected = f"steady-state or constant-churn: a {pattern} has no churn"
        return [Problem(option, f"it with the pattern {pattern}", expected) for option in given]
    if pattern != "constant-churn":
        return []
    expected = "none: constant churn has a rate and a duration, no cycles"
    found = [
        Problem(option, "it with constant-churn", expected)
        for option in given
        if option in OF_CYCLES
    ]
    if "--churn" in given and "/" not in values["churn"]:
        hint = "--churn 2/s, or --rate 2/s"
        found.append(Problem("--churn", repr(values["churn"]), "replacements per second", hint))
    return found


def scalar(text: str) -> int | str:
    """A whole number where the text is one."""
    stripped = text.strip()
    digits = stripped.removeprefix("-")
    return int(stripped) if digits.isascii() and digits.isdigit() and len(digits) < 16 else text


def number(text: str) -> float | int | str:
    """A number where the text is one."""
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def put(document: dict[str, Any], path: str, value: object) -> None:
    """Set the field at a dotted path."""
    *parents, last = path.split(".")
    for key in parents:
        document = document.setdefault(key, {})
    document[last] = value


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the fields of `over` put into it, mapping by mapping."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            result[key] = merged(below, value)
        else:
            result[key] = value
    return result
