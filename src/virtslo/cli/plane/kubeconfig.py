"""`virtslo plane kubeconfig`: where a plane's kubeconfig is.

Invariant: the path is printed, not the contents, which hold a key.
"""

import click

from virtslo.cli.printing import show


@click.command("kubeconfig")
@click.option("--name", default="default", show_default=True, help="Name of the plane.")
def command(name: str) -> int:
    """Print the path of a plane's kubeconfig, of a user who may do everything.

    \b
    export KUBECONFIG=$(virtslo plane kubeconfig)
    """
    from virtslo.plane.state import require

    show(require(name).kubeconfig)
    return 0
