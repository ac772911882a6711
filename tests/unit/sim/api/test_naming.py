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
