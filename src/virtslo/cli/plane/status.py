"""`virtslo plane status`: the planes that are up, and the processes of each."""

import json
from dataclasses import asdict

import click

from virtslo.cli.options import format_option


@click.command("status")
@format_option("table", "json")
def command(form: str) -> int:
    """List the planes that are up."""
    from virtslo.plane.state import facts_of, names

    found = {name: facts_of(name) for name in names()}
    if form == "json":
        known = [asdict(facts) for facts in found.values() if facts is not None]
        click.echo(json.dumps(known, indent=2))
        return 0
    if not found:
        click.echo("no plane is up")
    for name, facts in found.items():
        if facts is None:
            click.echo(f"{name}: not ready yet")
            continue
        click.echo(
            f"{name}: KubeVirt {facts.version}, {facts.nodes} hollow nodes, {facts.url}, "
            f"since {facts.started_at}"
        )
        for process, pid in facts.processes.items():
            click.echo(f"  {pid:>8}  {process}")
    return 0
