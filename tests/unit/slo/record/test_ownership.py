"""An object is the run's by its uid, by a create whose answer was lost, or by its owner."""

import pytest

from support.records import VM, operation, record, seen
from virtslo.model.run.observations import Observation
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord
from virtslo.slo.record.ownership import Ownership
from virtslo.slo.record.timelines import timelines_of


def owner_of(
    name: str, operations: list[OperationRecord], *facts: list[Observation]
) -> OperationRecord | None:
    """The create that led to the object of a uid."""
    objects = timelines_of(record(observations=facts), stages=()).objects
    return Ownership(operations, objects).create_of(objects[name])


def test_the_uid_that_a_create_returned_decides() -> None:
    made = operation(CREATE, "a", 1, uid="1")

    assert owner_of("1", [made], seen("a", uid="1", added=2)) is made


def test_a_name_alone_makes_no_object_the_runs() -> None:
    made = operation(CREATE, "a", 1, uid="1")

    assert owner_of("2", [made], seen("a", uid="2", added=5)) is None


@pytest.mark.parametrize(("added", "is_ours"), [(3, True), (1, False)])
def test_a_create_without_an_answer_owns_what_came_after_it(added: float, is_ours: bool) -> None:
    made = operation(CREATE, "a", 2, code=None, error="ConnectionLost: reset")

    assert (owner_of("1", [made], seen("a", uid="1", added=added)) is made) is is_ours


def test_a_create_that_was_refused_made_nothing() -> None:
    refused = operation(CREATE, "a", 2, code=403, error="Forbidden")

    assert owner_of("1", [refused], seen("a", uid="1", added=3)) is None


def test_an_object_is_its_owners() -> None:
    made = operation(CREATE, "m", 1, kind=VM, uid="vm")
    facts = [seen("m", uid="vm", kind=VM, added=2), seen("a", uid="1", owner="vm", added=3)]

    assert owner_of("1", [made], *facts) is made


def test_owners_that_own_each_other_own_nothing() -> None:
    facts = [seen("a", uid="1", owner="2", added=1), seen("b", uid="2", owner="1", added=1)]

    assert owner_of("1", [], *facts) is None


def test_only_creates_make_objects() -> None:
    deleted = operation(DELETE, "a", 1, uid="1")

    assert owner_of("1", [deleted], seen("a", uid="1", added=2)) is None
