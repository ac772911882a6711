"""Metadata as it is checked: all of a new object's, and what a write changed of a stored one's."""

import pytest

from virtslo.base.errors import Invalid
from virtslo.model.kubernetes.resources import CONFIG_MAPS
from virtslo.sim.api.naming import check_metadata

BAD_LABELS = {"a": "not valid!"}
BAD_ANNOTATIONS = {"a b": "c"}
BAD_OWNERS = [{"kind": "ConfigMap"}]


@pytest.mark.parametrize(
    "part",
    [{"labels": BAD_LABELS}, {"annotations": BAD_ANNOTATIONS}, {"ownerReferences": BAD_OWNERS}],
    ids=["labels", "annotations", "owners"],
)
def test_a_part_that_a_write_changes_is_checked(part: dict[str, object]) -> None:
    before = {"name": "one", "labels": {}, "annotations": {}, "ownerReferences": []}

    with pytest.raises(Invalid):
        check_metadata(CONFIG_MAPS, {**before, **part}, before)


def test_a_name_that_a_write_changes_is_checked() -> None:
    with pytest.raises(Invalid):
        check_metadata(CONFIG_MAPS, {"name": "Not Valid"}, {"name": "valid"})


def test_a_name_is_required_of_what_is_new() -> None:
    with pytest.raises(Invalid, match="name or generateName is required"):
        check_metadata(CONFIG_MAPS, {"name": ""})


def test_the_very_same_parts_of_a_stored_object_are_not_looked_at_again() -> None:
    before = {"name": "one", "labels": BAD_LABELS, "annotations": BAD_ANNOTATIONS}

    check_metadata(CONFIG_MAPS, {**before, "finalizers": ["a/b"]}, before)


def test_a_label_is_checked_beside_labels_that_were_there() -> None:
    labels = {"bad": BAD_LABELS["a"]}
    before = {"name": "one", "labels": labels}

    check_metadata(CONFIG_MAPS, {"name": "one", "labels": {**labels, "b": "c"}}, before)
    for label in ({"b": "not valid!"}, {"bad": "not valid either!"}, {"not valid!": None}):
        with pytest.raises(Invalid):
            check_metadata(CONFIG_MAPS, {"name": "one", "labels": {**labels, **label}}, before)


@pytest.mark.parametrize("value", ["", "a", "A_b.c-9", "x" * 63, None, 3], ids=repr)
def test_a_value_of_a_label_that_may_be(value: object) -> None:
    check_metadata(CONFIG_MAPS, {"name": "one", "labels": {"a/b": value}})


@pytest.mark.parametrize("value", ["-a", "a.", "a b", "x" * 64], ids=repr)
def test_a_value_of_a_label_that_may_not_be(value: object) -> None:
    with pytest.raises(Invalid, match=r"metadata\.labels"):
        check_metadata(CONFIG_MAPS, {"name": "one", "labels": {"a/b": value}})
