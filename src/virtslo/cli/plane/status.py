"""`virtslo plane status`: the planes that are up, and the processes of each."""

import json
from dataclasses import asdict

import click

from virtslo.cli.options import format_option
from virtslo.cli.printing import say, show_json


@click.command("status")
@format_option("table", "json")
def command(form: str) -> int:
    """List the planes that are up."""
    from virtslo.plane.state import facts_of, names

    found = {name: facts_of(name) for name in names()}
    if form == "json":
        known = [asdict(facts) for facts in found.values() if facts is not None]
        show_json(json.dumps(known, indent=2))
        return 0
    if not found:
        say("no plane is up")
    for name, facts in found.items():
        if facts is None:
            say(f"{name}: not ready yet")
            continue
        say(
            f"{name}: KubeVirt {facts.version}, {facts.nodes} hollow nodes, {facts.url}, "
            f"since {facts.started_at}"
        )
        for process, pid in facts.processes.items():
            say(f"  {pid:>8}  {process}")
    return 0
