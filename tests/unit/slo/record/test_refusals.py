"""What is said of operations that a cluster refused."""

from typing import Any

from support.records import operation
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord, Verb
from virtslo.slo.record.refusals import refusals


def refused(verb: Verb, error: str, **more: Any) -> OperationRecord:
    return operation(verb, "v", 1.0, error=error, **more)


def test_every_reason_is_counted_and_the_servers_words_are_quoted() -> None:
    quota = [
        refused(CREATE, "Forbidden", message=f'pods "v{n}" is forbidden:\n exceeded quota')
        for n in range(3)
    ]
    told = refusals([refused(CREATE, "Invalid", message="spec.running"), *quota])

    assert told == (
        '3 x Forbidden (the first: pods "v0" is forbidden: exceeded quota); '
        "1 x Invalid (spec.running)"
    )


def test_a_record_without_words_is_told_by_its_reasons() -> None:
    assert refusals([refused(DELETE, "NotFound"), refused(CREATE, "Invalid")]) == (
        "1 x delete: NotFound; 1 x Invalid"
    )


def test_what_is_left_out_is_counted() -> None:
    told = refusals(refused(CREATE, f"Reason{n}", message="x" * 1000) for n in range(7))

    assert told.endswith("and 2 more reasons")
    assert len(told) < 5 * 300
