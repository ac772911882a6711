"""`virtslo schema`: the JSON Schemas of the files that people write."""

import json

import click

from virtslo.cli.printing import show_json
from virtslo.config.objectives_schema import objectives_schema
from virtslo.config.schema import scenario_schema
from virtslo.config.trace_schema import trace_schema


@click.command("schema")
@click.option("--objectives", is_flag=True, help="Print the schema of the objectives file.")
@click.option("--trace", is_flag=True, help="Print the schema of a line of a trace.")
def command(*, objectives: bool, trace: bool) -> None:
    """Print the JSON Schema of the scenario file, for editors and other tools."""
    schema = objectives_schema() if objectives else scenario_schema()
    show_json(json.dumps(trace_schema() if trace else schema, indent=2))
