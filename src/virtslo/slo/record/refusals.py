"""Operations that a cluster refused, summarised.

Invariant: every failed operation is counted; of those with one reason, the server's words for the
first are quoted.
"""

from collections.abc import Iterable
from typing import Final

from virtslo.model.run.operations import CREATE, OperationRecord

NAMED: Final = 5
"""How many reasons are named."""
LONGEST: Final = 240


def refusals(failed: Iterable[OperationRecord]) -> str:
    """Failed operations by reason, the commonest first, with what the server said."""
    by_reason: dict[str, list[OperationRecord]] = {}
    for operation in failed:
        by_reason.setdefault(_reason(operation), []).append(operation)
    commonest = sorted(by_reason.items(), key=lambda item: -len(item[1]))
    told = [f"{len(items)} x {reason}{_words(items)}" for reason, items in commonest[:NAMED]]
    if len(commonest) > NAMED:
        told.append(f"and {len(commonest) - NAMED} more reasons")
    return "; ".join(told)


def _reason(operation: OperationRecord) -> str:
    verb = "" if operation.verb == CREATE else f"{operation.verb}: "
    return f"{verb}{operation.error or ''}"[:120]


def _words(items: list[OperationRecord]) -> str:
    said = next((item.message for item in items if item.message), None)
    if said is None:
        return ""
    quoted = " ".join(said.split())
    cut = f"{quoted[:LONGEST]}…" if len(quoted) > LONGEST else quoted
    return f" ({cut})" if len(items) == 1 else f" (the first: {cut})"
