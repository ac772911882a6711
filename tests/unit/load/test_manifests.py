"""Labels, names and replicas reach every level, and nothing else changes."""

import copy
from typing import Any

import pytest

from virtslo.load.manifests import Placement, prepare_manifest
from virtslo.model.plan.workload import TRAITS, Kind

RUN = {"virtslo.io/run": "s1", "virtslo.io/index": "7"}


def manifest_of(kind: Kind) -> dict[str, Any]:
    resource = TRAITS[kind].resource
    made: dict[str, Any] = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"generateName": "x-", "labels": {"own": "root"}},
        "spec": {"deep": {"shared": [1, 2]}},
    }
    for path in TRAITS[kind].template_paths[1:]:
        below = made
        for key in path:
            below = below.setdefault(key, {})
        below["labels"] = {"own": ".".join(path)}
    return made


def at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


@pytest.mark.parametrize("kind", list(Kind))
def test_labels_are_added_to_the_objects_own_at_every_level(kind: Kind) -> None:
    manifest = manifest_of(kind)

    prepared = prepare_manifest(manifest, kind, Placement("s1", 7, "n", "ns", replicas=3))

    for path in TRAITS[kind].template_paths:
        own = at(manifest, path)["labels"]
        assert at(prepared, path)["labels"] == {**own, **RUN}


@pytest.mark.parametrize("kind", list(Kind))
def test_the_given_manifest_is_unchanged_and_what_does_not_differ_is_shared(kind: Kind) -> None:
    manifest = manifest_of(kind)
    before = copy.deepcopy(manifest)

    prepared = prepare_manifest(manifest, kind, Placement("s1", 7, "n", "ns", replicas=3))

    assert manifest == before
    assert prepared["spec"]["deep"] is manifest["spec"]["deep"]


def test_the_object_is_named_and_placed_and_not_named_by_the_server() -> None:
    prepared = prepare_manifest(manifest_of(Kind.VMI), Kind.VMI, Placement("s1", 7, "n", "ns"))

    assert prepared["metadata"] == {
        "name": "n",
        "namespace": "ns",
        "labels": {"own": "root", **RUN},
    }


def test_only_groups_have_replicas() -> None:
    for kind in Kind:
        prepared = prepare_manifest(
            manifest_of(kind), kind, Placement("s1", 7, "n", "ns", replicas=3)
        )

        assert prepared["spec"].get("replicas") == (3 if TRAITS[kind].is_group else None)


def test_warm_up_objects_are_marked_at_every_level() -> None:
    prepared = prepare_manifest(
        manifest_of(Kind.VM),
        Kind.VM,
        Placement("s1", 0, "n", "ns", is_warm_up=True),
    )

    assert prepared["metadata"]["labels"]["virtslo.io/stage"] == "warm-up"
    assert prepared["spec"]["template"]["metadata"]["labels"]["virtslo.io/stage"] == "warm-up"


def test_a_manifest_without_metadata_gets_it() -> None:
    manifest: dict[str, Any] = {"metadata": None, "spec": {"template": {"metadata": None}}}

    prepared = prepare_manifest(manifest, Kind.VM, Placement("s1", 7, "n", "ns"))

    assert prepared["metadata"]["labels"] == RUN
    assert prepared["spec"]["template"]["metadata"]["labels"] == RUN
