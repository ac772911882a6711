"""Settings put over a profile: `kubevirt.virtController.qps=400`, `profile.delays.boot.median=4s`.

Invariant: a setting either has an effect on the simulated cluster or is refused; what does not
exist is distinguished from what hollow components do not honour.
"""

import copy
from collections.abc import Mapping
from typing import Any, Final

from virtslo.base.errors import Problem
from virtslo.config.problems import nearest
from virtslo.config.profiles.kubevirt_fields import CONFIGURATION_FIELDS, SPEC_FIELDS
from virtslo.config.profiles.profile_file import ROOT
from virtslo.config.profiles.structure import converted, part_at
from virtslo.model.kubernetes.client_limits import LIMIT_KEYS
from virtslo.model.kubernetes.components import (
    VIRT_API,
    VIRT_CONTROLLER,
    VIRT_HANDLER,
    VIRT_OPERATOR,
)
from virtslo.model.simulated.profile import THREAD_FLAGS, Setting

Path = tuple[str, ...]
PROFILE: Final = "profile"
_COMPONENTS: Final = {
    "virtController": VIRT_CONTROLLER,
    "virtApi": VIRT_API,
    "virtHandler": VIRT_HANDLER,
    "virtOperator": VIRT_OPERATOR,
}
_BUCKET: Final = "restClient.rateLimiter.tokenBucketRateLimiter"
_CONFIGURATION: Final = "kubevirt.spec.configuration"
_NODES: Final = ("count", "cpu", "memory", "pods", "kvm")


def _short_forms() -> dict[str, tuple[Path, ...]]:
    """Every name of a setting outside `profile.`, and the values that it stands for."""
    names: dict[str, tuple[Path, ...]] = {}
    for short, component in _COMPONENTS.items():
        for key in ("qps", "burst"):
            names[f"kubevirt.{short}.{key}"] = (("limits", component, key),)
            if component in LIMIT_KEYS:
                full = f"{_CONFIGURATION}.{LIMIT_KEYS[component]}.{_BUCKET}.{key}"
                names[full] = (("limits", component, key),)
    for controller, flag in THREAD_FLAGS.items():
        path = ("threads", controller)
        names[f"kubevirt.virtController.threads.{controller}"] = (path,)
        names[f"kubevirt.spec.customizeComponents.flags.controller.{flag}"] = (path,)
    replicas = {name: ("replicas", name) for name in (VIRT_API, VIRT_CONTROLLER)}
    names["kubevirt.virtApi.replicas"] = (replicas[VIRT_API],)
    names["kubevirt.virtController.replicas"] = (replicas[VIRT_CONTROLLER],)
    names["kubevirt.spec.infra.replicas"] = tuple(replicas.values())
    for key, field in (
        ("parallelMigrationsPerCluster", "parallel_per_cluster"),
        ("parallelOutboundMigrationsPerNode", "parallel_outbound_per_node"),
    ):
        for prefix in ("kubevirt.migrations", f"{_CONFIGURATION}.migrations"):
            names[f"{prefix}.{key}"] = (("migrations", field),)
    names |= {f"nodes.{key}": (("nodes", key),) for key in _NODES}
    names["apiServer.cores"] = (("server", "cores"),)
    names["apiServer.workers"] = (("server", "workers"),)
    names["apiServer.serving"] = (("server", "serving"),)
    names["apiServer.maxRequestsInflight"] = (("server", "reads_in_flight"),)
    names["apiServer.maxMutatingRequestsInflight"] = (("server", "writes_in_flight"),)
    return names


SHORT_FORMS: Final[Mapping[str, tuple[Path, ...]]] = _short_forms()
ROOTS: Final = (PROFILE, "kubevirt", "nodes", "apiServer")


