"""Operations whose answer was lost, or came from a gateway: settled by what the watch has seen.

Invariant: an operation that is in doubt is done if an object of its name was seen to come (or to
go) after it was sent; if none was, it stays a failure. A delete is not done by what a later delete
or the clean-up after the stage did. Its answer time is not known then, and no
time is made up for it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import msgspec

from virtslo.model.run.observations import ADDED, DELETED, DELETING, Observation
from virtslo.model.run.operations import CREATE, DELETE, OperationRecord
from virtslo.model.run.record import RunRecord

Key = tuple[str, str, str]


def settled(record: RunRecord) -> tuple[RunRecord, tuple[OperationRecord, ...]]:
    """The record with what was in doubt settled, and those operations that were found done.

    What was found carries its uid and no time of an answer; `error` says nothing any more.
    """
    doubtful = {
        (item.kind, item.namespace, item.name): None
        for item in record.operations
        if item.is_in_doubt
    }
    if not doubtful:
        return record, ()
    seen = _facts(record, doubtful)
    operations: list[OperationRecord] = []
    found: list[OperationRecord] = []
    for operation, until_ns in zip(record.operations, _until_times(record), strict=True):
        uid = _uid_of(operation, seen, until_ns) if operation.is_in_doubt else None
        if uid is None:
            operations.append(operation)
            continue
        found.append(operation)
        operations.append(
            msgspec.structs.replace(operation, error=None, code=None, uid=uid, finished_ns=None)
        )
    return replace(record, operations=tuple(operations)), tuple(found)


def _facts(record: RunRecord, wanted: Mapping[Key, None]) -> dict[Key, list[Observation]]:
    facts: dict[Key, list[Observation]] = {}
    for seen in record.observations:
        key = (seen.kind, seen.namespace, seen.name)
        if key in wanted and seen.fact in {ADDED, DELETING, DELETED}:
            facts.setdefault(key, []).append(seen)
    return facts


def _until_times(record: RunRecord) -> Iterator[int | None]:
    """For each operation, up to when what is seen is its doing: until the next one of its verb and
    name was sent; for a delete, at most until its stage's end; None: forever.
    """
    ends = {stage.name: stage.ended_ns for stage in record.header.stages}
    later: dict[tuple[str, Key], int | None] = {}
    times: list[int | None] = []
    for operation in reversed(record.operations):
        key = (operation.verb, (operation.kind, operation.namespace, operation.name))
        is_delete = operation.verb == DELETE
        times.append(later.get(key, ends.get(operation.stage) if is_delete else None))
        later[key] = operation.sent_ns
    return reversed(times)


def _uid_of(
    operation: OperationRecord, seen: Mapping[Key, list[Observation]], until_ns: int | None
) -> str | None:
    facts = {CREATE: (ADDED,), DELETE: (DELETING, DELETED)}.get(operation.verb, ())
    if operation.sent_ns is None:
        return None
    for each in seen.get((operation.kind, operation.namespace, operation.name), ()):
        if each.fact not in facts or each.received_ns < operation.sent_ns:
            continue
        if until_ns is None or each.received_ns < until_ns:
            return each.uid
    return None
