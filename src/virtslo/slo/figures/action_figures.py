"""The figures of a stage of actions: how long each took, and how much of it was accepted.

Invariant: all steps of an action are pooled; a request without an effect is unfinished, unless its
step did not wait: then it is left out, for what was not waited for cannot be late.
"""

from collections.abc import Iterator

from virtslo.model.plan.actions import Action
from virtslo.model.report.figures import Figure, no_data
from virtslo.slo.catalog.actions import OF_ACTION
from virtslo.slo.catalog.family import OPERATIONS
from virtslo.slo.figures.rows import Row, missing_rows, quantile_rows
from virtslo.slo.record.actions import Acted, acted, shortest_wait
from virtslo.slo.record.measured import Measured, Samples


def action_rows(measured: Measured) -> Iterator[Row]:
    """Every indicator of the actions that the run carried out; none of the others."""
    found = acted(measured.record)
    for action in Action:
        of = [each for each in found if each.action is action]
        if of:
            yield from _rows(action, of)


def _rows(action: Action, requests: list[Acted]) -> Iterator[Row]:
    definitions = OF_ACTION[action]
    values = tuple(each.seconds for each in requests if each.seconds is not None)
    lost = [each for each in requests if each.is_unfinished]
    if values or lost:
        samples = Samples(values, len(lost), shortest_wait(lost))
        yield from quantile_rows(definitions.latency, samples)
    else:
        reason = f"no request to {action.value} a machine was accepted and waited for"
        yield from missing_rows(definitions.latency, reason)
    sent = [each for each in requests if each.operation.sent_ns is not None]
    if not sent:
        reason = f"no request to {action.value} a machine was sent"
        yield Row(definitions.accepted, "value", no_data("share", reason, source=OPERATIONS))
        return
    accepted = sum(1 for each in sent if each.operation.error is None)
    figure = Figure(accepted / len(sent), "share", len(sent), OPERATIONS)
    yield Row(definitions.accepted, "value", figure)
