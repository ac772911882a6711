"""From facts to events: numbers in the place of names, each object once."""

import msgspec

from virtslo.model.plan.trace import TraceEvent
from virtslo.model.plan.workload import Kind
from virtslo.observe.trace_builder import Sighting, TraceBuilder, sighting_of

VM = (Kind.VM, "payroll", "db-1")
VMI = (Kind.VMI, "payroll", "db-1")


def built() -> tuple[TraceBuilder, list[TraceEvent]]:
    events: list[TraceEvent] = []
    return TraceBuilder(events.append), events


def test_an_owner_is_a_number_and_no_name_is_in_an_event() -> None:
    builder, events = built()
    builder.appear(VM, sighting_of(VM, {"metadata": {"name": "db-1"}}, uid="u1"), 5)
    builder.appear(VMI, Sighting(owner=VM, is_owned=True, uid="u2"), 7)
    builder.disappear(VM, 9)

    assert [(event.event, event.object, event.owner) for event in events] == [
        ("arrival", 1, None),
        ("arrival", 2, 1),
        ("deletion", 1, None),
    ]
    text = msgspec.json.encode(events)
    assert b"payroll" not in text
    assert b"db-1" not in text
    assert b"u1" not in text


def test_an_object_is_deleted_once_when_it_was_asked_for() -> None:
    builder, events = built()
    builder.appear(VM, Sighting(), 0, is_present=True)
    builder.ask_to_delete(VM, 3)
    builder.ask_to_delete(VM, 4)
    builder.disappear(VM, 8)
    builder.disappear(VM, 9)

    assert [(event.event, event.at_ns) for event in events] == [("present", 0), ("deletion", 3)]
    assert not builder.knows(VM)


def test_another_object_of_the_same_name_is_another_number() -> None:
    builder, events = built()
    builder.appear(VM, Sighting(uid="a"), 0)
    builder.appear(VM, Sighting(uid="a"), 1)
    builder.appear(VM, Sighting(uid="b"), 2)

    assert [(event.event, event.object, event.approximate) for event in events] == [
        ("arrival", 1, False),
        ("deletion", 1, True),
        ("arrival", 2, False),
    ]
    assert builder.living(Kind.VM) == [VM]
    assert builder.living(Kind.VM, "other") == []
