"""What the server knows of a resource is the same however it is named."""

import pytest

from virtslo.model.kubernetes.resources import PODS, VMIS, Resource
from virtslo.sim.api.resource_rules import rules_of
from virtslo.sim.api.versions import KNOWN, served_as
from virtslo.sim.storage.object_store import ObjectStore

OLDER = [served for resource in KNOWN for served in served_as(resource)[1:]]


@pytest.mark.parametrize("served", OLDER, ids=lambda each: each.plural)
def test_an_older_version_has_the_rules_of_the_stored_one(served: Resource) -> None:
    (stored,) = [each for each in KNOWN if each.plural == served.plural]

    assert rules_of(served) == rules_of(stored)


@pytest.mark.parametrize("resource", [PODS, VMIS], ids=["pods", "vmis"])
def test_a_resource_named_by_its_path_alone_is_the_same(resource: Resource) -> None:
    other = Resource(resource.group, resource.version, resource.plural, resource.kind)
    store = ObjectStore()

    assert other != resource
    assert rules_of(other) == rules_of(resource)
    assert store.collection(other) is store.collection(resource)
