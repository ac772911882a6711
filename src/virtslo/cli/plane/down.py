"""`virtslo plane down`: the end of a plane, from outside."""

import os
import signal
import time
from typing import Final

import click

from virtslo.base.errors import ClusterError
from virtslo.cli.printing import say

PATIENCE_SECONDS: Final = 90.0
POLL_SECONDS: Final = 0.1


@click.command("down")
@click.option("--name", default="default", show_default=True, help="Name of the plane.")
def command(name: str) -> int:
    """End a plane and remove everything of it."""
    from virtslo.plane.state import holder_of

    pid = holder_of(name)
    if pid is None:
        say(f"plane {name}: not up", err=True)
        return 0
    os.kill(pid, signal.SIGTERM)
    for _ in range(int(PATIENCE_SECONDS / POLL_SECONDS)):
        if holder_of(name) is None:
            say(f"plane {name}: ended, nothing of it is left", err=True)
            return 0
        time.sleep(POLL_SECONDS)
    raise ClusterError(
        f"the plane {name!r} has not ended after {PATIENCE_SECONDS:.0f} s (process {pid})",
        hint="kill -KILL ends it; its processes end with it",
    )
