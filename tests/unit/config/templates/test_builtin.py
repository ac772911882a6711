"""The built-in templates are manifests of their kinds, with and without variables."""

import pytest

from virtslo.config.templates.builtin import (
    builtin_template,
    builtin_templates,
    builtin_variables,
)
from virtslo.config.templates.rendering import render_manifests
from virtslo.load.manifests import Placement, prepare_manifest
from virtslo.model.plan.workload import TRAITS, Kind

CONTEXT = {
    "index": 0,
    "name": "x-00000",
    "namespace": "ns",
    "run_id": "r",
    "replicas": 3,
    "group": 0,
}
EVERY = [(name, kind) for name, kinds in builtin_templates().items() for kind in kinds]


def test_cirros_is_there_for_every_kind() -> None:
    assert set(builtin_templates()["cirros"]) == set(Kind)


@pytest.mark.parametrize(("name", "kind"), EVERY)
def test_a_builtin_renders_without_variables_and_takes_those_it_names(
    name: str, kind: Kind
) -> None:
    template = builtin_template(name, kind)
    assert template is not None
    variables = dict.fromkeys(builtin_variables(name, kind), "odd: 'value' \"")

    (default,) = render_manifests(template, [CONTEXT], {}, kind)
    (changed,) = render_manifests(template, [CONTEXT], variables, kind)

    assert default["metadata"]["name"] == "x-00000"
    assert str(changed).count("odd: ") >= len(variables)


@pytest.mark.parametrize("kind", [Kind.VMPOOL, Kind.VMIRS])
def test_a_groups_selector_matches_the_labels_of_its_template(kind: Kind) -> None:
    template = builtin_template("cirros", kind)
    assert template is not None
    (manifest,) = render_manifests(template, [CONTEXT], {}, kind)

    prepared = prepare_manifest(manifest, kind, Placement("r", 0, "x-00000", "ns", replicas=3))

    wanted = prepared["spec"]["selector"]["matchLabels"].items()
    for path in TRAITS[kind].template_paths[1:]:
        below = prepared
        for key in path:
            below = below[key]
        assert wanted <= below["labels"].items()


def test_what_is_not_there_is_none() -> None:
    assert builtin_template("windows", Kind.VMI) is None
    assert builtin_template("instancetype", Kind.VMI) is None
