"""`virtslo schema`: the JSON Schema of the scenario file."""

import json

import click

from virtslo.config.schema import scenario_schema


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of the scenario file, for editors and other tools."""
    click.echo(json.dumps(scenario_schema(), indent=2))
