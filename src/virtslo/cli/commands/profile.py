"""`virtslo profile`: profiles of the simulated cluster, one's own too, and settings over them."""

import json

import click

from virtslo.cli import printing
from virtslo.cli.options import TargetOptions, settings_option
from virtslo.cli.printing import say, show_json


@click.group("profile")
def command() -> None:
    """Show and check profiles of the simulated cluster, and its settings.

    \b
    virtslo profile show ci > mine.yaml     a profile as a file, to be changed
    virtslo profile check mine.yaml         every problem of a file
    virtslo run burst --simulate ./mine.yaml
    """


@command.command("show")
@click.argument("profile", required=False, metavar="[PROFILE|FILE]")
@settings_option
def show(profile: str | None, settings: tuple[str, ...]) -> int:
    """Print a profile whole, as a file; without one, the built-in profiles by name."""
    from virtslo.config.profiles import builtin_document, profile_names

    if profile is None and not settings:
        for name in profile_names():
            say(f"{name:10}  {builtin_document(name)['description']}")
        return 0
    from virtslo.cli.targets import simulated_target
    from virtslo.config.profiles.profile_file import profile_text

    options = TargetOptions(profile=profile, settings=settings)
    target = simulated_target(options, seed=1, count=0, option="PROFILE")
    from virtslo.config.profiles import profile_of_target

    printing.show(profile_text(profile_of_target(target)))
    return 0


@command.command("check")
@click.argument("profile", metavar="PROFILE|FILE")
@settings_option
def check(profile: str, settings: tuple[str, ...]) -> int:
    """Check a profile's file, with settings over it; report every problem."""
    from virtslo.cli.targets import simulated_target

    options = TargetOptions(profile=profile, settings=settings)
    target = simulated_target(options, seed=1, count=0, option="PROFILE")
    say(f"{profile}: a valid profile, named {target.description}")
    return 0


@command.command("settings")
def settings_() -> int:
    """List the names of settings outside `profile.`, and what each sets."""
    from virtslo.config.profiles.settings import SHORT_FORMS

    width = max(map(len, SHORT_FORMS))
    for name, paths in SHORT_FORMS.items():
        values = ", ".join(f"profile.{'.'.join(path)}" for path in paths)
        say(f"{name:{width}}  {values}")
    say(f"{'profile.NAME':{width}}  any value that `virtslo profile show` prints")
    return 0


@command.command("schema")
def schema() -> int:
    """Print the JSON Schema of a profile's file."""
    from virtslo.config.profiles.profile_file import profile_schema

    show_json(json.dumps(profile_schema(), indent=2))
    return 0
