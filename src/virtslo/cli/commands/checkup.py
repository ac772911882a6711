"""`virtslo checkup`: a run as a checkup, in the convention of kiagnose."""

from pathlib import Path
from typing import Any

import click

from virtslo.cli.options import TargetOptions, runs_option, target_options


@click.command("checkup")
@click.option(
    "--config-map",
    "name",
    metavar="NAME",
    required=True,
    envvar="CONFIGMAP_NAME",
    show_envvar=True,
    help="ConfigMap of the checkup.",
)
@click.option(
    "--namespace",
    metavar="NAME",
    required=True,
    envvar="CONFIGMAP_NAMESPACE",
    show_envvar=True,
    help="Namespace of the ConfigMap, and of the run.",
)
@target_options
@runs_option
def command(name: str, namespace: str, runs: Path, **options: Any) -> int:
    """Run a test that a ConfigMap describes, within one namespace.

    Reads spec.timeout and spec.param.*, and writes status.succeeded, status.failureReason,
    status.startTimestamp, status.completionTimestamp and status.result.*, as KubeVirt's other
    checkups do. Without --context and --kubeconfig the cluster is the one that this pod runs in.

    \b
    kubectl apply -n my-namespace -f deploy/checkup.yaml
    virtslo checkup --namespace my-namespace --config-map virtslo-checkup --context my-cluster
    """
    from virtslo.cli.running.checkup_run import carry_out
    from virtslo.cli.targets import real_target

    given = TargetOptions.of_real(options)
    target = real_target(given if given.is_real else TargetOptions(in_cluster=True))
    assert target is not None
    return carry_out(target, name=name, namespace=namespace, runs=runs)
