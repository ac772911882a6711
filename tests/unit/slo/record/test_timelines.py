"""Facts put together by object: the first of each counts, and a uid is an object."""

from msgspec.structs import replace

from support.records import VM, VMI, operation, record, seen
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord
from virtslo.model.stage_names import CHURN, RAMP_UP, WARM_UP
from virtslo.slo.record.timelines import timelines_of

SECOND = 1_000_000_000


def test_the_first_observation_of_a_fact_counts() -> None:
    facts = [
        seen("a", added=1, pending=2, running=3),
        seen("a", running=9, ready=4),
        seen("a", ready=8, deleting=10, gone=11),
    ]

    (line,) = timelines_of(record(observations=facts), stages=()).objects.values()

    assert line.added_ns == SECOND
    assert line.phases == {"Pending": 2 * SECOND, "Running": 3 * SECOND}
    assert line.ready_ns == 4 * SECOND
    assert (line.deleting_ns, line.deleted_ns) == (10 * SECOND, 11 * SECOND)
    assert line.last_phase == "Running"


def test_an_object_that_comes_back_under_its_name_is_another() -> None:
    facts = [seen("a", uid="1", added=1, gone=2), seen("a", uid="2", added=3)]

    found = timelines_of(record(observations=facts), stages=()).objects

    assert [(line.uid, line.deleted_ns is None) for line in found.values()] == [
        ("1", False),
        ("2", True),
    ]


def test_a_kind_is_asked_for_in_the_order_of_appearance() -> None:
    facts = [seen("m", kind=VM, added=1), seen("b", added=2), seen("a", added=3)]

    found = timelines_of(record(observations=facts), stages=())

    assert [line.name for line in found.of_kind(VMI)] == ["b", "a"]
    assert [line.name for line in found.of_kind(VM)] == ["m"]


def test_the_warm_up_is_left_out_and_a_relist_is_known_to_be_late() -> None:
    warm = [replace(fact, stage="warm-up") for fact in seen("w", added=1)]
    late = [replace(fact, source="relist") for fact in seen("a", running=5)]

    found = timelines_of(
        record(observations=[warm, seen("a", added=2), late, seen("b", added=2)]), stages=()
    ).objects

    assert {line.name: line.is_relisted for line in found.values()} == {"a": True, "b": False}


def test_operations_of_measured_stages_are_kept_by_object() -> None:
    given = record(
        operations=[
            operation(CREATE, "w", 0, stage=WARM_UP),
            operation(CREATE, "a", 1, stage=RAMP_UP),
            operation(DELETE, "a", 2, stage=CHURN),
            operation(CREATE, "a", 3, stage=CHURN),
        ]
    )

    found = timelines_of(given, stages=[RAMP_UP, CHURN])

    key = (VMI, "ns", "a")
    assert list(found.creations) == [key]
    assert found.creations[key].intended_ns == 3 * SECOND, "the last of a name"
    assert found.deletions[key].intended_ns == 2 * SECOND


def test_an_object_was_deleted_by_the_first_delete_that_was_accepted() -> None:
    """One whose answer was lost is asked for again, and accepted again while the object ends."""
    key = (VMI, "ns", "a")

    def deleted_at(*deletes: OperationRecord) -> int:
        given = record(operations=deletes)
        return timelines_of(given, stages=[CHURN]).deletions[key].intended_ns // SECOND

    first, again = operation(DELETE, "a", 1, uid="u"), operation(DELETE, "a", 4, uid="u")
    gone = operation(DELETE, "a", 4, code=404, error="NotFound")
    refused = operation(DELETE, "a", 1, code=500, error="InternalError")
    of_another = operation(DELETE, "a", 9, uid="v")

    assert deleted_at(first, again) == 1
    assert deleted_at(first, gone) == 1
    assert deleted_at(refused, again) == 4
    assert deleted_at(first, of_another) == 9, "the last of a name"


def test_phases_from_a_windows_end_on_can_be_forgotten() -> None:
    facts = [seen("a", pending=1, scheduling=2, running=3)]
    (line,) = timelines_of(record(observations=facts), stages=()).objects.values()

    line.forget_phases_from(3 * SECOND, but_until=3 * SECOND)

    assert list(line.phases) == ["Pending", "Scheduling", "Running"]

    line.forget_phases_from(2 * SECOND, but_until=None)

    assert list(line.phases) == ["Pending"]
    assert line.last_phase == "Pending"
    assert list(line.every_phase) == ["Pending", "Scheduling", "Running"]
