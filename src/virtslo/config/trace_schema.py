"""The JSON Schema of a trace's lines, made from the values they are read into."""

from typing import Any

import msgspec

from virtslo.model.plan.trace import TraceEvent, TraceHeader


def trace_schema() -> dict[str, Any]:
    """What a line of a trace is: the first is a header, each other an event."""
    (header, event), definitions = msgspec.json.schema_components(
        (TraceHeader, TraceEvent), ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "virtslo trace: one line",
        "anyOf": [header, event],
        "$defs": dict(definitions),
    }
