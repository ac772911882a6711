"""Older versions of KubeVirt's APIs: what is translated, and what passes untouched."""

from virtslo.model.kubernetes.resources import PODS, VM_POOLS, VMS
from virtslo.sim.api.versions import served_as, to_served, to_stored


def test_the_stored_version_comes_first() -> None:
    assert [each.api_version for each in served_as(VM_POOLS)] == [
        "pool.kubevirt.io/v1beta1",
        "pool.kubevirt.io/v1alpha1",
    ]
    assert served_as(PODS) == (PODS,)


def test_a_body_in_an_older_version_is_stored_in_the_newest() -> None:
    stored, older = served_as(VMS)
    body = {"apiVersion": "kubevirt.io/v1alpha3", "kind": "VirtualMachine", "spec": {"a": 1}}

    assert to_stored(body, stored, older) == {**body, "apiVersion": "kubevirt.io/v1"}


def test_a_body_in_a_version_that_was_not_asked_for_is_left_to_be_refused() -> None:
    stored, older = served_as(VMS)
    body = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine"}

    assert to_stored(body, stored, older) is body
    assert to_stored(None, stored, older) is None


def test_the_stored_version_passes_untouched() -> None:
    stored, _ = served_as(VMS)
    body = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine"}

    assert to_served(body, stored, stored) is body
    assert to_stored(body, stored, stored) is body


def test_lists_are_given_item_by_item_and_other_kinds_as_they_are() -> None:
    stored, older = served_as(VMS)
    item = {"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine"}
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale"}

    given = to_served({"metadata": {}, "items": [item]}, stored, older)

    assert given["items"] == [{**item, "apiVersion": "kubevirt.io/v1alpha3"}]
    assert to_served(scale, stored, older) is scale
