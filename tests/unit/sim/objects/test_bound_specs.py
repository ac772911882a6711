"""Specs of pods that are bound: shared where template and node are the same, and only there."""

from virtslo.sim.objects.subresources import BoundSpecs

SPEC = {"containers": [{"name": "a"}]}


def test_pods_of_one_template_on_one_node_share_a_spec() -> None:
    specs = BoundSpecs()
    one, other = specs.of(SPEC, "node-a"), specs.of(SPEC, "node-b")

    assert specs.of(SPEC, "node-a") is one
    assert (one["nodeName"], other["nodeName"]) == ("node-a", "node-b")
    assert "nodeName" not in SPEC


def test_a_spec_that_is_only_alike_is_not_taken_for_another() -> None:
    specs = BoundSpecs()
    specs.of(SPEC, "node-a")
    alike = {"containers": [{"name": "b"}]}

    assert specs.of(alike, "node-a") == {**alike, "nodeName": "node-a"}
    assert specs.of(SPEC, "node-a") == {**SPEC, "nodeName": "node-a"}
