"""Options that say what a plane is made of, and the spec that they become.

Invariant: every missing program and every option that cannot be read is reported before anything is
started.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from virtslo.base.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from virtslo.plane.running import PlaneSpec, Tell

EXISTING: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)
MOST_REPLICAS: Final = 5
CONTEXT: Final = "virtslo-plane"

_OPTIONS: Final[Sequence[Callable[..., Any]]] = (
    click.option("--bin", "folders", multiple=True, type=FOLDER, help="Folder of programs."),
    click.option("--kubevirt", "source", type=FOLDER, metavar="SOURCE",
                 help="Source tree of KubeVirt, built with Go and kept by commit."),
    click.option("--virt-controller", type=EXISTING, metavar="PATH",
                 help="Program of virt-controller."),
    click.option("--virt-api", type=EXISTING, metavar="PATH", help="Program of virt-api."),
    click.option("--nodes", type=click.IntRange(1, 1000), default=10, show_default=True,
                 help="Number of hollow nodes."),
    click.option("--cpu", help="CPUs of each node (default: the profile's)."),
    click.option("--memory", help="Memory of each node (default: the profile's)."),
    click.option("--pods", type=click.IntRange(1, 10_000),
                 help="Pod capacity of each node (default: the profile's)."),
    click.option("--profile", default="reference", show_default=True,
                 help="Timing profile of the hollow nodes."),
    click.option("--gate", "gates", multiple=True, metavar="NAME[=off]",
                 help="Feature gate of KubeVirt to switch."),
    click.option("--config", "fields", multiple=True, metavar="FIELD=VALUE",
                 help="Field of the KubeVirt object, under spec.configuration."),
    click.option("--audit-policy", type=EXISTING,
                 help="Audit policy (default: metadata of every request)."),
    click.option("--virt-controllers", type=click.IntRange(1, MOST_REPLICAS), default=1,
                 show_default=True, help="Number of virt-controllers."),
    click.option("--virt-apis", type=click.IntRange(1, MOST_REPLICAS), default=1,
                 show_default=True, help="Number of virt-apis."),
    click.option("--api-server-flag", "flags", multiple=True, metavar="FLAG=VALUE",
                 help="Flag of kube-apiserver, such as max-requests-inflight=800."),
)  # fmt: skip


def plane_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what a plane is made of."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class PlaneOptions:
    """What a plane is made of, as the command line says it."""

    folders: tuple[Path, ...] = ()
    source: Path | None = None
    revision: str | None = None
    """A commit of the source tree; None: the tree as it is."""
    virt_controller: Path | None = None
    virt_api: Path | None = None
    nodes: int = 10
    cpu: str | None = None
    memory: str | None = None
    pods: int | None = None
    profile: str = "reference"
    gates: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    audit_policy: Path | None = None
    virt_controllers: int = 1
    virt_apis: int = 1
    flags: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "PlaneOptions":
        """Options as click passes them."""
        return cls(**{name: values[name] for name in cls.__slots__ if name in values})


def spec_of(
    options: PlaneOptions, tell: "Tell", *, port: int | None = None, context: str = CONTEXT
) -> "PlaneSpec":
    """The spec; KubeVirt is built where a source tree is named. Raises ScenarioError."""
    from virtslo.config.profiles import load_profile
    from virtslo.plane.control_plane import Options
    from virtslo.plane.gates import refuse_unknown_gates
    from virtslo.plane.kubevirt import KubeVirtOptions
    from virtslo.plane.kubevirt_spec import names_of
    from virtslo.plane.kubevirt_spec import spec_of as kubevirt_spec
    from virtslo.plane.programs import (
        KUBERNETES,
        KUBEVIRT,
        VIRT_API,
        VIRT_CONTROLLER,
        ProgramPlaces,
        locate,
    )
    from virtslo.plane.running import PlaneSpec

    spec = kubevirt_spec(options.gates, options.fields)
    profile = load_profile(options.profile, option="--profile")
    shape = {
        name: value
        for name in ("cpu", "memory", "pods")
        if (value := getattr(options, name)) is not None
    }
    kubernetes = Options(
        extra=_flags(options.flags), audit_policy=_policy(options.audit_policy), port=port,
        context=context, is_temporary=True,
    )  # fmt: skip
    named = {
        name: path
        for name, path in (
            (VIRT_CONTROLLER, options.virt_controller),
            (VIRT_API, options.virt_api),
        )
        if path is not None
    }
    places = ProgramPlaces.of_environment(named=named, folders=options.folders)
    if options.source is not None:
        locate(KUBERNETES, places)
        places = replace(places, named={**_built(options, tell), **named})
    programs = locate((*KUBERNETES, *KUBEVIRT), places)
    refuse_unknown_gates(names_of(options.gates), programs)
    return PlaneSpec(
        programs=programs,
        profile=replace(profile, nodes=replace(profile.nodes, **shape)),
        nodes=options.nodes,
        kubernetes=kubernetes,
        kubevirt=KubeVirtOptions(
            spec=spec,
            replicas={VIRT_CONTROLLER: options.virt_controllers, VIRT_API: options.virt_apis},
        ),
    )


def _built(options: PlaneOptions, tell: "Tell") -> Mapping[str, Path]:
    from virtslo.plane.sources.builds import build_kubevirt

    assert options.source is not None
    return asyncio.run(build_kubevirt(options.source.absolute(), options.revision, tell)).programs


def _flags(flags: Sequence[str]) -> tuple[str, ...]:
    """Flags of the API server. Raises ScenarioError for those that would open it or break it."""
    kept = ("bind-address", "secure-port", "advertise-address", "etcd-servers", "audit-log-path")
    problems = []
    for text in flags:
        name, equals, _ = text.removeprefix("--").partition("=")
        if not equals or not name:
            problems.append(Problem(f"--api-server-flag {text}", "no value", "FLAG=VALUE"))
        elif name in kept:
            expected = "a flag that the plane does not set: it stays on loopback, with its log"
            problems.append(Problem(f"--api-server-flag {text}", f"--{name}", expected))
    if problems:
        raise ScenarioError("command line", problems)
    return tuple(f"--{text.removeprefix('--')}" for text in flags)


def _policy(path: Path | None) -> Mapping[str, Any] | None:
    """An audit policy. Raises ScenarioError."""
    if path is None:
        return None
    import yaml

    from virtslo.base.bounded_files import UnreadableFile, read_bounded
    from virtslo.base.limits import PLANE_FILE

    expected = "an audit policy (kind: Policy, apiVersion: audit.k8s.io/v1)"
    try:
        read = yaml.safe_load(read_bounded(path, PLANE_FILE))
    except UnreadableFile as error:
        problem = Problem("--audit-policy", error.found, error.expected)
        raise ScenarioError("command line", [problem]) from None
    except yaml.YAMLError as error:
        problem = Problem("--audit-policy", "no YAML", expected)
        raise ScenarioError("command line", [problem]) from error
    if not isinstance(read, dict) or read.get("kind") != "Policy":
        raise ScenarioError("command line", [Problem("--audit-policy", "another thing", expected)])
    return read