def paths_of(name: str, *, place: str) -> tuple[Path, ...] | Problem:
    """The values of a profile that a setting stands for, or why it stands for none."""
    if name in SHORT_FORMS:
        return SHORT_FORMS[name]
    root, _, rest = name.partition(".")
    if root == PROFILE:
        found = _profile_path(rest, place)
        return found if isinstance(found, Problem) else (found,)
    if root == "kubevirt":
        return _of_kubevirt(name, rest, place)
    known = [form for form in SHORT_FORMS if form.startswith(f"{root}.")]
    if known:
        expected = f"one of {', '.join(known)}"
        return Problem(place, repr(name), expected, nearest_setting(name))
    expected = f"a name that begins with {', '.join(f'{each}.' for each in ROOTS)}"
    return Problem(place, repr(name), expected, nearest_setting(name))


def _profile_path(rest: str, place: str) -> Path | Problem:
    """The path of `server.webhook.create virtualmachines`, or of a value below `profile.`."""
    path = tuple(part for part in rest.split(".") if part)
    if not path:
        return Problem(place, "no value", f"profile. and one of {', '.join(_top_keys())}")
    if path[0] in {"name", "calibration", "description"}:
        return Problem(place, repr(path[0]), f"one of {', '.join(_top_keys())}", "it has no effect")
    part = part_at(ROOT, path, place=place)
    if isinstance(part, Problem):
        return part
    if part.is_group:
        names = ", ".join(part.names) or "a key"
        return Problem(place, "a group of values", f"a single value below: {names}")
    return path


def _top_keys() -> list[str]:
    return [name for name in ROOT.names if name not in {"name", "calibration", "description"}]


def _of_kubevirt(name: str, rest: str, place: str) -> Problem:
    """Why a field of the KubeVirt object cannot be set: not honoured, or not there."""
    path = rest.removeprefix("spec.").split(".")
    if path[0] == "configuration":
        path = path[1:] or [""]
        fields: tuple[str, ...] = CONFIGURATION_FIELDS
    else:
        fields = (*SPEC_FIELDS, *CONFIGURATION_FIELDS)
    if path[0] in fields:
        found = f"{'.'.join(path)}, which hollow components do not honour"
        words = "client limits, replicas, controller threads or parallel migrations"
        return Problem(place, found, words, "virtslo profile settings lists what has an effect")
    return Problem(place, repr(name), "a field of the KubeVirt object", nearest_setting(name))


def nearest_setting(name: str) -> str:
    """A hint that names the setting meant, where one is near."""
    lower = name.lower()
    tail = lower.rpartition(".")[2]
    by_tail = [form for form in SHORT_FORMS if form.lower().endswith(f".{tail}")]
    return nearest(name, tuple(SHORT_FORMS)) or (
        f"did you mean {by_tail[0]}?" if tail and by_tail else ""
    )


def read_settings(
    given: Mapping[str, Any], problems: list[Problem], *, place: str
) -> dict[str, Setting]:
    """Settings with their values as numbers and texts; every problem is added.

    `place` is put before a name: `--set `, or the place in a file.
    """
    settings: dict[str, Setting] = {}
    by_path: dict[Path, str] = {}
    for name, value in given.items():
        here = f"{place}{name}"
        paths = paths_of(name, place=here)
        if isinstance(paths, Problem):
            problems.append(paths)
            continue
        for path in paths:
            if path in by_path:
                words = f"one of them: {by_path[path]} sets the same"
                problems.append(Problem(here, "a value that is set twice", words))
            by_path[path] = name
        part = part_at(ROOT, paths[0], place=here)
        assert not isinstance(part, Problem)
        settings[name] = converted(value, part, here, problems, is_text=True)
    return settings


def with_settings(document: Mapping[str, Any], settings: Mapping[str, Setting]) -> dict[str, Any]:
    """A profile's document with settings, which were read without a problem, put over it."""
    result: dict[str, Any] = copy.deepcopy(dict(document))
    for name, value in settings.items():
        paths = paths_of(name, place="")
        assert not isinstance(paths, Problem)
        for *parents, last in paths:
            below = result
            for key in parents:
                below = below.setdefault(key, {})
            below[last] = value
    return result
